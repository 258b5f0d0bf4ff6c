"""What Workbench adds to PyCaret's forecasting: metrics of its own, naive forecasts, and reasons."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.forecasts import scored, shop
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.training.experiment import set_up
from workbench.training.forecasting.library import TSForecastingExperiment
from workbench.training.request import ExperimentFitted, TrainingRequest

SETUP = {"index": "day", "fh": 4, "seasonal_period": 7, "ignore_features": ["promo", "heat"]}


@pytest.fixture
def forecast(train):
    def forecast(**request):
        return list(train(**{"task": "time_series", "frame": shop(), "folds": 2, "setup": SETUP} | request))

    return forecast


def fitted(updates):
    return next(update for update in updates if isinstance(update, ExperimentFitted))


def only(updates, model):
    return [unit for _, unit in sorted(scored(updates)[model].items())]


def test_wape_and_bias_are_those_of_their_definitions(forecast):
    sales = shop()["sales"].to_numpy()
    units = scored(forecast(plan="create", bases=(Recipe(model="naive"),)))["naive"]
    for fold, end in enumerate((44, 48)):
        actual, said = sales[end : end + 4], sales[end - 1]
        wape = np.abs(actual - said).sum() / np.abs(actual).sum() * 100
        assert units[fold].metrics["WAPE"] == pytest.approx(wape)
        assert units[fold].metrics["Bias"] == pytest.approx((actual - said).mean())


def test_a_forecast_that_is_too_low_has_a_positive_bias(forecast):
    frame = shop().assign(sales=np.arange(56) + 1.0)
    assert only(forecast(frame=frame, plan="create", bases=(Recipe(model="naive"),)), "naive")[0].metrics["Bias"] == 2.5


def test_percentages_of_nothing_are_undefined_and_say_why(forecast):
    frame = shop()
    frame.loc[44:47, "sales"] = 0.0
    unit = only(forecast(frame=frame, plan="create", bases=(Recipe(model="naive"),)), "naive")[0]
    assert (unit.metrics["WAPE"], unit.metrics["MAPE"]) == (None, None)
    assert "every row" in unit.undefined["WAPE"]
    assert "some of the rows" in unit.undefined["MAPE"]


def test_a_percentage_that_pycaret_takes_of_nothing_stays_beside_to_be_checked(forecast):
    frame = shop()
    frame.loc[45, "sales"] = 0.0
    unit = only(forecast(frame=frame, plan="create", bases=(Recipe(model="naive"),)), "naive")[0]
    assert unit.metrics["WAPE"] > 0
    assert (unit.metrics["MAPE"], unit.pycaret["MAPE"] > 1e12) == (None, True)


def test_what_is_scaled_by_no_change_is_undefined_and_says_why(forecast):
    week = [10.0, 12.0, 9.0, 14.0, 15.0, 20.0, 8.0]
    frame = shop().assign(sales=np.tile(week, 8))
    frame.loc[50:, "sales"] += 1
    unit = only(forecast(frame=frame, plan="create", bases=(Recipe(model="naive"),)), "naive")[0]
    assert unit.metrics["MASE"] is None
    assert "changes over 7 rows" in unit.undefined["MASE"]
    assert unit.metrics["MAE"] > 0


def test_one_step_ahead_has_no_r2_and_says_why(forecast):
    unit = only(forecast(plan="create", bases=(Recipe(model="naive"),), setup=SETUP | {"fh": 1}), "naive")[0]
    assert unit.metrics["R2"] is None
    assert unit.undefined["R2"] == "R2 takes two forecasts or more; the horizon has one."


def test_coverage_is_there_where_a_quantile_is_asked_for(forecast):
    models = {"plan": "create", "bases": (Recipe(model="naive"),)}
    assert "COVERAGE" not in only(forecast(**models), "naive")[0].metrics
    assert 0 <= only(forecast(**models, setup=SETUP | {"point_alpha": 0.5}), "naive")[0].metrics["COVERAGE"] <= 1


@pytest.mark.parametrize("left_out", [{"models": ("theta",)}, {"models": ("theta", "naive"), "exclude": ("naive",)}])
def test_naive_forecasts_are_compared_whatever_is_named_and_it_is_said(left_out, forecast):
    updates = forecast(**left_out)
    assert [entry.id for entry in fitted(updates).field] == ["theta", "naive", "snaive"]
    assert set(scored(updates)) == {"theta", "naive", "snaive"}
    assert any("always compares naive and snaive" in notice for notice in fitted(updates).notices)


def test_naive_forecasts_are_compared_where_pycaret_leaves_them_out_for_other_columns(forecast):
    updates = forecast(models=("lr_cds_dt", "naive", "snaive"), setup=SETUP | {"ignore_features": ["heat"]})
    assert set(scored(updates)) == {"lr_cds_dt", "naive", "snaive"}
    assert fitted(updates).notices == (
        "PyCaret leaves naive and snaive out for this set-up; they are compared all the same.",
    )


def test_pycarets_field_is_told_of_what_it_leaves_out(train):
    request = {"plan": "setup", "folds": 2, "frame": shop(), "setup": SETUP | {"ignore_features": ["heat"]}}
    told = next(train("time_series", **request)).notices
    assert len(told) == 1
    assert told[0].startswith("grand_means, polytrend, exp_smooth, ets, theta, stlf cannot use other columns")


def test_a_series_without_a_season_has_no_seasonal_naive_forecast_and_says_why(forecast):
    updates = forecast(models=("theta", "stlf"), setup=SETUP | {"seasonal_period": 1})
    assert set(scored(updates)) == {"theta", "naive"}
    assert set(fitted(updates).missing) == {"snaive", "stlf"}
    assert fitted(updates).missing["snaive"].startswith("snaive would need a season")


def test_a_model_without_intervals_says_so_where_a_quantile_is_asked_for(forecast):
    missing = fitted(forecast(models=("theta", "lr_cds_dt"), setup=SETUP | {"point_alpha": 0.5})).missing
    assert missing == {"lr_cds_dt": "lr_cds_dt cannot give prediction intervals, which point_alpha takes."}


def test_a_model_that_the_set_up_rules_out_cannot_be_created(forecast):
    with pytest.raises(BadRequest, match="stlf would need a season"):
        forecast(plan="create", bases=(Recipe(model="stlf"),), setup=SETUP | {"seasonal_period": 1})


def test_the_field_and_its_engines_are_those_of_pycarets_own_set_up(mixed):
    theirs = TSForecastingExperiment.__mro__[1]()
    quiet = {"n_jobs": 1, "html": False, "verbose": False, "system_log": False}
    theirs.setup(mixed["time_series"], target="sales", fh=2, session_id=1, **quiet)
    request = TrainingRequest("time_series", "sales", "compare", "MASE", seed=1, folds=3, setup={"fh": 2})
    ours = set_up(mixed["time_series"], request).pycaret
    assert ours.exp_model_engines == theirs.exp_model_engines
    assert list(ours._all_models) == list(theirs._all_models)


def test_a_request_that_its_rows_cannot_meet_is_refused_before_anything_is_fitted(forecast):
    with pytest.raises(BadRequest) as caught:
        forecast(frame=shop(20), folds=3, setup=SETUP | {"gap": 2})
    assert caught.value.code == "spec.invalid"
    assert "take 22 rows; the table has 20." in str(caught.value)
