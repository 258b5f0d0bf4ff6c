"""Anomaly detection: PyCaret's models and set-up options. It has no metrics: all of them are Workbench's own."""

from __future__ import annotations

from workbench.catalogue.kinds import Metric, Model, Task
from workbench.catalogue.unsupervised import MANAGED, OPTIONS

_AMONG_THEMSELVES = "It judges new rows among themselves, not against this table."

ANOMALY = Task(
    name="anomaly",
    title="Anomaly detection",
    sort="Stability",
    sort_by_truth="AUC",
    plans=("setup", "create", "compare"),
    models=(
        Model("abod", "Angle-base Outlier Detection"),
        Model("cluster", "Clustering-Based Local Outlier"),
        Model("cof", "Connectivity-Based Local Outlier", new_rows=_AMONG_THEMSELVES),
        Model("iforest", "Isolation Forest"),
        Model("histogram", "Histogram-based Outlier Detection"),
        Model("knn", "K-Nearest Neighbors Detector"),
        Model("lof", "Local Outlier Factor"),
        Model("svm", "One-class SVM detector"),
        Model("pca", "Principal Component Analysis"),
        Model("mcd", "Minimum Covariance Determinant"),
        Model("sod", "Subspace Outlier Detection", new_rows="It fails on new rows, in PyCaret too."),
        Model("sos", "Stochastic Outlier Selection", new_rows=_AMONG_THEMSELVES),
    ),
    metrics=(
        Metric(
            "auc",
            "AUC",
            is_own=True,
            needs_ground_truth=True,
            about="Chance that an anomaly scores higher than another row does; ties count half.",
        ),
        Metric(
            "ap",
            "Average Precision",
            is_own=True,
            needs_ground_truth=True,
            about="Precision, averaged over the places of the anomalies in the order of scores.",
        ),
        Metric(
            "stability",
            "Stability",
            is_own=True,
            about=(
                "Rank correlation of the scores that rows get from two fits which share these rows and no others: how "
                "little the order hangs on the sample. A model can be stable and wrong. The two fits count in the time "
                "to score."
            ),
        ),
        Metric("flagged", "Flagged", is_own=True, ranks=False, about="Share of rows that are flagged as anomalies."),
    ),
    options=OPTIONS,
    managed=MANAGED,
    has_target=False,
    folds=1,
)
