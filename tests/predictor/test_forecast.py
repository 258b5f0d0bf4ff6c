"""A forecaster predicts the steps after those that it was fitted on, one a row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest

STEPS = 48

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    random, steps = np.random.default_rng(7), np.arange(STEPS)
    months = pd.date_range("2018-01-01", periods=STEPS, freq="MS").strftime("%Y-%m-%d")
    sales = (50 + 0.6 * steps + 8 * np.sin(steps * np.pi / 2) + random.normal(0, 2, STEPS)).round(2)
    return pd.DataFrame({"month": months, "sales": sales, "price": random.normal(10, 1, STEPS).round(2)})


@pytest.fixture(scope="module")
def dated(loaded, shop):
    return loaded("arima", "time_series", {"index": "month", "fh": 2}, frame=shop)


def ahead(count: int, start: str = "2021-11-01") -> list[dict]:
    """Rows for the months after training: of 48, two are held out."""
    months = pd.date_range(start, periods=count, freq="MS").strftime("%Y-%m-%d")
    return [{"month": month, "price": 10.0} for month in months]


def test_as_many_steps_are_forecast_as_there_are_rows(loaded):
    predictor = loaded("naive", "time_series", {"fh": 2})
    said = predictor.predict(predictor.read([{}] * 5))
    expected = predictor._itself._pipeline.predict(fh=[1, 2, 3, 4, 5])
    assert said.labels == np.asarray(expected).ravel().tolist()
    assert said.scores is None
    assert predictor.engine.path == "original"


def test_other_columns_and_dates_are_taken_from_the_rows(dated):
    said = dated.predict(dated.read(ahead(3)))
    cheaper = dated.predict(dated.read([row | {"price": 1.0} for row in ahead(3)]))
    assert all(np.isfinite(said.labels))
    assert said.labels != cheaper.labels


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (ahead(1, "2022-03-01"), "'month' is 2022-03-01; the series goes on with 2021-11"),
        (ahead(3)[::-1], "'month' is 2022-01-01; the series goes on with 2021-11"),
        ([{"month": None, "price": 1.0}], "'month' has no date; the series goes on with 2021-11"),
        ([{"month": "soon", "price": 1.0}], "'month' is 'soon', which is no date"),
    ],
)
def test_dates_that_do_not_go_on_where_the_series_ends_are_refused(rows, told, dated):
    with pytest.raises(BadRequest, match=told) as refused:
        dated.predict(dated.read(rows))
    assert refused.value.code == "predict.invalid_rows"


def test_dates_are_read_as_the_series_has_them_whatever_the_order_of_its_rows(loaded):
    days = pd.date_range("2020-01-05", periods=62)
    frame = pd.DataFrame({"day": days.strftime("%d/%m/%Y"), "sales": np.arange(62.0) % 7, "price": np.arange(62.0) % 5})
    turned = frame.iloc[[*range(20, 62), *range(20)]].reset_index(drop=True)
    predictor = loaded("arima", "time_series", {"index": "day", "fh": 2}, frame=turned)
    rows = frame[["day", "price"]].tail(2).to_dict("records")
    assert [row["day"] for row in rows] == ["05/03/2020", "06/03/2020"]
    assert np.isfinite(predictor.predict(predictor.read(rows)).labels).all()
    with pytest.raises(BadRequest, match="'day' is 03/05/2020; the series goes on with 2020-03-05"):
        predictor.predict(predictor.read([rows[0] | {"day": "03/05/2020"}]))


def test_a_forecaster_that_cannot_do_with_a_gap_says_so(dated):
    with pytest.raises(BadRequest) as refused:
        dated.predict(dated.read([row | {"price": None} for row in ahead(2)]))
    assert refused.value.code == "predict.failed"


def test_two_requests_for_forecasts_are_not_put_together(dated):
    tables = [dated.read(ahead(1)), dated.read(ahead(2))]
    with pytest.raises(BadRequest):
        dated.join(tables)
