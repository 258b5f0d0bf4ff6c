"""What a run process does for the first time, done once before it is forked: half of its start is such first times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from workbench.data.sources import Sources
from workbench.recipe import Recipe
from workbench.runs import lookup, queue
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.carrier import Carrier
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import make_spec
from workbench.service.process import Telling
from workbench.settings import Settings
from workbench.store.store import Store, open_store
from workbench.training.request import (
    Candidate,
    ExperimentFitted,
    FoldPrepared,
    PipelineFitted,
    UnitScored,
    Update,
)

ME = "rehearsal"


def rehearse() -> Iterator[None]:
    """Tell of a small run in a store of its own, in small steps: each takes a tenth of a second or so."""
    with TemporaryDirectory(prefix="workbench-") as home:
        store = open_store(Settings(home=Path(home), database_url="", artifact_url=""))
        try:
            yield
            _carry_out(store)
        finally:
            store.close()
    yield


def _carry_out(store: Store) -> None:
    sources = Sources(store)
    source = sources.sample("iris")
    limits = {name: getattr(store.settings, name) for name in LIMITS}
    spec = make_spec(Asked(task="classification", target="species", plan="setup", **limits))
    identity = SourceIdentity(source.id, source.name, source.sha256)
    run = queue.submit(store, identity, spec, by=ME, snapshot={"rows": source.row_count}, service_is_warm=True)
    queue.claim(store, ME, most=1)
    carrier = Carrier(os.getpid(), psutil.Process().create_time())
    queue.register(store, run.id, ME, carrier)
    telling = Telling(store, lookup.get(store, run.id), carrier)
    for update in _updates():
        telling.take(update)
    Telling(store, lookup.get(store, run.id), carrier).tell()


def _updates() -> Iterator[Update]:
    candidate = Candidate("dummy", "Dummy Classifier", Recipe(model="dummy"))
    shape: dict[str, Any] = {"train_rows": 2, "test_rows": 1}
    yield ExperimentFitted(
        **shape,
        features_in=1,
        features_out=1,
        folds=1,
        field=(candidate,),
        missing={},
        versions={},
        environment="",
        duration_s=0.0,
    )
    yield FoldPrepared(0, **shape, features=1, duration_s=0.0)
    yield UnitScored(candidate.id, 0, {"Accuracy": 0.5}, {}, 0.0, 0.0)
    yield PipelineFitted(candidate, 2, b"", [], [], {}, {}, 0.0)
