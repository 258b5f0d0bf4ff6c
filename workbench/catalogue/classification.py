"""Classification: PyCaret's models, metrics and set-up options."""

from __future__ import annotations

from workbench.catalogue.kinds import Metric, Model, Option, Task
from workbench.catalogue.tabular import MANAGED, options

CLASSIFICATION = Task(
    name="classification",
    title="Classification",
    sort="Accuracy",
    plans=("setup", "create", "compare", "tune", "ensemble", "blend", "stack", "calibrate", "finalize"),
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
    managed=MANAGED,
    options=options(
        stratify=True,
        fold_strategy="stratifiedkfold",
        extra=(
            Option("fix_imbalance", "bool", False, "Resample the training rows to even the classes.", is_common=True),
            Option("fix_imbalance_method", "text", "SMOTE", "How they are resampled."),
        ),
    ),
)
