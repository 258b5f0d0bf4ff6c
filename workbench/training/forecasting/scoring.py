"""One unit of a forecast: a pipeline fitted on one split's rows, and its forecasts measured by PyCaret's own metrics.

PyCaret computes prediction intervals for every model and uses them for COVERAGE alone. Here they are computed only
where COVERAGE is asked for: a model whose intervals fail keeps its row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from sklearn.base import clone

from workbench.training.forecasting.reduction import quick_reduction
from workbench.training.forecasting.wape import wape
from workbench.training.measured import Measured
from workbench.training.request import UnitScored
from workbench.training.work import Unit


@dataclass(frozen=True, slots=True)
class Split:
    """One split's rows.

    Attributes
    ----------
    y, X
        Target and other columns of the rows to learn from, as they came; X is None where there are no other columns.
    ahead
        Other columns of the rows from there to the last forecast.
    known
        The target of the rows to learn from, gaps filled.
    truth
        The target of the rows to forecast, gaps filled.
    """

    fold: int
    y: pd.Series[Any]
    X: pd.DataFrame | None
    ahead: pd.DataFrame | None
    known: pd.Series[Any]
    truth: pd.Series[Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """One of PyCaret's metrics.

    Attributes
    ----------
    function
        Takes ``y_true``, ``y_pred`` and some of ``y_train``, ``sp``, ``lower``, ``upper``.
    takes
        Which of those.
    fixed
        What it is always given.
    """

    name: str
    function: Callable[..., float]
    takes: frozenset[str]
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FitAndForecast:
    """Scores one candidate; carries all it needs to another process.

    Attributes
    ----------
    pipeline
        Not fitted.
    fh
        Steps ahead that are forecast, as sktime has them.
    season
        Rows of a season, by which MASE and RMSSE are scaled.
    quantile
        What is forecast instead of the mean, or None.
    interval
        Lower and upper quantile of prediction intervals; they are computed where `quantile` is given.
    seed
        Set globally before each fit, as PyCaret sets it before each model.
    """

    pipeline: Any
    fh: Any
    metrics: tuple[Metric, ...]
    season: int
    quantile: float | None
    interval: tuple[float, float]
    seed: int

    def __call__(self, unit: Unit, split: Split) -> UnitScored:
        np.random.seed(self.seed)
        started = time.perf_counter()
        fitted = clone(self.pipeline)
        with patch("pycaret.containers.models.time_series.make_reduction", quick_reduction):
            fitted.fit(y=split.y, X=split.X, fh=self.fh)
        fit_s = time.perf_counter() - started
        said, bounds = self._forecast(fitted, split)
        with np.errstate(all="ignore"):
            measured = self._measure(split, said, bounds)
        return measured.of(unit, fit_s=fit_s, score_s=time.perf_counter() - started - fit_s)

    def _forecast(self, fitted: Any, split: Split) -> tuple[pd.DataFrame, dict[str, Any]]:
        if self.quantile is None:
            said, bounds = pd.DataFrame({"y_pred": fitted.predict(X=split.ahead)}), {}
        else:
            from pycaret.utils.time_series.forecasting import get_predictions_with_intervals

            said, lower, upper = get_predictions_with_intervals(
                fitted, alpha=self.quantile, coverage=list(self.interval), X=split.ahead
            )
            bounds = {"lower": lower, "upper": upper}
        if not said.index.equals(split.truth.index):
            raise ValueError("It forecast other rows than it was asked for.")
        lacking = ~np.isfinite(said.to_numpy(dtype=float).reshape(-1))
        if lacking.any():
            raise ValueError(f"It forecast no number for {split.truth.index[int(lacking.argmax())]}.")
        return said, bounds

    def _measure(self, split: Split, said: pd.DataFrame, bounds: Mapping[str, Any]) -> Measured:
        measured = Measured()
        given = {"y_train": split.known, "sp": self.season, **bounds}
        for metric in self.metrics:
            more = {name: value for name, value in given.items() if name in metric.takes}
            why = self._why_none(metric.name, split)
            try:
                value = float(metric.function(y_true=split.truth, y_pred=said, **more, **metric.fixed))
            except Exception as error:  # noqa: BLE001 - PyCaret counts such a metric as missing; why stands here
                measured.leave_out(metric.name, why or f"{type(error).__name__}: {error}")
                continue
            if why:
                measured.leave_out(metric.name, why, pycaret=value if np.isfinite(value) else None)
            else:
                measured.put(metric.name, value)
        truth, forecast = split.truth.to_numpy(dtype=float), said.to_numpy(dtype=float).reshape(-1)
        if len(truth) < 2:
            measured.leave_out("R2", "R2 takes two forecasts or more; the horizon has one.")
        _put_wape(measured, truth, forecast)
        measured.put("Bias", float(np.mean(truth - forecast)))
        return measured

    def _why_none(self, metric: str, split: Split) -> str | None:
        """Say why a metric has no meaning on a split, whatever number comes out."""
        if metric == "MAPE" and (split.truth == 0).any():
            return "The target is 0 in some of the rows to forecast, of which there is no percentage."
        if metric in ("MASE", "RMSSE"):
            changes = split.known.to_numpy(dtype=float)
            changes = changes[self.season :] - changes[: -self.season]
            if not len(changes):
                return f"It is scaled by changes over {self.season} rows; there are no more to learn from."
            if not changes.any():
                return f"It is scaled by changes over {self.season} rows; there are none in the rows to learn from."
        return None


def _put_wape(measured: Measured, truth: np.ndarray[Any, Any], forecast: np.ndarray[Any, Any]) -> None:
    if truth.any():
        measured.put("WAPE", wape(truth, forecast))
    else:
        measured.leave_out("WAPE", "The target is 0 in every row to forecast, of which there is no percentage.")
