"""One tree of errors, each with a code that callers may rely on."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from workbench import errors
from workbench.errors import ErrorCode, WorkbenchError, choices

ROOT = Path(__file__).parents[1]
SOURCES = [*(ROOT / "workbench").rglob("*.py"), *(ROOT / "widgets").rglob("*.py")]
CODES = get_args(ErrorCode)
KINDS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, WorkbenchError)
}
STATUS = {
    "BadGateway": 502,
    "BadRequest": 400,
    "Busy": 429,
    "Conflict": 409,
    "EngineFault": 500,
    "Forbidden": 403,
    "Gone": 410,
    "Malformed": 422,
    "NotFound": 404,
    "TooLarge": 413,
    "TooSlow": 408,
    "Unauthorized": 401,
    "Unavailable": 503,
    "WorkbenchError": 500,
}


def raised() -> Iterator[tuple[str, str, str]]:
    """Find where the code makes an error: kind, code, place."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for kind, node in made(tree):
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            assert isinstance(node.args[0], ast.Constant), f"{place}: a code is written out where it is used"
            yield kind, node.args[0].value, place


def made(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Find the calls that make an error, those of kinds of a room's own too, which do so by ``cls``."""
    for node in ast.walk(tree):
        name = getattr(node.func, "id", None) if isinstance(node, ast.Call) else None
        if name in KINDS:
            yield name, node
        elif isinstance(node, ast.ClassDef):
            kind = next((base.id for base in node.bases if getattr(base, "id", None) in KINDS), None)
            for call in ast.walk(node) if kind else ():
                if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "cls":
                    yield kind, call


def test_every_code_that_is_raised_is_declared():
    assert [(code, place) for _, code, place in raised() if code not in CODES] == []


def test_every_code_that_is_declared_is_raised():
    assert set(CODES) - {code for _, code, _ in raised()} == set()


def test_no_code_is_declared_twice():
    assert len(CODES) == len(set(CODES))


def test_every_kind_has_its_status():
    assert {name: kind.status for name, kind in KINDS.items()} == STATUS


def test_only_the_engines_own_failures_are_not_the_users():
    assert {name for name, kind in KINDS.items() if not kind("run.not_found", "…").is_users} == {
        "BadGateway",
        "EngineFault",
        "Unavailable",
        "WorkbenchError",
    }


def documented() -> dict[str, str]:
    """Read the table of codes: ``| `code` | status | meaning |``."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\|\s*`([a-z_.]+)`\s*\|\s*([\d, /]+?)\s*\|.*\|\s*$", text, re.MULTILINE))


def test_the_documentation_lists_exactly_the_codes():
    assert sorted(documented()) == sorted(CODES)


def test_the_documentation_tells_the_statuses_with_which_a_code_is_raised():
    raised_with: dict[str, set[int]] = {}
    for kind, code, _ in raised():
        raised_with.setdefault(code, set()).add(STATUS[kind])
    told = {code: {int(status) for status in re.findall(r"\d+", text)} for code, text in documented().items()}
    assert told == raised_with


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_error_survives_pickling(kind):
    error = kind("run.not_found", "There is no run 'x'.", hint="Look again.", run_id="x")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (back.code, back.message, back.hint, back.about) == (error.code, error.message, error.hint, error.about)
    assert str(back) == str(error) == "There is no run 'x'. Look again."


@pytest.mark.parametrize("kind", [kind for name, kind in KINDS.items() if name != "WorkbenchError"], ids=str)
def test_an_error_is_rebuilt_from_its_problem_details(kind):
    error = kind("run.not_found", "There is no run 'x'.", hint="Look again.", run_id="x")
    back = errors.of_problem(error.as_problem())
    assert (type(back), back.as_problem()) == (kind, error.as_problem())


def test_an_error_is_a_problem_detail():
    error = errors.NotFound("run.not_found", "There is no run 'x'.", run_id="x")
    assert error.as_problem() == {
        "type": "urn:workbench:error:run.not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no run 'x'.",
        "code": "run.not_found",
        "run_id": "x",
    }


def test_a_hint_is_told_where_there_is_one():
    assert errors.Gone("artifact.missing", "It is gone.", hint="Run again.").as_problem()["hint"] == "Run again."
    assert "hint" not in errors.Gone("artifact.missing", "It is gone.").as_problem()


def test_the_nearest_choice_is_named_first():
    assert choices("lgbm", ["lr", "lightgbm"]) == "Did you mean lightgbm? Valid: lightgbm, lr."
    assert choices("zzz", ["lr", "lightgbm"]) == "Valid: lightgbm, lr."


def test_many_choices_are_counted_instead_of_listed():
    assert choices("zzz", (f"c{number:03}" for number in range(50)), most=2) == "Valid: c000, c001, and 48 more."
