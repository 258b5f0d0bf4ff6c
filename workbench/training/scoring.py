"""One unit of work: an estimator fitted on one prepared fold and scored from one prediction.

The measures are those of PyCaret's metric containers, computed on arrays from one confusion matrix or one vector of
errors. Where PyCaret's own scorer would answer 0.0 because it failed, the true value or the reason stands instead, and
beside it what PyCaret counts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone

from workbench.training.folds import Fold
from workbench.training.request import UnitScored
from workbench.training.work import Unit


@dataclass(slots=True)
class Measured:
    """Metrics of one unit as they are gathered; fields as in `UnitScored`."""

    metrics: dict[str, float | None] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)
    pycaret: dict[str, float] = field(default_factory=dict)

    def put(self, name: str, value: float) -> None:
        if math.isfinite(value):
            self.metrics[name] = float(value)
        else:
            self.leave_out(name, "The value is not finite on this fold.")

    def leave_out(self, name: str, why: str, *, pycaret: float | None = None) -> None:
        self.metrics[name], self.undefined[name] = None, why
        if pycaret is not None:
            self.pycaret[name] = pycaret

    def of(self, unit: Unit, *, fit_s: float, score_s: float) -> UnitScored:
        """Tell it as the outcome of a unit."""
        return UnitScored(unit.model, unit.fold, self.metrics, self.undefined, fit_s, score_s, self.pycaret)


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

    def __call__(self, unit: Unit, fold: Fold) -> UnitScored:
        np.random.seed(self.seed)
        started = time.perf_counter()
        fitted = clone(self.estimator)
        fitted.fit(fold.fit_X, fold.fit_y)
        fit_s = time.perf_counter() - started
        with np.errstate(all="ignore"):
            measured = self.measure(fitted, fold)
        return measured.of(unit, fit_s=fit_s, score_s=time.perf_counter() - started - fit_s)


def measure_for(experiment: Any) -> Measure:
    """Return what measures a fitted estimator of a PyCaret experiment after set-up."""
    from workbench.training.classification import Classes
    from workbench.training.regression import measure

    return Classes.of(experiment) if experiment._ml_usecase.name == "CLASSIFICATION" else measure
