"""Forecasting: PyCaret's models, metrics and set-up options, and what Workbench adds to them."""

from __future__ import annotations

from workbench.catalogue import tabular
from workbench.catalogue.kinds import Metric, Model, Option, Task

BASELINES = ("naive", "snaive")
_IMPUTATIONS = ("drift", "linear", "nearest", "mean", "median", "backfill", "bfill", "pad", "ffill", "random")
_TRANSFORMATIONS = (None, "box-cox", "log", "sqrt", "exp", "cos")
_SCALES = (None, "zscore", "minmax", "maxabs", "robust")
_TABULAR_ONLY = ("test_data", "memory", "index", "encoding_method", "custom_pipeline_position")
_OBJECT = "Workbench itself: an object cannot be named in a stored run"


def _reduced(model_id: str, name: str, requires: str | None = None) -> Model:
    """A regressor that forecasts from the values before, season and trend taken out and put back."""
    return Model(f"{model_id}_cds_dt", f"{name} w/ Cond. Deseasonalize & Detrending", requires=requires)


_OPTIONS = (
    Option("fh", "values", 1, "Steps to forecast: how many, or which ones as a list.", is_common=True),
    Option(
        "gap",
        "int",
        0,
        "Rows between the end of the rows to learn from and the first forecast, in every split and in use.",
        is_common=True,
        is_own=True,
    ),
    Option("index", "column", None, "Column of dates, or of whole numbers; none: rows in their order.", is_common=True),
    Option("ignore_features", "columns", None, "Columns to leave out.", is_common=True),
    Option("numeric_imputation_target", "text", None, "Fill for gaps in the target: a way or a number.", _IMPUTATIONS),
    Option(
        "numeric_imputation_exogenous", "text", None, "Fill for gaps in other columns: a way or a number.", _IMPUTATIONS
    ),
    Option("transform_target", "choice", None, "Transform the target.", _TRANSFORMATIONS, is_common=True),
    Option("transform_exogenous", "choice", None, "Transform the other columns.", _TRANSFORMATIONS),
    Option("scale_target", "choice", None, "Scale the target.", _SCALES),
    Option("scale_exogenous", "choice", None, "Scale the other columns.", _SCALES),
    Option(
        "fold_strategy",
        "choice",
        "expanding",
        "Whether splits learn from all rows before (expanding, rolling) or from as many each (sliding).",
        ("expanding", "sliding", "rolling"),
        is_common=True,
    ),
    Option("hyperparameter_split", "choice", "all", "Rows that season and differences are found on.", ("all", "train")),
    Option(
        "seasonal_period",
        "values",
        None,
        "Seasonal periods: numbers, or words such as M, W, D; none: found in the series.",
        is_common=True,
    ),
    Option("ignore_seasonality_test", "bool", False, "Take the seasonal period as it is named, untested."),
    Option("sp_detection", "choice", "auto", "Where seasonal periods are found.", ("auto", "index")),
    Option("max_sp_to_consider", "int", 60, "Longest seasonal period to look for."),
    Option("remove_harmonics", "bool", False, "Leave out periods that are harmonics of others."),
    Option(
        "harmonic_order_method",
        "choice",
        "harmonic_max",
        "Which of them stays.",
        ("harmonic_strength", "harmonic_max", "raw_strength"),
    ),
    Option("num_sps_to_use", "int", 1, "Seasonal periods to use; -1: all that are found."),
    Option("seasonality_type", "choice", "mul", "Kind of seasonality.", ("mul", "add", "auto")),
    Option("point_alpha", "float", None, "Quantile to forecast instead of the mean; keeps models that know intervals."),
    Option("coverage", "values", 0.9, "Share that prediction intervals cover, or their two quantiles."),
    Option("enforce_exogenous", "bool", True, "Keep only models that use the other columns, where there are any."),
)

TIME_SERIES = Task(
    name="time_series",
    title="Forecasting",
    sort="MASE",
    plans=("setup", "create", "compare", "tune", "blend", "finalize"),
    folds=3,
    always=BASELINES,
    models=(
        Model("naive", "Naive Forecaster"),
        Model("grand_means", "Grand Means Forecaster"),
        Model("snaive", "Seasonal Naive Forecaster"),
        Model("polytrend", "Polynomial Trend Forecaster"),
        Model("arima", "ARIMA"),
        Model("auto_arima", "Auto ARIMA"),
        Model("exp_smooth", "Exponential Smoothing"),
        Model("ets", "ETS"),
        Model("theta", "Theta Forecaster"),
        Model("stlf", "STLF"),
        Model("croston", "Croston"),
        Model("bats", "BATS", is_turbo=False),
        Model("tbats", "TBATS", is_turbo=False),
        Model("prophet", "Prophet", is_turbo=False, requires="prophet"),
        _reduced("lr", "Linear"),
        _reduced("en", "Elastic Net"),
        _reduced("ridge", "Ridge"),
        _reduced("lasso", "Lasso"),
        _reduced("llar", "Lasso Least Angular Regressor"),
        _reduced("br", "Bayesian Ridge"),
        _reduced("huber", "Huber"),
        _reduced("omp", "Orthogonal Matching Pursuit"),
        _reduced("knn", "K Neighbors"),
        _reduced("dt", "Decision Tree"),
        _reduced("rf", "Random Forest"),
        _reduced("et", "Extra Trees"),
        _reduced("gbr", "Gradient Boosting"),
        _reduced("ada", "AdaBoost"),
        _reduced("xgboost", "Extreme Gradient Boosting", requires="xgboost"),
        _reduced("lightgbm", "Light Gradient Boosting"),
        _reduced("catboost", "CatBoost Regressor", requires="catboost"),
    ),
    metrics=(
        Metric("mase", "MASE", greater_is_better=False),
        Metric("rmsse", "RMSSE", greater_is_better=False, is_minor=True),
        Metric("mae", "MAE", greater_is_better=False),
        Metric("rmse", "RMSE", greater_is_better=False, is_minor=True),
        Metric("mape", "MAPE", greater_is_better=False, is_minor=True),
        Metric("smape", "SMAPE", greater_is_better=False),
        Metric("r2", "R2", is_minor=True),
        Metric("coverage", "COVERAGE", needs_setup="point_alpha"),
        Metric(
            "wape",
            "WAPE",
            greater_is_better=False,
            is_own=True,
            about="Weighted absolute percentage error: absolute errors in percent of absolute actual values, in sum.",
        ),
        Metric(
            "bias",
            "Bias",
            greater_is_better=False,
            is_own=True,
            nearest_zero=True,
            about="Mean of actual less forecast values: positive where forecasts are too low.",
        ),
        Metric(
            "stability",
            "Stability",
            greater_is_better=False,
            is_own=True,
            ranks=False,
            spread_of="WAPE",
            about="How much WAPE varies over the splits: its standard deviation in percent of its mean.",
        ),
    ),
    managed={name: governor for name, governor in tabular.MANAGED.items() if name not in _TABULAR_ONLY}
    | {
        "fe_target_rr": _OBJECT,
        "fe_exogenous": _OBJECT,
        "engine": "Workbench itself: each model's own engine, as by default",
        "fig_kwargs": "the store",
    },
    options={option.name: option for option in _OPTIONS},
)
