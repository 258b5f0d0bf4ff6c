"""Forecasts are PyCaret's: every model on every split, tuned and blended, whatever the splits."""

from __future__ import annotations

import json
import pickle

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from tests.training.forecasts import FOLDS, ROUNDED, SEED, differences, folds_of, pycaret, scored, shop
from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.experiment import set_up
from workbench.training.request import ExperimentFitted, PipelineFitted, TrainingRequest, UnitFailed

SETUP = {"index": "day", "fh": 4, "seasonal_period": 7, "ignore_features": ["promo", "heat"]}
OTHERS = {"index": "day", "fh": 4, "seasonal_period": 7}


@pytest.fixture
def forecast(train):
    def forecast(**request):
        asked = {"task": "time_series", "frame": shop(), "folds": FOLDS, "seed": SEED, "setup": SETUP}
        return list(train(**asked | request))

    return forecast


def one(updates, kind):
    return next(update for update in updates if isinstance(update, kind))


def failures(updates):
    return {update.model: update.reason for update in updates if isinstance(update, UnitFailed)}


def test_a_comparison_has_every_turbo_model_and_pycarets_means(train, mixed):
    setup = {"fh": 3, "seasonal_period": 4}
    experiment = pycaret(mixed["time_series"], setup)
    experiment.compare_models(verbose=False)
    theirs = experiment.pull().drop(columns=["Model", "TT (Sec)"])
    updates = list(train("time_series", folds=FOLDS, setup=setup))
    ours = scored(updates)
    assert set(ours) == {model.id for model in TASKS["time_series"].turbo}
    # Prediction intervals that nobody asked for may cost PyCaret a model, and never us.
    assert set(theirs.index) <= set(ours)
    assert len(theirs) >= len(ours) - 1
    means = {
        model: {metric: np.mean([unit.metrics[metric] for unit in ours[model].values()]) for metric in theirs.columns}
        for model in theirs.index
    }
    pd.testing.assert_frame_equal(pd.DataFrame(means).T, theirs.astype(float), check_exact=False, rtol=0, atol=ROUNDED)


@pytest.mark.parametrize(
    "options",
    [
        {"fold_strategy": "sliding"},
        {"gap": 3},
        {"gap": 2, "fold_strategy": "sliding", "fh": 2},
        {"fh": [1, 4]},
        {"transform_target": "log", "scale_target": "minmax"},
        {"point_alpha": 0.5},
    ],
    ids=str,
)
def test_each_fold_is_pycarets_whatever_the_set_up(options, forecast):
    setup = SETUP | options
    ours = scored(forecast(models=("naive", "arima", "theta"), setup=setup))
    experiment = pycaret(shop(), setup)
    for model in ("arima", "theta"):
        assert differences(folds_of(experiment, model), ours[model]) == {}


def test_each_fold_is_pycarets_with_other_columns_and_gaps_to_fill(forecast):
    frame = shop().assign(promo=shop()["promo"].astype(int))
    frame.loc[[9, 30], "sales"] = np.nan
    frame.loc[[12], "heat"] = np.nan
    setup = OTHERS | {"numeric_imputation_target": "linear", "numeric_imputation_exogenous": "mean"}
    models = ("arima", "lr_cds_dt", "rf_cds_dt")
    ours = scored(forecast(frame=frame, models=models, setup=setup))
    experiment = pycaret(frame, setup)
    for model in models:
        assert differences(folds_of(experiment, model), ours[model]) == {}


def test_a_gap_ends_what_is_learned_from_so_many_rows_before_the_first_forecast():
    def splits(**setup):
        request = TrainingRequest(
            "time_series", "sales", "compare", "MASE", seed=1, folds=3, setup=SETUP | {"fh": 2} | setup
        )
        made = set_up(shop(30), request)
        return [(list(made._splits[fold][0]), list(made._splits[fold][1])) for fold in range(3)]

    assert splits() == [(list(range(22 + 2 * fold)), [22 + 2 * fold, 23 + 2 * fold]) for fold in range(3)]
    # Three rows less to learn from, and three more held out with the last ones.
    assert splits(gap=3) == [(list(range(16 + 2 * fold)), [19 + 2 * fold, 20 + 2 * fold]) for fold in range(3)]
    sliding = splits(gap=3, fold_strategy="sliding")
    assert sliding == [(list(range(2 * fold, 16 + 2 * fold)), [19 + 2 * fold, 20 + 2 * fold]) for fold in range(3)]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("arima", {"n_iter": 3}),
        ("lr_cds_dt", {"n_iter": 3}),
        ("polytrend", {"search_algorithm": "grid"}),
        ("knn_cds_dt", {"custom_grid": {"regressor__n_neighbors": [2, 5]}}),
    ],
)
def test_a_search_scores_the_trials_that_pycarets_search_scores(model, options, forecast):
    options |= {"choose_better": False}
    updates = forecast(plan="tune", bases=(Recipe(model=model),), options=options)
    experiment = pycaret(shop(), SETUP)
    plain = experiment.create_model(model, cross_validation=False, verbose=False)
    _, search = experiment.tune_model(plain, return_tuner=True, verbose=False, **options)
    prefix = "forecaster__model__"
    theirs = [{name.removeprefix(prefix): value for name, value in p.items()} for p in search.cv_results_["params"]]
    trials = one(updates, ExperimentFitted).field[1:]
    assert [dict(trial.recipe.params) for trial in trials] == theirs
    ours = scored(updates)
    means = [np.mean([ours[trial.id][fold].metrics["MASE"] for fold in range(FOLDS)]) for trial in trials]
    assert means == pytest.approx(list(search.cv_results_["mean_test_mase"]), abs=1e-9)


