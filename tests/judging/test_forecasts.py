"""Two forecasters over the same steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.judging.forecasts import MEASURES, _deciding
from workbench.judging.judge import judge

pytestmark = pytest.mark.filterwarnings("ignore")

TRUTH, SAID = np.array([10.0, 6.0, 8.0, 20.0]), np.array([12.0, 5.5, 4.0, 19.0])
SEASONAL = {"fh": 12, "seasonal_period": 4}


@pytest.fixture(scope="module")
def months(mixed):
    """The series with its months, the rows in no order."""
    dates = pd.date_range("2020-01-01", periods=48, freq="MS").astype(str)
    return mixed["time_series"].assign(month=dates).sample(frac=1, random_state=3).reset_index(drop=True)


@pytest.fixture
def pair(learned):
    """A naive forecaster as champion, and a challenger that knows of seasons."""

    def pair(model="snaive", **asked):
        asked = asked or SEASONAL
        return learned("champion", "time_series", "naive", **asked), learned(
            "challenger", "time_series", model, **asked
        )

    return pair


def test_errors_are_those_of_the_leaderboard_and_a_forecast_of_nothing_for_nothing_is_right():
    from sktime.performance_metrics import forecasting as theirs

    zero = np.append(TRUTH, 0.0), np.append(SAID, 0.0)
    assert {name: measure.value(*zero) for name, measure in MEASURES.items()} == pytest.approx(
        {
            "WAPE": np.abs(TRUTH - SAID).sum() / TRUTH.sum() * 100,
            "SMAPE": theirs.mean_absolute_percentage_error(*zero, symmetric=True),
            "Bias": (TRUTH - SAID).sum() / 5,
            "MAE": theirs.mean_absolute_error(*zero),
            "RMSE": theirs.mean_squared_error(*zero, square_root=True),
            "MAPE": np.inf,
        }
    )
    assert MEASURES["MAPE"].value(TRUTH, SAID) == pytest.approx(theirs.mean_absolute_percentage_error(TRUTH, SAID))
    assert MEASURES["WAPE"].value(np.zeros(2), np.ones(2)) == np.inf


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "WAPE"])
def test_what_a_step_moves_is_what_one_more_of_it_would(name):
    measure, many = MEASURES[name], 5000
    truth, said = np.tile(TRUTH, many), np.tile(SAID, many)
    influence = measure.influence(TRUTH, SAID)
    for step, (actual, forecast) in enumerate(zip(TRUTH, SAID, strict=True)):
        one_more = abs(measure.value(np.append(truth, actual), np.append(said, forecast)))
        moved = (one_more - abs(measure.value(truth, said))) * (len(truth) + 1)
        assert moved == pytest.approx(influence[step] - influence.mean(), rel=1e-3, abs=1e-6)


def test_a_forecaster_that_knows_the_season_is_better_by_wape(pair, table, mixed):
    champion, challenger = pair()
    found = judge(champion, challenger, table("time_series"), target="sales")
    ahead = mixed["time_series"]["sales"].to_numpy()[-12:]
    naive, seasonal = mixed["time_series"]["sales"].iloc[35], mixed["time_series"]["sales"].to_numpy()[32:36]
    assert found.champion["MAE"] == pytest.approx(np.abs(ahead - naive).mean())
    assert found.challenger["WAPE"] == pytest.approx(
        np.abs(ahead - np.tile(seasonal, 3)).sum() / np.abs(ahead).sum() * 100
    )
    assert (found.metric, found.rows, found.greater_is_better) == ("WAPE", 12, False)
    assert found.difference.low <= found.difference.delta <= found.difference.high
    assert found.difference.delta == pytest.approx(found.challenger["WAPE"] - found.champion["WAPE"])


def test_few_steps_decide_little_and_fewer_nothing(pair, table):
    few = judge(*pair(fh=6, seasonal_period=4), table("time_series"), target="sales")
    assert few.notes[0] == "6 steps of one forecast decide little: only a large difference shows."
    fewer = judge(*pair(fh=3, seasonal_period=4), table("time_series"), target="sales")
    assert fewer.verdict == "not comparable"
    assert fewer.notes[0] == "3 steps are too few to tell a difference from noise: it takes 4."


@pytest.mark.parametrize(
    ("champion", "decides"),
    [
        ({}, "WAPE"),
        ({"MAE": 4.0}, "MAE"),
        ({"SMAPE": 0.3, "MAE": 4.0}, "SMAPE"),
        ({"Bias": -2.0}, "WAPE"),
        ({"Bias": 3.0, "MAE": 4.0}, "Bias"),
        ({"WAPE": 5.0, "SMAPE": 0.3}, "WAPE"),
        ({"WAPE": None, "MAE": 4.0}, "MAE"),
    ],
    ids=str,
)
def test_the_first_metric_of_which_two_forecasters_are_not_even_decides(champion, decides):
    challenger = {"WAPE": 4.0, "SMAPE": 0.2, "Bias": 2.0, "MAE": 3.0}
    assert _deciding(challenger | champion, challenger) == decides


def test_a_forecaster_does_not_differ_from_itself(pair, table):
    champion, _ = pair()
    found = judge(champion, replace(champion, role="challenger"), table("time_series"), target="sales")
    assert (found.metric, found.verdict, found.difference.high) == ("WAPE", "no difference", 0)


@pytest.mark.parametrize(("metric", "decides"), [("Bias", "Bias"), ("RMSE", "RMSE"), ("MASE", "MAE"), ("R2", "RMSE")])
def test_a_metric_that_is_named_decides_or_the_one_that_orders_alike(pair, table, metric, decides):
    found = judge(*pair(), table("time_series"), target="sales", metric=metric)
    assert found.metric == decides
    assert found.difference.delta == pytest.approx(abs(found.challenger[decides]) - abs(found.champion[decides]))


def test_a_metric_that_is_not_judged_is_refused_with_those_that_are(pair, table):
    found = judge(*pair(), table("time_series"), target="sales", metric="COVERAGE", segment="sales")
    assert found.notes == ("COVERAGE is not judged here: name WAPE, SMAPE, Bias, MAE, RMSE, MAPE, or none.",)


def test_rows_in_no_order_are_judged_in_that_of_time(pair, table, months, mixed):
    asked = SEASONAL | {"index": "month", "frame": months, "sha256": "months"}
    found = judge(*pair(**asked), table("time_series", months, sha256="months"), target="sales")
    plain = judge(*pair(), table("time_series"), target="sales")
    assert found.challenger == pytest.approx(plain.challenger)
    assert found.difference.high == pytest.approx(plain.difference.high)


def test_a_table_that_goes_on_where_both_ended_is_judged_by_whatever_each_learned_from(learned, table, months):
    asked = {"index": "month", "fh": 4, "seasonal_period": 4, "all_rows": True}
    early, late = (months[months["month"] < end].reset_index(drop=True) for end in ("2022-07-01", "2023-01-01"))
    champion = learned("champion", "time_series", "naive", frame=early, sha256="early", **asked)
    challenger = learned("challenger", "time_series", "naive", frame=late, sha256="late", **asked)
    rows = table("time_series", months, name="all", sha256="all")
    found = judge(champion, challenger, rows, target="sales")
    new = months[months["month"] >= "2023-01-01"]["sales"]
    last = months.set_index("month")["sales"]
    assert found.rows == 12
    assert found.champion["MAE"] == pytest.approx((new - last["2022-06-01"]).abs().mean())
    assert found.challenger["MAE"] == pytest.approx((new - last["2022-12-01"]).abs().mean())
    assert found.notes[-1] == (
        "The first of these rows is 7 steps after those that the champion learned from, and 1 after those of the "
        "challenger."
    )
    gap = table("time_series", months[months["month"] != "2023-03-01"].reset_index(drop=True), name="gap", sha256="gap")
    refused = judge(champion, challenger, gap, target="sales")
    assert refused.notes[0].startswith("gap does not go on where the champion ended, at 2022-06-01: The index 'month' ")


def test_a_series_without_dates_is_not_gone_on_with_in_another_table(pair, table, mixed):
    found = judge(*pair(), table("time_series", name="new", sha256="new"), target="sales")
    assert found.verdict == "not comparable"
    assert "its rows have no dates by which new could go on" in found.notes[0]


def test_a_gap_before_the_first_forecast_is_not_judged(pair, table):
    found = judge(*pair(fh=6, gap=3, seasonal_period=4), table("time_series"), target="sales")
    assert found.rows == 6
