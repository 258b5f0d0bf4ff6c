"""Evidence by hand: a run that failed, as short as a test can say it."""

from __future__ import annotations

import pytest

from workbench.advisors.advice import Advice
from workbench.advisors.failure_debugger.advisor import advise
from workbench.advisors.failure_debugger.evidence import ColumnFact, FailureEvidence, ModelFailure
from workbench.advisors.thresholds import Thresholds


@pytest.fixture(scope="session")
def column():
    """Facts of a column of 120 rows."""

    def column(name: str, kind: str = "number", **facts) -> ColumnFact:
        return ColumnFact(**{"name": name, "kind": kind, "missing": 0, "distinct": 40} | facts)

    return column


@pytest.fixture(scope="session")
def failed():
    """A model that failed on all ten folds."""

    def failed(model: str, reason: str, **facts) -> ModelFailure:
        told = {"name": model.upper(), "status": "failed", "folds_scored": 0, "folds_total": 10}
        return ModelFailure(**{"model": model, "reason": reason} | told | facts)

    return failed


@pytest.fixture(scope="session")
def told(column):
    """Evidence of a comparison of ``lr`` and ``dt`` that failed."""

    def told(error: str | None = None, **facts) -> FailureEvidence:
        asked = {"folds": 10, "seed": 42, "include": ["lr", "dt"], "setup": {}, "options": {}} | facts.pop("spec", {})
        columns = (column("age"), column("city", "text", distinct=3), column("buys", "text", distinct=2, rarest=50))
        known = {
            "run_id": "0" * 32,
            "short_id": "0" * 8,
            "status": "failed",
            "error": error,
            "task": "classification",
            "target": "buys",
            "field": ("lr", "dt"),
            "source_id": "shop",
            "source_name": "shop.csv",
            "rows": 120,
            "columns": columns,
        }
        return FailureEvidence(**known | {"spec": asked} | facts)

    return told


@pytest.fixture(scope="session")
def debug(told):
    def debug(error: str | None = None, **facts) -> Advice:
        evidence = told(error, **facts)
        advice = advise(FailureEvidence.model_validate_json(evidence.model_dump_json()), Thresholds.default())
        assert {name for each in advice.findings for name in each.evidence.thresholds} <= set(Thresholds.default())
        assert len({each.id for each in advice.findings}) == len(advice.findings)
        return advice

    return debug
