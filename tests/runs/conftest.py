from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.runs import lookup, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import RunRecord
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.store.store import Store
from workbench.store.tables import RunRow


@pytest.fixture
def iris(store: Store) -> Source:
    return Sources(store).sample("iris")


@pytest.fixture
def submit(store: Store, iris: Source) -> Callable[..., RunRecord]:
    """Put a run on iris into the queue; nobody carries it out."""

    def submit(
        *, source: Source = iris, service_is_warm: bool = True, created_at: object = None, **request: object
    ) -> RunRecord:
        spec = make_spec(Asked(**{"task": "classification", "target": "species", "folds": 3} | request))
        identity = SourceIdentity(source.id, source.name, source.sha256)
        snapshot = {"source_sha256": source.sha256, "rows": source.row_count}
        run = queue.submit(store, identity, spec, by="ada", snapshot=snapshot, service_is_warm=service_is_warm)
        if created_at is not None:
            with store.database.write() as session:
                session.get_one(RunRow, run.id).created_at = created_at
        return run

    return submit


@pytest.fixture
def started(store: Store, submit: Callable[..., RunRecord]) -> Callable[..., RunRecord]:
    """Put a run into the queue, claim it, and let its field be known."""

    def start(field: tuple[str, ...] = ("lr", "knn", "dt"), **request: object) -> RunRecord:
        run = submit(include=field, **request)
        assert queue.claim(store, "here:1", most=1) == [run.id]
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, model.upper()] for model in field]
        return lookup.get(store, run.id)

    return start


@pytest.fixture
def score(store: Store) -> Callable[..., None]:
    """Store outcomes of units: a number is a model's Accuracy on the next fold, a text why it has none."""

    def score(run: RunRecord, model: str, *outcomes: float | str | None, status: str = "failed", fit_s: float = 0.5):
        with store.database.write() as session:
            for fold, outcome in enumerate(outcomes):
                if isinstance(outcome, str):
                    store_score(session, run.id, model, fold, status, reason=outcome)
                else:
                    metrics = {"Accuracy": outcome, "AUC": None}
                    undefined = {"AUC": "a class is missing"}
                    how_long = {"fit_s": fit_s, "score_s": 0.1}
                    store_score(
                        session, run.id, model, fold, "scored", undefined=undefined, metrics=metrics, **how_long
                    )

    return score
