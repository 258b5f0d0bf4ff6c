"""Regression: PyCaret's models, metrics and set-up options."""

from __future__ import annotations

from workbench.catalogue.kinds import Metric, Model, Option, Task
from workbench.catalogue.tabular import MANAGED, options

REGRESSION = Task(
    name="regression",
    title="Regression",
    sort="R2",
    plans=("setup", "create", "compare", "tune", "ensemble", "blend", "stack", "finalize"),
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
    managed=MANAGED,
    options=options(
        stratify=False,
        fold_strategy="kfold",
        extra=(
            Option("transform_target", "bool", False, "Make the target more normal while fitting.", is_common=True),
            Option("transform_target_method", "choice", "yeo-johnson", "How.", ("yeo-johnson", "quantile")),
        ),
    ),
)
