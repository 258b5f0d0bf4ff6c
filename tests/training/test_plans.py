"""What each plan does, what comes of it, and what is said where PyCaret says nothing."""

from __future__ import annotations

import json

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.training.request import (
    ExperimentFitted,
    FoldPrepared,
    PipelineFitted,
    UnitFailed,
    UnitScored,
)

pytestmark = pytest.mark.filterwarnings("ignore")


def kinds(updates) -> list[type]:
    return [type(update) for update in updates]


def units(updates) -> list[UnitScored]:
    return [update for update in updates if isinstance(update, UnitScored)]


@pytest.fixture(scope="module")
def compared(train):
    """All that a small comparison tells, one worker."""
    return list(train(models=("dt", "nb", "dummy"), workers=1))


def test_setup_fits_the_preprocessing_and_nothing_else(train):
    (fitted,) = train(plan="setup")
    assert (fitted.train_rows, fitted.test_rows, fitted.features_in, fitted.features_out) == (112, 48, 4, 6)
    assert fitted.versions["pycaret"] == "3.3.2"


def test_a_comparison_tells_set_up_folds_units_and_pipeline(compared):
    assert kinds(compared)[:2] == [ExperimentFitted, FoldPrepared]
    assert kinds(compared)[-1] is PipelineFitted
    assert kinds(compared).count(FoldPrepared) == 3
    assert kinds(compared).count(UnitScored) == 9
    fitted = compared[0]
    assert (fitted.folds, fitted.missing) == (3, {})
    assert [(entry.id, entry.name) for entry in fitted.field] == [
        ("dt", "Decision Tree Classifier"),
        ("nb", "Naive Bayes"),
        ("dummy", "Dummy Classifier"),
    ]


