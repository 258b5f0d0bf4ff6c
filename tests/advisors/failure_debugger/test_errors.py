"""The bench: errors that libraries really raised, each with whose fault it is and what its cause must name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ERRORS = tomllib.loads(Path(__file__).with_name("errors.toml").read_text(encoding="utf-8"))["error"]


def setup_of(error) -> dict:
    # TOML has no None.
    return {name: None if value == "none" else value for name, value in error.get("setup", {}).items()}


@pytest.mark.parametrize("error", ERRORS, ids=[error["id"] for error in ERRORS])
def test_a_real_error_is_told_by_whose_fault_it_is_and_its_cause_is_named(debug, error):
    task = error.get("task", "classification")
    columns = {"columns": error["columns"]} if "columns" in error else {"columns": ()}
    target = None if task in ("clustering", "anomaly") else "y"
    spec = {"include": None, "setup": setup_of(error)}
    advice = debug(error["text"], task=task, target=target, field=(), spec=spec, log=error["log"], **columns)
    cause = next(found for found in advice.findings if found.id.startswith("cause."))
    assert advice.verdict.split(":")[0] in error["category"]
    assert cause.evidence.measured["recognised"]
    assert re.search(error["keyword"], f"{advice.verdict} {cause.evidence.claim}", re.IGNORECASE)


def test_the_bench_has_errors_of_every_library_and_fault():
    assert {"pycaret", "scikit-learn", "lightgbm"} <= {error["library"] for error in ERRORS}
    assert {category for error in ERRORS for category in error["category"]} == {"DATA", "CONFIG", "ENGINE"}
    assert len([error for error in ERRORS if error["set"] == "first"]) >= 20
