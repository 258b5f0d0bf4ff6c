"""PyCaret's experiment: set up once, silent, on one thread, with nothing cached outside the process."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np
import pandas as pd

from workbench.catalogue import TASKS
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.training import shortcuts
from workbench.training.request import FoldPrepared, TrainingRequest
from workbench.training.work import Compute

Array = np.ndarray[Any, Any]

_CLASSES = {
    "classification": ("pycaret.classification", "ClassificationExperiment"),
    "regression": ("pycaret.regression", "RegressionExperiment"),
    "time_series": ("workbench.training.forecasting.library", "TSForecastingExperiment"),
    "clustering": ("pycaret.clustering", "ClusteringExperiment"),
    "anomaly": ("pycaret.anomaly", "AnomalyExperiment"),
}
QUIET: Mapping[str, Any] = {"n_jobs": 1, "html": False, "verbose": False, "system_log": False}
"""How PyCaret is set up whatever the task."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What set-up made of the table.

    Attributes
    ----------
    test_ratio
        Test rows to training rows, a mean over the folds; None without folds.
    notices
        What was changed about it before PyCaret saw it, a sentence each.
    """

    train_rows: int
    test_rows: int
    features_in: int
    features_out: int
    test_ratio: float | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """A pipeline, and the rows that it was fitted on.

    Attributes
    ----------
    takes
        Some rows of the columns that it takes.
    features
        Columns that it learned from, of all rows, as the table holds them.
    target
        What it learned to predict, of all rows; None for a task without a target.
    rows
        Places in `features` of the rows that it was fitted on, ascending.
    held_out
        Places of the rows that it can be judged on, as it was not fitted on them; of a series in the order of time.
    numbers
        Number in the table, from 0, of each row of `features`.
    dates
        Columns that hold dates, as text or not → the pattern of their texts; None: they have no single one.
    has_labels
        Whether it predicts labels, and not quantities.
    ahead
        Of a series, places of all rows after those that it was fitted on, in the order of time.
    until
        Last date that it was fitted on, of a series with dates.
    answers_none
        Why it cannot predict the rows that it was fitted on, in a sentence; empty: it can.
    """

    pipeline: Any
    takes: pd.DataFrame
    features: pd.DataFrame
    target: pd.Series[Any] | None
    rows: Array
    held_out: Array
    numbers: Array
    dates: Mapping[str, str | None] = field(default_factory=dict)
    has_labels: bool = False
    ahead: Array | None = None
    until: str | None = None
    answers_none: str = ""


class Experiment(Protocol):
    """A task's experiment after set-up: what plans and executors need of it, whatever the task.

    Attributes
    ----------
    pycaret
        PyCaret's own experiment.
    folds
        How many folds there are; 1 for a task that knows none.
    """

    pycaret: Any
    shape: Shape
    folds: int

    def prepare(self, fold: int) -> tuple[Any, FoldPrepared]:
        """Make one fold, which every model is then scored on; folds are asked for in order, some may be left out."""
        ...

    def compute(self, recipe: Recipe) -> Compute:
        """Return what scores one candidate on a prepared fold."""
        ...

    def fit(self, recipe: Recipe, *, all_rows: bool) -> Fitted:
        """Fit preprocessing and estimator on the training rows, or on all of them."""
        ...


def set_up(frame: pd.DataFrame, request: TrainingRequest) -> Experiment:
    """Set an experiment up.

    Parameters
    ----------
    frame
        Rows × columns with the target among them, under a fresh RangeIndex: PyCaret merges on the index.

    Raises
    ------
    BadRequest
        ``experiment.failed`` when ``setup`` refuses the table or an option, with its own words.
    """
    module, name = _EXPERIMENTS[request.task]
    try:
        experiment: Experiment = getattr(importlib.import_module(module), name)(frame, request)
    except BadRequest:
        raise
    except Exception as error:
        raise BadRequest("experiment.failed", f"Set-up failed: {type(error).__name__}: {error}") from error
    return experiment


_EXPERIMENTS = {
    "classification": ("workbench.training.supervised.experiment", "SupervisedExperiment"),
    "regression": ("workbench.training.supervised.experiment", "SupervisedExperiment"),
    "time_series": ("workbench.training.forecasting.experiment", "ForecastingExperiment"),
    "clustering": ("workbench.training.unsupervised.experiment", "UnsupervisedExperiment"),
    "anomaly": ("workbench.training.unsupervised.experiment", "UnsupervisedExperiment"),
}


def pycaret_experiment(task: str) -> Any:
    """Return PyCaret's experiment of a task, not set up."""
    module, name = _CLASSES[task]
    made = getattr(importlib.import_module(module), name)
    shortcuts.install(f"pycaret.containers.models.{task}")
    return made()


@cache
def versions() -> Mapping[str, str]:
    """Python and the libraries that the numbers depend on."""
    learning = ("pycaret", "scikit-learn", "imbalanced-learn", "lightgbm", "pyod", "sktime", "statsmodels", "pmdarima")
    names = (*learning, "pandas", "numpy", "scipy")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}


@cache
def environment() -> str:
    """Installed distributions, ``name==version`` a line."""
    found = {(dist.metadata["Name"] or "").lower(): dist.version for dist in importlib.metadata.distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()) if name)


def warm_up() -> None:
    """Import PyCaret and set up once, so that a process forked from this one starts at once."""
    versions()
    environment()
    frame = pd.DataFrame({"x": range(60), "k": ["a", "b", "c"] * 20, "y": [0, 1] * 30})
    for task in ("classification", "regression", "clustering", "anomaly"):
        _warm(task, frame)


def warm_up_more() -> Iterator[None]:
    """Do the same for forecasting, in small pieces: each step takes a tenth of a second or so."""
    from workbench.training.forecasting.imports import spared

    parts = ("statsmodels.tsa.api", "statsmodels.api", "pmdarima", "sktime.datatypes", "sktime.forecasting.base")
    for module in (*parts, "sktime.forecasting.compose"):
        spared(module)
        yield
    season = [0.0, 1.0, 3.0, 4.0, 3.0, 1.0]
    frame = pd.DataFrame({"y": [100.0 + step + season[step % 6] for step in range(48)]})
    _warm("time_series", frame, {"seasonal_period": 6})
    yield


def _warm(task: str, frame: pd.DataFrame, setup: Mapping[str, Any] | None = None) -> None:
    known = TASKS[task]
    target = "y" if known.has_target else None
    request = TrainingRequest(known.name, target, plan="setup", sort=known.sort, seed=1, folds=2, setup=setup or {})
    set_up(frame, request)
