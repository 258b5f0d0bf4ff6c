"""A table and a request in, a stream of updates out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cloudpickle
import pandas as pd

from workbench.catalogue import TASKS
from workbench.training import columns, executors, plans, reference
from workbench.training.executors.isolation import Lost, alone
from workbench.training.experiment import Experiment, environment, set_up, versions
from workbench.training.racing import Race
from workbench.training.request import (
    Candidate,
    ExperimentFitted,
    FitFailed,
    FoldFailed,
    PipelineFitted,
    TrainingRequest,
    UnitScored,
    Update,
)
from workbench.training.work import Work

SAMPLE_ROWS = 10
FITS_MOST = 3
"""Where the best model cannot be fitted in the end, the next best is tried, so many in all."""


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
        models ends with a ``PipelineFitted`` for the best of them that can be fitted, unless none was scored in full.

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
        test_ratio=experiment.shape.test_ratio,
        versions=versions(),
        environment=environment(),
        duration_s=time.perf_counter() - started,
    )
    if request.plan == "setup":
        return
    metric = TASKS[request.task].metric(request.sort)
    assert metric is not None, request.sort
    scores = {model: dict(folds) for model, folds in request.past.scored.items()}
    folds = experiment.folds - len(request.past.unprepared)
    for update in _score(experiment, entry, request):
        if isinstance(update, UnitScored):
            scores.setdefault(update.model, {})[update.fold] = update.metrics
        elif isinstance(update, FoldFailed):
            folds -= 1
        yield update
    for candidate in plans.ranked(entry, scores, folds=folds, metric=metric)[:FITS_MOST]:
        fitted = _finish(experiment, candidate, request, all_rows=entry.all_rows)
        yield fitted
        if isinstance(fitted, PipelineFitted):
            return


def _score(experiment: Experiment, entry: plans.Entry, request: TrainingRequest) -> Iterator[Update]:
    work = Work(
        candidates={candidate.id: experiment.compute(candidate.recipe) for candidate in entry.field},
        folds=experiment.folds,
        prepare=experiment.prepare,
        limits=request.limits,
        past=request.past,
    )
    ratio = experiment.shape.test_ratio
    race = Race(work, request, eligible=entry.eligible, test_ratio=ratio) if request.racing else None
    for update in executors.choose(request.executor).run(work):
        yield update
        if race is not None:
            yield from race.hear(update)


def _finish(
    experiment: Experiment, candidate: Candidate, request: TrainingRequest, *, all_rows: bool
) -> PipelineFitted | FitFailed:
    """Fit a model in a process of its own, within the limits of a unit: it may be the last thing that goes wrong."""
    try:
        return alone(lambda: _fit(experiment, candidate, all_rows=all_rows), request.limits)
    except Lost as lost:
        return FitFailed(candidate.id, str(lost))


def _fit(experiment: Experiment, candidate: Candidate, *, all_rows: bool) -> PipelineFitted:
    started = time.perf_counter()
    fitted = experiment.fit(candidate.recipe, all_rows=all_rows)
    pickled = cloudpickle.dumps(fitted.pipeline)
    return PipelineFitted(
        candidate=candidate,
        rows=len(fitted.rows),
        pickled=pickled,
        schema=columns.schema(fitted.takes, fitted.dates),
        sample=columns.records(fitted.takes.head(SAMPLE_ROWS)),
        reference=reference.summarise(fitted, seed=experiment.pycaret.seed),
        holdout=reference.held_out(fitted),
        duration_s=time.perf_counter() - started,
    )
