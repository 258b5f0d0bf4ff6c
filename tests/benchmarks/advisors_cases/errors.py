"""The failure debugger on errors that libraries really raised: whose fault each is, and whether its cause is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.advisors.failure_debugger.test_errors import ERRORS, setup_of
from workbench.advisors.failure_debugger.advisor import advise
from workbench.advisors.failure_debugger.evidence import ColumnFact, FailureEvidence
from workbench.advisors.thresholds import Thresholds

_WITHOUT_TARGET = ("clustering", "anomaly")


@dataclass(frozen=True)
class Told:
    """What was said of one error."""

    id: str
    of: str
    is_right: bool
    is_named: bool
    verdict: str


def told() -> Iterator[Told]:
    """Have every error diagnosed."""
    thresholds = Thresholds.default()
    for error in ERRORS:
        task = error.get("task", "classification")
        evidence = FailureEvidence(
            run_id="0" * 32,
            short_id="0" * 8,
            status="failed",
            error=error["text"],
            task=task,
            target=None if task in _WITHOUT_TARGET else "y",
            spec={"folds": 10, "seed": 42, "include": None, "setup": setup_of(error), "options": {}},
            source_id="table",
            source_name="table.csv",
            rows=120,
            columns=tuple(ColumnFact(**column) for column in error.get("columns", ())),
            log=tuple(error["log"]),
        )
        advice = advise(evidence, thresholds)
        causes = [found.evidence.claim for found in advice.findings if found.id.startswith("cause.")]
        said = f"{advice.verdict} {causes[0] if causes else ''}"
        is_named = re.search(error["keyword"], said, re.IGNORECASE) is not None
        yield Told(
            error["id"], error["set"], advice.verdict.split(":")[0] in error["category"], is_named, advice.verdict
        )
