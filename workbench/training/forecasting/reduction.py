"""sktime's recursive reduction of a forecast to a regression on the values before, in arrays.

The features, their order and the estimator are the same, and so are the numbers. sktime makes frames of every window
anew for each step ahead, which is most of what PyCaret's regressors cost on a short series.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from workbench.training.forecasting.imports import spared

BaseForecaster: Any = spared("sktime.forecasting.base").BaseForecaster
make_reduction: Any = spared("sktime.forecasting.compose").make_reduction

Array = np.ndarray[Any, Any]


def quick_reduction(estimator: Any, **asked: Any) -> Any:
    """Make a reduction as sktime's ``make_reduction`` does, in arrays where its features are plain lags."""
    lags = _lags(asked)
    return make_reduction(estimator, **asked) if lags is None else LagReduction(estimator, lags)


def _lags(asked: dict[str, Any]) -> int | None:
    """Return the number of lags, None where something else is asked for than all of them, the oldest first."""
    others = {name: value for name, value in asked.items() if name != "transformers"}
    transformers = asked.get("transformers") or []
    if others != _PYCARETS or len(transformers) != 1:
        return None
    named = transformers[0].get_params(deep=False)
    lag_feature = named.pop("lag_feature", None) or {}
    lags = [int(lag) for lag in lag_feature.get("lag", [])]
    is_plain = set(lag_feature) == {"lag"} and not named.get("target_cols") and named.get("truncate") is None
    return len(lags) if is_plain and lags and lags == list(range(len(lags), 0, -1)) else None


_PYCARETS = {
    "scitype": "tabular-regressor",
    "window_length": None,
    "strategy": "recursive",
    "pooling": "global",
}


class LagReduction(BaseForecaster):  # type: ignore[misc]
    """Forecasts a step from the values before it and the other columns of its row, then the next from that.

    Attributes
    ----------
    lags
        How many values before a row are its features, the oldest first.
    """

    _tags = {  # noqa: RUF012 - as every forecaster of sktime's has them
        "ignores-exogeneous-X": False,
        "handles-missing-data": False,
        "y_inner_mtype": "pd.Series",
        "X_inner_mtype": "pd.DataFrame",
        "requires-fh-in-fit": False,
    }

    def __init__(self, estimator: Any, lags: int) -> None:
        self.estimator = estimator
        self.lags = lags
        super().__init__()

    def _fit(self, y: pd.Series[Any], X: pd.DataFrame | None, fh: Any) -> LagReduction:  # noqa: ARG002
        values = y.to_numpy(dtype=float)
        if len(values) <= self.lags:
            raise ValueError(f"{len(values)} rows are too few to learn from {self.lags} values before each.")
        features = np.lib.stride_tricks.sliding_window_view(values, self.lags)[:-1]
        if X is not None:
            features = np.hstack([features, X.to_numpy(dtype=float)[self.lags :]])
        # Column by column, as sktime's frames lie: sums then come out the same to the last digit.
        self.estimator_ = clone(self.estimator).fit(np.asfortranarray(features), values[self.lags :])
        self._last: Array = values[-self.lags :]
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.Series[Any]:
        steps = np.asarray(fh.to_relative(self.cutoff), dtype=int)
        values = np.concatenate([self._last, np.zeros(steps[-1])])
        others = None if X is None else X.to_numpy(dtype=float)
        for step in range(steps[-1]):
            row = values[step : step + self.lags]
            if others is not None:
                row = np.concatenate([row, others[step]])
            values[self.lags + step] = self.estimator_.predict(row.reshape(1, -1)).reshape(-1)[0]
        index = fh.to_absolute_index(self.cutoff).rename(self._y.index.name)
        return pd.Series(values[self.lags + steps - 1], index, name=self._y.name)