def test_the_whole_field_is_scored_on_the_first_fold_before_any_model_is_on_the_second(compared):
    assert [unit.fold for unit in units(compared)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [unit.model for unit in units(compared)[:6]] == ["dt", "nb", "dummy"] * 2


def test_folds_share_out_the_training_rows(compared):
    folds = [update for update in compared if isinstance(update, FoldPrepared)]
    assert [fold.fold for fold in folds] == [0, 1, 2]
    assert sum(fold.test_rows for fold in folds) == 112
    assert {fold.train_rows + fold.test_rows for fold in folds} == {112}
    assert {fold.features for fold in folds} == {6}


def test_the_best_by_the_ranking_metric_is_fitted(train, compared):
    def best(metric: str, pick) -> str:
        means = {
            model: np.mean([unit.metrics[metric] for unit in units(compared) if unit.model == model])
            for model in ("dt", "nb", "dummy")
        }
        return pick(means, key=means.__getitem__)

    assert compared[-1].model == best("Accuracy", max)
    by_recall = list(train(models=("dt", "nb", "dummy"), sort="AUC"))
    assert by_recall[-1].model == best("AUC", max)


def test_where_less_is_better_the_least_is_fitted(train):
    updates = list(train("regression", models=("dummy", "lr", "dt"), sort="MAE"))
    means = {
        model: np.mean([unit.metrics["MAE"] for unit in units(updates) if unit.model == model])
        for model in ("dummy", "lr", "dt")
    }
    assert min(means.values()) > 0
    assert updates[-1].model == min(means, key=means.__getitem__)


def test_create_scores_and_fits_its_one_model(train):
    updates = list(train(plan="create", bases=(Recipe(model="lr"),)))
    assert sorted((unit.model, unit.fold) for unit in units(updates)) == [("lr", 0), ("lr", 1), ("lr", 2)]
    assert updates[-1].model == "lr"


def test_models_that_are_excluded_are_left_out(train):
    updates = train(models=("dt", "nb"), exclude=("dt",))
    assert [entry.id for entry in next(updates).field] == ["nb"]
    updates.close()


def test_the_pipeline_predicts_from_raw_rows_and_from_its_sample(compared, mixed):
    fitted = compared[-1]
    pipeline = cloudpickle.loads(fitted.pickled)
    features = mixed["classification"].drop(columns="buys")
    assert set(pipeline.predict(features)) == {"yes", "no"}
    assert len(fitted.sample) == 10
    rows = pd.DataFrame(json.loads(json.dumps(fitted.sample, allow_nan=False))).fillna(np.nan)
    assert list(pipeline.predict(rows)) == list(pipeline.predict(features.head(10)))


def test_the_pipeline_is_the_one_that_pycaret_fits(train, mixed):
    from pycaret.classification import ClassificationExperiment

    fitted = list(train(plan="create", bases=(Recipe(model="lr"),)))[-1]
    ours = cloudpickle.loads(fitted.pickled)
    experiment = ClassificationExperiment()
    quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
    experiment.setup(mixed["classification"], target="buys", session_id=11, fold=3, **quiet)
    theirs = experiment.create_model("lr", verbose=False)
    told = experiment.predict_model(theirs, data=mixed["classification"].drop(columns="buys"), raw_score=True)
    features = mixed["classification"].drop(columns="buys")
    assert list(ours.predict(features)) == list(told["prediction_label"])
    np.testing.assert_allclose(
        ours.predict_proba(features), told[["prediction_score_no", "prediction_score_yes"]], atol=1e-4
    )


def test_the_pipelines_schema_is_that_of_the_features(compared):
    assert compared[-1].schema == [
        {"name": "age", "dtype": "float64", "kind": "number"},
        {"name": "income", "dtype": "float64", "kind": "number"},
        {"name": "city", "dtype": "object", "kind": "text"},
        {"name": "visits", "dtype": "int64", "kind": "number"},
    ]


def test_the_environment_names_what_the_run_was_set_up_with(compared):
    versions = dict(line.split("==") for line in compared[0].environment.splitlines())
    assert versions["pycaret"] == "3.3.2"
    assert list(versions) == sorted(versions)


def test_the_same_request_gives_the_same_numbers_whatever_the_workers(train, compared):
    again = units(train(models=("dt", "nb", "dummy"), workers=3))
    assert {(unit.model, unit.fold): unit.metrics for unit in again} == {
        (unit.model, unit.fold): unit.metrics for unit in units(compared)
    }


def test_what_pycaret_refuses_is_refused_in_its_own_words(train):
    with pytest.raises(BadRequest) as caught:
        list(train(setup={"feature_selection": True, "feature_selection_estimator": "nosuchmodel"}))
    assert caught.value.code == "experiment.failed"
    assert caught.value.message.startswith("Set-up failed: ValueError: ")


def test_models_that_are_not_installed_are_told_apart_from_the_field(train):
    updates = train(models=("nb", "catboost"))
    fitted = next(updates)
    updates.close()
    assert [entry.id for entry in fitted.field] == ["nb"]
    assert fitted.missing == {"catboost": "catboost is not installed where training runs."}


def test_a_field_of_which_nothing_is_installed_is_refused(train):
    with pytest.raises(BadRequest) as caught:
        list(train(models=("catboost",)))
    assert caught.value.code == "models.not_installed"
    assert "catboost" in caught.value.message


def test_a_model_that_cannot_be_fitted_costs_its_row_and_says_why(train, mixed):
    """Quadratic discriminants need two rows a class; gaussian processes and such have limits of their own."""
    frame = mixed["classification"].assign(buys=[f"c{row % 40}" for row in range(160)])
    updates = list(train(frame=frame, models=("nb", "qda"), folds=2))
    failed = [update for update in updates if isinstance(update, UnitFailed)]
    assert {(failure.model, failure.timed_out) for failure in failed} == {("qda", False)}
    assert all("ValueError: " in failure.reason for failure in failed)
    assert {unit.model for unit in units(updates)} == {"nb"}
    assert updates[-1].model == "nb"


def test_rows_without_a_target_are_refused_with_their_number(train, mixed):
    frame = mixed["classification"].copy()
    frame.loc[::20, "buys"] = None
    with pytest.raises(BadRequest, match="8 missing values found in the target column: buys"):
        list(train(frame=frame, models=("nb",)))


def test_leaving_a_run_early_ends_its_workers(train):
    import psutil

    before = {child.pid for child in psutil.Process().children()}
    updates = train(models=("gbc", "ada", "rf"), folds=20)
    assert any(isinstance(update, UnitScored) for update in updates)
    assert {child.pid for child in psutil.Process().children()} > before
    updates.close()
    assert {child.pid for child in psutil.Process().children()} == before


def test_a_search_of_a_grid_without_end_is_refused_with_its_size(train):
    with pytest.raises(BadRequest, match=r"would try [\d,]{9,} sets of parameters of Light Gradient Boosting Machine"):
        list(train(plan="tune", bases=(Recipe(model="lightgbm"),), options={"search_algorithm": "grid"}))


def test_a_parameter_that_the_model_does_not_have_is_named(train):
    grid = {"C": [1.0], "foo": [1, 2], "bar": [3]}
    with pytest.raises(BadRequest, match=r"^Logistic Regression has no parameter foo, bar\. It has C, .*max_iter, "):
        list(train(plan="tune", bases=(Recipe(model="lr"),), options={"custom_grid": grid}))


def test_trials_are_drawn_from_a_grid_that_is_named_even_where_all_of_it_is_tried(train):
    """PyCaret tries the whole of its own grid in order, but shuffles one that is named."""
    from sklearn.model_selection import ParameterSampler

    grid = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 2]}
    with pytest.warns(UserWarning, match="smaller than n_iter"):
        drawn = [trial["max_depth"] for trial in ParameterSampler(grid, 10, random_state=11)]
    fitted = next(iter(train(plan="tune", bases=(Recipe(model="dt"),), options={"custom_grid": grid, "n_iter": 10})))
    assert [entry.recipe.params["max_depth"] for entry in fitted.field[1:]] == drawn