def test_what_a_search_finds_comes_back_from_json_as_it_was(forecast):
    updates = forecast(plan="tune", bases=(Recipe(model="arima"),), options={"n_iter": 2, "choose_better": False})
    found = one(updates, PipelineFitted).candidate.recipe
    assert isinstance(found.params["order"], tuple)
    again = Recipe.of(json.loads(json.dumps(found.as_dict())))
    folds = scored(forecast(plan="create", bases=(again,)))["arima"]
    first = scored(updates)[one(updates, PipelineFitted).model]
    assert [folds[fold].metrics for fold in range(FOLDS)] == [first[fold].metrics for fold in range(FOLDS)]


@pytest.mark.parametrize(
    "options",
    [{}, {"method": "median"}, {"method": "max"}, {"method": "gmean", "weights": [1, 3, 2]}],
    ids=str,
)
def test_a_blend_is_pycarets(options, forecast):
    models = ("naive", "theta", "polytrend")
    bases = tuple(Recipe(model=model) for model in models)
    updates = forecast(plan="blend", bases=bases, options=options)
    experiment = pycaret(shop(), SETUP)
    experiment.blend_models(
        [experiment.create_model(model, verbose=False) for model in models], verbose=False, **options
    )
    theirs = experiment.pull().drop(columns="cutoff").drop(index=["Mean", "SD"])
    assert differences(theirs, scored(updates)["blend"]) == {}
    assert one(updates, PipelineFitted).candidate.name == ("Ensemble (naive, theta, polytrend)")


def test_finalize_learns_from_all_rows_and_forecasts_the_next_steps_after_unpickling(forecast):
    fitted = one(forecast(plan="finalize", bases=(Recipe(model="theta"),)), PipelineFitted)
    assert fitted.rows == 56
    said = cloudpickle.loads(fitted.pickled).predict()
    assert [str(day) for day in said.index] == ["2024-02-26", "2024-02-27", "2024-02-28", "2024-02-29"]
    experiment = pycaret(shop(), SETUP)
    final = experiment.finalize_model(experiment.create_model("theta", verbose=False))
    pd.testing.assert_series_equal(said, final.predict())
    assert (fitted.schema, fitted.sample) == ([], [])


def test_a_pipeline_with_other_columns_forecasts_from_its_sample(forecast):
    fitted = one(forecast(plan="create", bases=(Recipe(model="lr_cds_dt"),), setup=OTHERS), PipelineFitted)
    assert [column["name"] for column in fitted.schema] == ["day", "promo", "heat"]
    ahead = pd.DataFrame(fitted.sample)
    ahead.index = pd.PeriodIndex(ahead.pop("day"), freq="D")
    said = cloudpickle.loads(fitted.pickled).predict(X=ahead)
    assert list(said.index) == list(ahead.index)
    assert [str(day) for day in said.index] == list(shop()["day"][-4:])


def test_yes_or_no_columns_cost_no_model(forecast):
    """PyCaret's ARIMA fails on them."""
    updates = forecast(models=("arima",), setup=OTHERS)
    assert set(scored(updates)) == {"arima", "naive", "snaive"}


def test_a_unit_carries_nothing_of_the_experiment(forecast):
    def size(rows):
        request = TrainingRequest("time_series", "sales", "compare", "MASE", seed=1, folds=2, setup=SETUP)
        return len(pickle.dumps(set_up(shop(rows), request).compute(Recipe(model="lr_cds_dt"))))

    assert size(400) == size(40)


def test_a_model_that_cannot_learn_from_a_split_costs_its_row_and_says_why(forecast):
    """PyCaret drops such a model without a word."""
    updates = forecast(
        plan="tune", bases=(Recipe(model="knn_cds_dt"),), options={"custom_grid": {"regressor__n_neighbors": [3, 500]}}
    )
    assert set(scored(updates)) == {"knn_cds_dt", "knn_cds_dt:1"}
    assert set(failures(updates)) == {"knn_cds_dt:2"}
    assert "n_neighbors = 500" in failures(updates)["knn_cds_dt:2"]
