"""The measures of a regression, as PyCaret's metric containers define them.

Sums are taken in the precision and the order in which scikit-learn takes them: targets of 32 bits are averaged in 32
bits there, and the fourth decimal of a large error shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from workbench.training.measured import Measured
from workbench.training.supervised.folds import Array, Fold


def measure(fitted: Any, fold: Fold) -> Measured:
    """Measure a fitted regressor on a fold's test rows."""
    return errors(np.asarray(fold.test_y), np.asarray(fold.decode(fitted.predict(fold.test_X))))


def errors(truth: Array, said: Array) -> Measured:
    """Measure predictions of rows whose targets are known."""
    truth, said = truth.reshape(-1, 1), said.reshape(-1, 1)
    measured = Measured()
    for name, function in MEASURES.items():
        value = float(function(truth, said)[0])
        if math.isnan(value) and name in _UNDEFINED:
            measured.leave_out(name, _UNDEFINED[name])
        else:
            measured.put(name, value)
    return measured


def _mean(values: Array) -> Array:
    return np.asarray(np.average(values, axis=0), dtype=np.float64)


def _mae(truth: Array, said: Array) -> Array:
    return _mean(np.abs(said - truth))


def _mse(truth: Array, said: Array) -> Array:
    return _mean((truth - said) ** 2)


def _rmse(truth: Array, said: Array) -> Array:
    return np.sqrt(_mse(truth, said))


def _r2(truth: Array, said: Array) -> Array:
    missed = ((truth - said) ** 2).sum(axis=0, dtype=np.float64)
    if len(truth) < 2:
        return np.full_like(missed, np.nan)
    spread = ((truth - np.average(truth, axis=0)) ** 2).sum(axis=0, dtype=np.float64)
    # As scikit-learn has it: perfect or not, where there is nothing to explain.
    lost = np.divide(missed, spread, out=np.where(missed == 0, 0.0, 1.0), where=spread != 0)
    return np.asarray(1 - lost)


def _rmsle(truth: Array, said: Array) -> Array:
    # PyCaret takes the logarithm of absolute values, on either side.
    return np.sqrt(_mean((np.log1p(np.abs(truth)) - np.log1p(np.abs(said))) ** 2))


def _mape(truth: Array, said: Array) -> Array:
    return np.array([_mape_of(*column) for column in zip(truth.T, said.T, strict=True)])


def _mape_of(truth: Array, said: Array) -> float:
    counts = truth != 0
    if not counts.any():
        return math.nan
    return float(np.average(np.abs(said[counts] - truth[counts]) / np.abs(truth[counts])))


MEASURES: Mapping[str, Callable[[Array, Array], Array]] = {
    "MAE": _mae,
    "MSE": _mse,
    "RMSE": _rmse,
    "R2": _r2,
    "RMSLE": _rmsle,
    "MAPE": _mape,
}
"""PyCaret's display name → function of targets and predictions, each rows × selections; one value a selection, not a
number where there is none.
"""
_UNDEFINED = {
    "R2": "R2 takes two rows or more; there is one.",
    "MAPE": "Every target is 0, of which there is no percentage.",
}
