"""One unit of work: an estimator fitted on one prepared fold and scored from one prediction.

The measures are those of PyCaret's metric containers, computed on arrays from one confusion matrix or one vector of
errors. Where PyCaret's own scorer would answer 0.0 because it failed, the true value or the reason stands instead, and
beside it what PyCaret counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from workbench.training.measured import Measured
from workbench.training.request import UnitFailed
from workbench.training.shortcuts import checked_once
from workbench.training.supervised.folds import Fold
from workbench.training.work import Answer, Unit, first_line

Measure = Callable[[Any, Fold], Measured]


@dataclass(frozen=True, slots=True)
class FitAndScore:
    """Scores one candidate; carries all it needs to another process.

    Attributes
    ----------
    seed
        Set globally before each fit, as PyCaret sets it before each model, so that estimators without a seed of their
        own agree too.
    """

    estimator: Any
    seed: int
    measure: Measure

    def __call__(self, unit: Unit, fold: Fold) -> Answer:
        np.random.seed(self.seed)
        started = time.perf_counter()
        fitted = clone(self.estimator)
        try:
            with checked_once(fitted, is_finite=fold.is_finite):
                fitted.fit(fold.fit_X, fold.fit_y)
        except MemoryError:
            # PyCaret knows no limit of memory.
            raise
        except Exception as error:  # noqa: BLE001 - whatever an estimator raises costs its own row and nothing else
            return UnitFailed(unit.model, unit.fold, first_line(error), counts_zero=True)
        fit_s = time.perf_counter() - started
        with np.errstate(all="ignore"):
            measured = self.measure(fitted, fold)
        return measured.of(unit, fit_s=fit_s, score_s=time.perf_counter() - started - fit_s)
