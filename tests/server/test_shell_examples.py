"""A key that an example for a shell makes is good for what the example then asks for."""

import re
from pathlib import Path

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Permission, Role, checked_scopes
from workbench.server.access_table import TABLE, Operation

HOME = Path(__file__).parents[2]
PAGES = [HOME / "README.md", HOME / "SECURITY.md", *sorted((HOME / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SCOPE = re.compile(r"--scope ([\w:*-]+)")
_PATH = re.compile(r"(?:\$API|/api/v1)(/[\w/.-]+)")


def keys(page: Path) -> list[tuple[str, ...]]:
    """Return the scopes of each key that a page makes."""
    lines = re.findall(r"workbench key create.*", page.read_text(encoding="utf-8"))
    return [tuple(found) for line in lines if (found := _SCOPE.findall(line))]


def examples(page: Path) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return the scopes of the key, and what is asked with it, of each example that makes one and asks."""
    found = []
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        lines = block.replace("\\\n", " ").splitlines()
        scopes = tuple(one for line in lines if "key create" in line for one in _SCOPE.findall(line))
        asked = [line for line in lines if line.startswith("curl")]
        if scopes and asked:
            found.append((scopes, asked))
    return found


def operation_of(line: str) -> tuple[Operation, str]:
    """Return the operation that a line asks for, and the last part of its path that stands for something."""
    (path,) = _PATH.findall(line)
    method = "POST" if re.search(r" (-d|--data\S*) ", line) else "GET"
    parts = path.split("/")
    for known, template in TABLE:
        wanted = template.removeprefix("/api/v1").split("/")
        if known == method and len(wanted) == len(parts):
            pairs = list(zip(wanted, parts, strict=True))
            if all(one == other or one.startswith("{") for one, other in pairs):
                named = [other for one, other in pairs if one.startswith("{")]
                return (known, template), next(iter(named), "")
    raise LookupError(line)


@pytest.mark.parametrize("page", [page for page in PAGES if keys(page)], ids=lambda page: page.name)
def test_the_scopes_of_an_example_are_scopes(page):
    for scopes in keys(page):
        assert set(checked_scopes(scopes)) == set(scopes)


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.name)
def test_the_key_of_an_example_is_good_for_what_is_asked_with_it(page):
    for scopes, lines in examples(page):
        bearer = Actor("ana", Role.OWNER, frozenset(scopes))
        for line in lines:
            operation, named = operation_of(line)
            permission = TABLE[operation].permission
            slug = named if permission is Permission.PREDICT else None
            assert permission is None or bearer.may(permission, slug=slug), line


def test_the_pages_that_make_a_key_and_ask_with_it_are_found():
    assert {"api.md", "serving.md"} <= {page.name for page in PAGES if examples(page)}
