"""What can be asked for: tasks, plans, models, metrics and setup options, as plain data.

A kernel validates a request and fills a form from these tables without importing PyCaret. A test holds them against
PyCaret 3.3.2 itself: names, order, defaults and turbo flags are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TaskName = Literal["classification", "regression"]
PlanName = Literal["setup", "create", "compare", "tune", "ensemble", "blend", "stack", "calibrate", "finalize"]
OptionKind = Literal["bool", "int", "float", "number", "text", "choice", "columns", "mapping"]


@dataclass(frozen=True, slots=True)
class Model:
    """An estimator of PyCaret's model library.

    Attributes
    ----------
    is_turbo
        Whether ``compare`` runs it when no models are named.
    requires
        Package beyond PyCaret's own dependencies that it needs, or None.
    """

    id: str
    name: str
    is_turbo: bool = True
    requires: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    id: str
    name: str
    greater_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Option:
    """A set-up option: PyCaret's name and default, the values it takes, and a line for a form."""

    name: str
    kind: OptionKind
    default: Any
    about: str
    choices: tuple[Any, ...] = ()
    is_common: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    name: PlanName
    about: str
    is_runnable: bool = True
    """False while the engine does not run it yet; asking for it names the plans that it does run."""


@dataclass(frozen=True, slots=True)
class Task:
    name: TaskName
    title: str
    models: tuple[Model, ...]
    metrics: tuple[Metric, ...]
    sort: str
    """Display name of the metric that ranks a leaderboard unless another is named."""
    fold_strategy: str
    options: Mapping[str, Option] = field(repr=False)

    def model(self, model_id: str) -> Model | None:
        return next((model for model in self.models if model.id == model_id), None)

    def metric(self, name: str) -> Metric | None:
        """Find a metric by id or display name, whatever the case."""
        wanted = name.casefold()
        return next((m for m in self.metrics if wanted in (m.id.casefold(), m.name.casefold())), None)

    @property
    def turbo(self) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.is_turbo and model.requires is None)


FOLDS = 10
SEED = 42
FOLDS_LEAST, FOLDS_MOST = 2, 200
SEED_MOST = 2**32 - 1

PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("setup", "fit the preprocessing only"),
        Plan("create", "cross-validate and fit one model"),
        Plan("compare", "cross-validate a field of models and fit the best"),
        Plan("tune", "search one model's parameters", is_runnable=False),
        Plan("ensemble", "bag or boost one model", is_runnable=False),
        Plan("blend", "average several models", is_runnable=False),
        Plan("stack", "stack several models under another", is_runnable=False),
        Plan("calibrate", "calibrate one model's probabilities", is_runnable=False),
        Plan("finalize", "refit one model on all rows", is_runnable=False),
    )
}


