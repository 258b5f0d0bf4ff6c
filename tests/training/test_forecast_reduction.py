"""The reduction in arrays is sktime's, to the last digit that matters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from tests.training.forecasts import shop
from workbench.training.forecasting.imports import spared
from workbench.training.forecasting.reduction import LagReduction, make_reduction, quick_reduction

WindowSummarizer = spared("sktime.transformations.series.summarize").WindowSummarizer

HOW = {"scitype": "tabular-regressor", "window_length": None, "strategy": "recursive", "pooling": "global"}


def lags(count, **more):
    return [WindowSummarizer(lag_feature={"lag": list(np.arange(count, 0, -1))}, n_jobs=1, **more)]


def series(rows=50):
    frame = shop(rows)
    frame.index = pd.PeriodIndex(frame["day"], freq="D")
    return frame["sales"], frame[["promo", "heat"]].astype(float)


@pytest.mark.parametrize("estimator", [LinearRegression(), RandomForestRegressor(9, random_state=1)], ids=["lr", "rf"])
@pytest.mark.parametrize("fh", [[1, 2, 3, 4], [2, 5]], ids=str)
@pytest.mark.parametrize("has_others", [False, True], ids=["alone", "other columns"])
def test_forecasts_are_sktimes(estimator, fh, has_others):
    y, X = series()
    known, ahead = (X[:40], X[40 : 40 + fh[-1]]) if has_others else (None, None)
    made = [make(estimator, transformers=lags(6), **HOW) for make in (make_reduction, quick_reduction)]
    assert isinstance(made[1], LagReduction)
    theirs, ours = (forecaster.fit(y[:40], X=known, fh=fh).predict(X=ahead) for forecaster in made)
    pd.testing.assert_series_equal(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize(
    "asked",
    [
        {"transformers": lags(6, truncate="bfill")},
        {"transformers": [WindowSummarizer(lag_feature={"lag": [1, 2], "mean": [[1, 3]]}, n_jobs=1)]},
        {"transformers": [WindowSummarizer(lag_feature={"lag": [1, 3]}, n_jobs=1)]},
        {"transformers": lags(6), "strategy": "direct"},
    ],
    ids=["truncated", "means", "some lags", "direct"],
)
def test_anything_else_is_left_to_sktime(asked):
    assert not isinstance(quick_reduction(LinearRegression(), **HOW | asked), LagReduction)


def test_too_few_rows_are_refused_in_a_sentence():
    y, _ = series()
    with pytest.raises(ValueError, match="6 rows are too few to learn from 6 values before each"):
        LagReduction(LinearRegression(), 6).fit(y[:6], fh=[1])
