"""Whatever a pipeline was set up with, it is compiled and predicts random rows as the pipeline itself does."""

from __future__ import annotations

import pytest

from tests.predictor.test_families import check

ROWS = 400

pytestmark = pytest.mark.filterwarnings("ignore")
GROUPED = {"g": ["age", "income", "visits"]}
OPTIONS = {
    "nothing": {},
    "z-scores after a Yeo-Johnson transformation": {"normalize": True, "transformation": True},
    "a quantile transformation, then components": {
        "transformation": True,
        "transformation_method": "quantile",
        "pca": True,
        "pca_components": 4,
    },
    "components of some columns, scaled to a range": {
        "normalize": True,
        "normalize_method": "minmax",
        "pca": True,
        "pca_method": "incremental",
        "pca_components": 4,
        "keep_features": ["income"],
    },
    "kernel components, robustly scaled": {
        "normalize": True,
        "normalize_method": "robust",
        "pca": True,
        "pca_method": "kernel",
        "pca_components": 3,
    },
    "products": {"polynomial_features": True, "normalize": True, "normalize_method": "maxabs"},
    "a choice by another model": {"feature_selection": True, "n_features_to_select": 0.5},
    "a choice by one column at a time, some kept": {
        "feature_selection": True,
        "feature_selection_method": "univariate",
        "n_features_to_select": 4,
        "keep_features": ["visits"],
    },
    "bins, groups": {"bin_numeric_features": ["income"], "group_features": GROUPED},
    "few features": {
        "remove_multicollinearity": True,
        "multicollinearity_threshold": 0.8,
        "low_variance_threshold": 0.05,
    },
    "groups in place of columns, outliers out, classes evened": {
        "group_features": GROUPED,
        "drop_groups": True,
        "remove_outliers": True,
        "fix_imbalance": True,
    },
    "rare categories grouped, others by their target": {"rare_to_value": 0.02, "max_encoding_ohe": 3},
    "ordered categories, texts and numbers": {
        "ordinal_features": {"grade": ["low", "mid", "high"], "visits": [0, 1, 2, 3, 4, 5]},
        "max_encoding_ohe": -1,
    },
    "numbers as categories": {"categorical_features": ["visits", "city", "sex", "zip", "grade"]},
    "dates in full": {
        "date_features": ["since"],
        "create_date_columns": ["day", "month", "year", "quarter", "dayofweek", "dayofyear", "hour"],
    },
    "gaps filled from other rows": {"numeric_imputation": "knn", "categorical_imputation": "unknown"},
    "gaps filled with a number": {"numeric_imputation": -1.5, "ignore_features": ["zip", "visits"]},
    "gaps left": {"imputation_type": None},
}
BY_MODELS = {"imputation_type": "iterative", "iterative_imputation_iters": 1, "date_features": ["since"]}
"""Gaps filled by models, of a table with dates."""


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_makes_no_difference_to_what_is_predicted(name, loaded, draw):
    predictor = loaded("lightgbm", setup=OPTIONS[name])
    check(predictor, draw(predictor, ROWS))


def test_numbers_that_nothing_was_done_to_are_predicted_alike(loaded, draw):
    predictor = loaded("lightgbm", setup={"preprocess": False}, columns=("income", "visits", "score"))
    check(predictor, draw(predictor, ROWS))


@pytest.mark.parametrize("method", ["yeo-johnson", "quantile"])
def test_a_target_that_was_transformed_is_transformed_back(method, loaded, draw):
    predictor = loaded("rf", "regression", {"transform_target": True, "transform_target_method": method})
    check(predictor, draw(predictor, ROWS))


@pytest.mark.parametrize(
    "setup",
    [
        {"text_features": ["note"]},
        {"text_features": ["note"], "text_features_method": "bow"},
        {"numeric_imputation": "drop"},
        {"categorical_imputation": "drop"},
        BY_MODELS,
    ],
)
def test_rows_without_a_gap_are_compiled_where_a_step_takes_no_gaps_by_itself(setup, loaded, draw):
    predictor = loaded("lightgbm", setup=setup)
    check(predictor, draw(predictor, ROWS, wild=False))


def test_gaps_that_are_filled_by_models_are_left_to_the_pipeline_itself(loaded, draw):
    predictor = loaded("lightgbm", setup=BY_MODELS)
    check(predictor, draw(predictor, 60))


@pytest.mark.parametrize("task", ["clustering", "anomaly"])
def test_tasks_without_a_target_encode_categories_in_their_own_way(task, loaded, draw):
    model = {"clustering": "kmeans", "anomaly": "iforest"}[task]
    predictor = loaded(model, task, {"max_encoding_ohe": 5, "normalize": True, "pca": True, "pca_components": 3})
    check(predictor, draw(predictor, ROWS))
