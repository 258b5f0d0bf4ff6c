"""What each plan does with an experiment."""

from __future__ import annotations

import importlib.metadata
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd

from workbench.catalogue import TASKS
from workbench.ranking import rank
from workbench.training import experiment as experiments
from workbench.training.folds import Fold, Split, prepare, splits
from workbench.training.request import (
    FoldPrepared,
    PipelineFitted,
    TrainingRequest,
    UnitFailed,
    UnitScored,
    Update,
)
from workbench.training.scheduler import Scheduler
from workbench.training.scoring import Scoring
from workbench.training.workers import Unit

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
        What happened, in order. A plan that scores models ends with a ``PipelineFitted`` for the best of them, unless
        none was scored in full.

    Raises
    ------
    BadRequest
        When PyCaret refuses the table or the set-up, in its own words.
    """
    experiment, fitted = experiments.set_up(frame, request)
    yield fitted
    if request.plan == "setup":
        return
    scores: dict[str, list[UnitScored]] = {model_id: [] for model_id, _ in fitted.field}
    for update in _cross_validate(experiment, list(scores), fitted.folds, request):
        if isinstance(update, UnitScored):
            scores[update.model].append(update)
        yield update
    best = _best(scores, fitted.folds, request)
    if best is not None:
        yield _finish(experiment, best, frame.drop(columns=request.target))


def _cross_validate(
    experiment: Any, models: list[str], folds: int, request: TrainingRequest
) -> Iterator[UnitScored | UnitFailed | FoldPrepared]:
    pending: Iterator[Split] = splits(experiment)
    prepared: dict[int, Fold] = {}
    estimators = {model_id: experiments.estimator(experiment, model_id) for model_id in models}
    scoring = Scoring(experiment)

    def prepare_next(index: int) -> FoldPrepared:
        prepared[index], update = prepare(experiment, next(pending))
        return update

    def forget(index: int) -> None:
        del prepared[index]

    def compute(unit: Unit) -> UnitScored:
        return scoring.fit_and_score(unit.model, estimators[unit.model], prepared[unit.fold])

    yield from Scheduler(
        models,
        folds,
        prepare=prepare_next,
        forget=forget,
        compute=compute,
        workers=request.workers,
        limit_s=request.model_timeout_s,
    ).run()


def _best(scores: Mapping[str, list[UnitScored]], folds: int, request: TrainingRequest) -> str | None:
    metric = TASKS[request.task].metric(request.sort)
    assert metric is not None, request.sort
    means: dict[str, float | None] = {}
    for model, units in scores.items():
        values = [unit.metrics.get(metric.name) for unit in units]
        known = [value for value in values if value is not None]
        means[model] = float(np.mean(known)) if len(known) == folds else None
    ranked = rank(means, greater_is_better=metric.greater_is_better)
    return ranked[0] if ranked and means[ranked[0]] is not None else None


def _finish(experiment: Any, model_id: str, features: pd.DataFrame) -> PipelineFitted:
    from pycaret.internal.pipeline import estimator_pipeline

    started = time.perf_counter()
    np.random.seed(experiment.seed)
    with estimator_pipeline(experiment.pipeline, experiments.estimator(experiment, model_id)) as pipeline:
        pipeline.fit(experiment.X_train, experiment.y_train)
    return PipelineFitted(
        model=model_id,
        pickled=cloudpickle.dumps(pipeline),
        schema=[{"name": str(name), "dtype": str(dtype)} for name, dtype in features.dtypes.items()],
        sample=json.loads(features.head(SAMPLE_ROWS).to_json(orient="records", date_format="iso")),
        environment=_environment(),
        duration_s=time.perf_counter() - started,
    )


def _environment() -> str:
    found = {(dist.metadata["Name"] or "").lower(): dist.version for dist in importlib.metadata.distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()) if name)
