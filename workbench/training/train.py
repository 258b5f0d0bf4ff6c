"""A table and a request in, a stream of updates out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import cloudpickle
import pandas as pd

from workbench.catalogue import TASKS
from workbench.training import executors, plans
from workbench.training.experiment import Experiment, environment, set_up, versions
from workbench.training.racing import Race
from workbench.training.request import (
    Candidate,
    ExperimentFitted,
    PipelineFitted,
    TrainingRequest,
    UnitScored,
    Update,
)
from workbench.training.work import Work

SAMPLE_ROWS = 10


def train(frame: pd.DataFrame, request: TrainingRequest) -> Iterator[Update]:
    """Carry a plan out.

    Parameters
    ----------
    frame
        Rows × columns, the target among them, under a fresh RangeIndex.

    Yields
    ------
    Update
        What happened, in order. What the request knows of an earlier process is not told again. A plan that scores
        models ends with a ``PipelineFitted`` for the best of them, unless none was scored in full.

    Raises
    ------
    BadRequest
        When PyCaret refuses the table or the set-up, in its own words.
    """
    started = time.perf_counter()
    experiment = set_up(frame, request)
    entry = plans.enter(experiment, request)
    yield ExperimentFitted(
        train_rows=experiment.shape.train_rows,
        test_rows=experiment.shape.test_rows,
        features_in=experiment.shape.features_in,
        features_out=experiment.shape.features_out,
        folds=experiment.folds,
        field=entry.field,
        missing=entry.missing,
        notices=(*experiment.shape.notices, *entry.notices),
        versions=versions(),
        duration_s=time.perf_counter() - started,
    )
    if request.plan == "setup":
        return
    metric = TASKS[request.task].metric(request.sort)
    assert metric is not None, request.sort
    scores = {model: dict(folds) for model, folds in request.past.scored.items()}
    for update in _score(experiment, entry, request):
        if isinstance(update, UnitScored):
            scores.setdefault(update.model, {})[update.fold] = update.metrics
        yield update
    best = plans.best(entry, scores, folds=experiment.folds, metric=metric)
    if best is not None:
        yield _finish(experiment, best, all_rows=entry.all_rows)


def _score(experiment: Experiment, entry: plans.Entry, request: TrainingRequest) -> Iterator[Update]:
    work = Work(
        candidates={candidate.id: experiment.compute(candidate.recipe) for candidate in entry.field},
        folds=experiment.folds,
        prepare=experiment.prepare,
        limits=request.limits,
        past=request.past,
    )
    race = Race(work, request) if request.racing else None
    for update in executors.choose(request.executor).run(work):
        yield update
        if race is not None and isinstance(update, UnitScored):
            yield from race.hear(update)


def _finish(experiment: Experiment, candidate: Candidate, *, all_rows: bool) -> PipelineFitted:
    started = time.perf_counter()
    fitted = experiment.fit(candidate.recipe, all_rows=all_rows)
    features = fitted.features
    return PipelineFitted(
        candidate=candidate,
        rows=fitted.rows,
        pickled=cloudpickle.dumps(fitted.pipeline),
        schema=[{"name": str(name), "dtype": str(dtype)} for name, dtype in features.dtypes.items()],
        sample=json.loads(features.head(SAMPLE_ROWS).to_json(orient="records", date_format="iso")),
        environment=environment(),
        duration_s=time.perf_counter() - started,
    )