def _options(*, stratify: bool, fold_strategy: str, extra: tuple[Option, ...]) -> dict[str, Option]:
    shared = (
        Option("train_size", "float", 0.7, "Share of rows to train and cross-validate on.", is_common=True),
        Option("numeric_features", "columns", None, "Columns to treat as numbers."),
        Option("categorical_features", "columns", None, "Columns to treat as categories."),
        Option("ordinal_features", "mapping", None, "Ordered categories: column → values, lowest first."),
        Option("date_features", "columns", None, "Columns to treat as dates."),
        Option("text_features", "columns", None, "Columns to treat as free text."),
        Option("ignore_features", "columns", None, "Columns to leave out.", is_common=True),
        Option("keep_features", "columns", None, "Columns that feature selection must keep."),
        Option("preprocess", "bool", True, "Apply the preprocessing below at all."),
        Option("create_date_columns", "columns", ["day", "month", "year"], "Parts to take from dates."),
        Option("imputation_type", "choice", "simple", "How gaps are filled.", ("simple", "iterative", None)),
        Option(
            "numeric_imputation",
            "text",
            "mean",
            "Fill for numbers: mean, median, mode, knn, drop or a number.",
            ("mean", "median", "mode", "knn", "drop"),
            is_common=True,
        ),
        Option(
            "categorical_imputation",
            "text",
            "mode",
            "Fill for categories: mode, drop or a text.",
            ("mode", "drop"),
            is_common=True,
        ),
        Option("iterative_imputation_iters", "int", 5, "Rounds of iterative imputation."),
        Option("numeric_iterative_imputer", "text", "lightgbm", "Model that imputes numbers."),
        Option("categorical_iterative_imputer", "text", "lightgbm", "Model that imputes categories."),
        Option("text_features_method", "choice", "tf-idf", "How text becomes numbers.", ("tf-idf", "bow")),
        Option("max_encoding_ohe", "int", 25, "Most categories that are one-hot encoded."),
        Option("rare_to_value", "float", None, "Share below which a category counts as rare."),
        Option("rare_value", "text", "rare", "Name of the rare category."),
        Option("polynomial_features", "bool", False, "Add polynomial features.", is_common=True),
        Option("polynomial_degree", "int", 2, "Degree of the polynomial features."),
        Option("low_variance_threshold", "float", None, "Drop features whose variance is at most this."),
        Option("group_features", "mapping", None, "Feature groups to summarise: name → columns."),
        Option("drop_groups", "bool", False, "Drop the grouped columns afterwards."),
        Option("remove_multicollinearity", "bool", False, "Drop correlated features.", is_common=True),
        Option("multicollinearity_threshold", "float", 0.9, "Correlation from which a feature is dropped."),
        Option("bin_numeric_features", "columns", None, "Numbers to put into bins."),
        Option("remove_outliers", "bool", False, "Drop outliers from the training rows.", is_common=True),
        Option("outliers_method", "choice", "iforest", "How outliers are found.", ("iforest", "ee", "lof")),
        Option("outliers_threshold", "float", 0.05, "Share of rows taken for outliers."),
        Option("transformation", "bool", False, "Make features more normal.", is_common=True),
        Option("transformation_method", "choice", "yeo-johnson", "How.", ("yeo-johnson", "quantile")),
        Option("normalize", "bool", False, "Scale the features.", is_common=True),
        Option(
            "normalize_method",
            "choice",
            "zscore",
            "How features are scaled.",
            ("zscore", "minmax", "maxabs", "robust"),
            is_common=True,
        ),
        Option("pca", "bool", False, "Reduce the features by principal components.", is_common=True),
        Option("pca_method", "choice", "linear", "Kind of components.", ("linear", "kernel", "incremental")),
        Option("pca_components", "number", None, "How many components, or the variance they keep."),
        Option("feature_selection", "bool", False, "Keep only the most useful features.", is_common=True),
        Option(
            "feature_selection_method",
            "choice",
            "classic",
            "How features are chosen.",
            ("univariate", "classic", "sequential"),
        ),
        Option("feature_selection_estimator", "text", "lightgbm", "Model that ranks the features."),
        Option("n_features_to_select", "number", 0.2, "How many features to keep, or which share."),
        Option("data_split_shuffle", "bool", True, "Shuffle before the hold-out is split off."),
        Option("data_split_stratify", "bool", stratify, "Keep the classes' shares in the hold-out."),
        Option(
            "fold_strategy",
            "choice",
            fold_strategy,
            "How folds are made.",
            ("kfold", "stratifiedkfold", "groupkfold", "timeseries"),
            is_common=True,
        ),
        Option("fold_shuffle", "bool", False, "Shuffle before folds are made."),
        Option("fold_groups", "text", None, "Column whose groups stay together (groupkfold)."),
    )
    return {option.name: option for option in (*shared, *extra)}


CLASSIFICATION = Task(
    name="classification",
    title="Classification",
    sort="Accuracy",
    fold_strategy="stratifiedkfold",
    models=(
        Model("lr", "Logistic Regression"),
        Model("knn", "K Neighbors Classifier"),
        Model("nb", "Naive Bayes"),
        Model("dt", "Decision Tree Classifier"),
        Model("svm", "SVM - Linear Kernel"),
        Model("rbfsvm", "SVM - Radial Kernel", is_turbo=False),
        Model("gpc", "Gaussian Process Classifier", is_turbo=False),
        Model("mlp", "MLP Classifier", is_turbo=False),
        Model("ridge", "Ridge Classifier"),
        Model("rf", "Random Forest Classifier"),
        Model("qda", "Quadratic Discriminant Analysis"),
        Model("ada", "Ada Boost Classifier"),
        Model("gbc", "Gradient Boosting Classifier"),
        Model("lda", "Linear Discriminant Analysis"),
        Model("et", "Extra Trees Classifier"),
        Model("xgboost", "Extreme Gradient Boosting", requires="xgboost"),
        Model("lightgbm", "Light Gradient Boosting Machine"),
        Model("catboost", "CatBoost Classifier", requires="catboost"),
        Model("dummy", "Dummy Classifier"),
    ),
    metrics=(
        Metric("acc", "Accuracy"),
        Metric("auc", "AUC"),
        Metric("recall", "Recall"),
        Metric("precision", "Prec."),
        Metric("f1", "F1"),
        Metric("kappa", "Kappa"),
        Metric("mcc", "MCC"),
    ),
    options=_options(
        stratify=True,
        fold_strategy="stratifiedkfold",
        extra=(
            Option("fix_imbalance", "bool", False, "Resample the training rows to even the classes.", is_common=True),
            Option("fix_imbalance_method", "text", "SMOTE", "How they are resampled."),
        ),
    ),
)

