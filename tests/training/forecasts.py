"""A series with other columns beside it, PyCaret's own numbers for it, and what came of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue.horizon import pycaret_setup
from workbench.training.forecasting.imports import spared
from workbench.training.request import UnitScored, Update

SEED, FOLDS = 11, 2
QUIET = {"n_jobs": 1, "html": False, "verbose": False, "system_log": False}
ROUNDED = 1.0001e-4
"""PyCaret prints four decimals."""


def shop(rows: int = 56) -> pd.DataFrame:
    """Daily sales with a weekly season, a yes-or-no column and a number that they follow."""
    random, steps = np.random.default_rng(3), np.arange(rows)
    promo, heat = random.random(rows) > 0.7, random.normal(15, 5, rows).round(1)
    sales = 80 + 0.5 * steps + 9 * np.sin(steps * 2 * np.pi / 7) + 15 * promo + 0.4 * heat + random.normal(0, 2, rows)
    day = pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d")
    return pd.DataFrame({"day": day, "promo": promo, "heat": heat, "sales": sales.round(2)})


def pycaret(frame: pd.DataFrame, setup: Mapping[str, Any], *, folds: int = FOLDS) -> Any:
    """Set PyCaret's experiment up by itself."""
    experiment = spared("pycaret.time_series").TSForecastingExperiment()
    return experiment.setup(frame, target="sales", session_id=SEED, fold=folds, **QUIET, **pycaret_setup(setup))


def folds_of(experiment: Any, model: Any) -> pd.DataFrame:
    """Let PyCaret score a model, and return a row a fold."""
    experiment.create_model(model, verbose=False)
    return experiment.pull().drop(columns="cutoff").drop(index=["Mean", "SD"])


def scored(updates: Iterable[Update]) -> dict[str, dict[int, UnitScored]]:
    """Model → fold → what it was scored."""
    found: dict[str, dict[int, UnitScored]] = {}
    for update in updates:
        if isinstance(update, UnitScored):
            found.setdefault(update.model, {})[update.fold] = update
    return found


def differences(theirs: pd.DataFrame, ours: Mapping[int, UnitScored]) -> dict[tuple[int, str], tuple[float, Any]]:
    """Cells of PyCaret's rows of folds that ours do not equal to its own rounding: fold, metric → both."""
    return {
        (fold, metric): (value, ours[fold].metrics[metric])
        for fold, row in theirs.iterrows()
        for metric, value in row.items()
        if ours[fold].metrics[metric] is None or abs(ours[fold].metrics[metric] - value) > ROUNDED
    }
