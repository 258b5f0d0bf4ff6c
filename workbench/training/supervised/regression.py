"""The measures of a regression, as PyCaret's metric containers define them.

Sums are taken in the precision and the order in which scikit-learn takes them: targets of 32 bits are averaged in 32
bits there, and the fourth decimal of a large error shows it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.training.measured import Measured
from workbench.training.supervised.folds import Array, Fold


def measure(fitted: Any, fold: Fold) -> Measured:
    """Measure a fitted regressor on a fold's test rows."""
    truth = np.asarray(fold.test_y).reshape(-1, 1)
    said = np.asarray(fold.decode(fitted.predict(fold.test_X))).reshape(-1, 1)
    measured = Measured()
    squared = _mean((truth - said) ** 2)
    measured.put("MAE", _mean(np.abs(said - truth)))
    measured.put("MSE", squared)
    measured.put("RMSE", float(np.sqrt(squared)))
    _put_r2(measured, truth, said)
    # PyCaret takes the logarithm of absolute values, on either side.
    measured.put("RMSLE", float(np.sqrt(_mean((np.log1p(np.abs(truth)) - np.log1p(np.abs(said))) ** 2))))
    _put_mape(measured, truth, said)
    return measured


def _mean(values: Array) -> float:
    return float(np.average(values, axis=0)[0])


def _put_r2(measured: Measured, truth: Array, said: Array) -> None:
    if len(truth) < 2:
        measured.leave_out("R2", "R2 takes two rows or more; this fold has one.")
        return
    missed = float(((truth - said) ** 2).sum(axis=0, dtype=np.float64)[0])
    spread = float(((truth - np.average(truth, axis=0)) ** 2).sum(axis=0, dtype=np.float64)[0])
    if spread:
        measured.put("R2", 1 - missed / spread)
    else:
        # As scikit-learn has it: perfect or not, where there is nothing to explain.
        measured.put("R2", 0.0 if missed else 1.0)


def _put_mape(measured: Measured, truth: Array, said: Array) -> None:
    counts = truth != 0
    if counts.any():
        measured.put("MAPE", float(np.average(np.abs(said[counts] - truth[counts]) / np.abs(truth[counts]))))
    else:
        measured.leave_out("MAPE", "Every target on this fold is 0, of which there is no percentage.")