REGRESSION = Task(
    name="regression",
    title="Regression",
    sort="R2",
    fold_strategy="kfold",
    models=(
        Model("lr", "Linear Regression"),
        Model("lasso", "Lasso Regression"),
        Model("ridge", "Ridge Regression"),
        Model("en", "Elastic Net"),
        Model("lar", "Least Angle Regression"),
        Model("llar", "Lasso Least Angle Regression"),
        Model("omp", "Orthogonal Matching Pursuit"),
        Model("br", "Bayesian Ridge"),
        Model("ard", "Automatic Relevance Determination", is_turbo=False),
        Model("par", "Passive Aggressive Regressor"),
        Model("ransac", "Random Sample Consensus", is_turbo=False),
        Model("tr", "TheilSen Regressor", is_turbo=False),
        Model("huber", "Huber Regressor"),
        Model("kr", "Kernel Ridge", is_turbo=False),
        Model("svm", "Support Vector Regression", is_turbo=False),
        Model("knn", "K Neighbors Regressor"),
        Model("dt", "Decision Tree Regressor"),
        Model("rf", "Random Forest Regressor"),
        Model("et", "Extra Trees Regressor"),
        Model("ada", "AdaBoost Regressor"),
        Model("gbr", "Gradient Boosting Regressor"),
        Model("mlp", "MLP Regressor", is_turbo=False),
        Model("xgboost", "Extreme Gradient Boosting", requires="xgboost"),
        Model("lightgbm", "Light Gradient Boosting Machine"),
        Model("catboost", "CatBoost Regressor", requires="catboost"),
        Model("dummy", "Dummy Regressor"),
    ),
    metrics=(
        Metric("mae", "MAE", greater_is_better=False),
        Metric("mse", "MSE", greater_is_better=False),
        Metric("rmse", "RMSE", greater_is_better=False),
        Metric("r2", "R2"),
        Metric("rmsle", "RMSLE", greater_is_better=False),
        Metric("mape", "MAPE", greater_is_better=False),
    ),
    options=_options(
        stratify=False,
        fold_strategy="kfold",
        extra=(
            Option("transform_target", "bool", False, "Make the target more normal while fitting.", is_common=True),
            Option("transform_target_method", "choice", "yeo-johnson", "How.", ("yeo-johnson", "quantile")),
        ),
    ),
)

TASKS: Mapping[str, Task] = {task.name: task for task in (CLASSIFICATION, REGRESSION)}

SHARES = frozenset({"train_size", "outliers_threshold", "multicollinearity_threshold", "rare_to_value"})
"""Set-up options that are a share: more than 0 and less than 1."""

MANAGED_OPTIONS: Mapping[str, str] = {
    "data": "the data source",
    "data_func": "the data source",
    "target": "target",
    "test_data": "train_size",
    "session_id": "seed",
    "fold": "folds",
    "n_jobs": "the workers setting",
    "use_gpu": "the workers setting",
    "memory": "Workbench itself: each fold is prepared once",
    "html": "Workbench itself",
    "verbose": "Workbench itself",
    "system_log": "the run's events",
    "log_experiment": "the store",
    "experiment_name": "the experiment",
    "experiment_custom_tags": "the experiment",
    "log_plots": "the store",
    "log_profile": "the store",
    "log_data": "the store",
    "profile": "the data panel",
    "profile_kwargs": "the data panel",
    "index": "Workbench itself: rows are always numbered afresh",
    "engine": "Workbench itself: scikit-learn's engine, as by default",
    "encoding_method": "Workbench itself: an object cannot be named in a stored run",
    "custom_pipeline": "Workbench itself: an object cannot be named in a stored run",
    "custom_pipeline_position": "Workbench itself: an object cannot be named in a stored run",
}
"""PyCaret's other set-up parameters, and what governs each of them here."""
