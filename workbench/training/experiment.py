"""PyCaret's experiment: set up once, silent, on one thread, with nothing cached outside the process."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import time
from functools import cache
from typing import Any

import pandas as pd

from workbench.catalogue import TASKS
from workbench.errors import BadRequest
from workbench.training.request import ExperimentFitted, TrainingRequest

_CLASSES = {
    "classification": ("pycaret.classification", "ClassificationExperiment"),
    "regression": ("pycaret.regression", "RegressionExperiment"),
}


def set_up(frame: pd.DataFrame, request: TrainingRequest) -> tuple[Any, ExperimentFitted]:
    """Run PyCaret's ``setup`` and find the field of models.

    Parameters
    ----------
    frame
        Rows × columns with the target among them, under a fresh RangeIndex: PyCaret merges on the index.

    Raises
    ------
    BadRequest
        ``models.not_installed`` when none of the models asked for can run here.
        ``experiment.failed`` when ``setup`` refuses the table or an option, with its own words.
    """
    started = time.perf_counter()
    module, name = _CLASSES[request.task]
    experiment = getattr(importlib.import_module(module), name)()
    try:
        experiment.setup(
            frame,
            target=request.target,
            session_id=request.seed,
            fold=request.folds,
            n_jobs=1,
            memory=False,
            html=False,
            verbose=False,
            system_log=False,
            **request.setup,
        )
    except Exception as error:
        raise BadRequest("experiment.failed", f"Set-up failed: {type(error).__name__}: {error}") from error
    field, missing = _field(experiment, request)
    if not field and request.plan != "setup":
        raise BadRequest(
            "models.not_installed", f"Not installed where training runs: {', '.join(missing) or 'every model named'}."
        )
    return experiment, ExperimentFitted(
        train_rows=len(experiment.X_train),
        test_rows=len(experiment.X_test),
        features_in=experiment.X_train.shape[1],
        features_out=experiment.X_train_transformed.shape[1],
        folds=experiment.fold_generator.get_n_splits(groups=experiment._get_groups(None)),
        field=field,
        missing=missing,
        versions=_versions(),
        duration_s=time.perf_counter() - started,
    )


def _versions() -> dict[str, str]:
    names = ("pycaret", "scikit-learn", "imbalanced-learn", "lightgbm", "pandas", "numpy", "scipy")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}


def _field(experiment: Any, request: TrainingRequest) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    known = experiment._all_models
    if request.models is None:
        wanted = [model_id for model_id, model in known.items() if model.is_turbo]
    else:
        wanted = list(request.models)
    wanted = [model_id for model_id in wanted if model_id not in request.exclude]
    field = tuple((model_id, known[model_id].name) for model_id in wanted if model_id in known)
    return field, tuple(model_id for model_id in wanted if model_id not in known)


def estimator(experiment: Any, model_id: str) -> Any:
    """Return PyCaret's estimator of that id with PyCaret's arguments, not fitted."""
    from sklearn.base import clone

    model = experiment._all_models[model_id]
    return clone(model.class_def(**model.args))


def warm_up() -> None:
    """Import PyCaret and set up once, so that a process forked from this one starts at once."""
    _remember_grids()
    frame = pd.DataFrame({"x": range(60), "k": ["a", "b", "c"] * 20, "y": [0, 1] * 30})
    for task in TASKS.values():
        set_up(frame, TrainingRequest(task=task.name, target="y", plan="setup", sort=task.sort, seed=1, folds=2))


def _remember_grids() -> None:
    """Compute PyCaret's tuning grids once a process instead of at every set-up.

    They are pure functions of literals, and rounding their 130,000 numbers is most of what a small set-up costs.
    """
    generic = importlib.import_module("pycaret.utils.generic")

    once = cache(generic.np_list_arange)

    def np_list_arange(start: float, stop: float, step: float, inclusive: bool = False) -> list[float]:
        return list(once(start, stop, step, inclusive))

    for name in TASKS:
        module: Any = importlib.import_module(f"pycaret.containers.models.{name}")
        if hasattr(module, "np_list_arange"):
            module.np_list_arange = np_list_arange
