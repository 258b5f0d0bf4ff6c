"""Clustering: PyCaret's models, metrics and set-up options, and two counts that it does not show."""

from __future__ import annotations

from workbench.catalogue.kinds import Metric, Model, Task
from workbench.catalogue.unsupervised import MANAGED, OPTIONS

_THIS_TABLE = "It cannot place new rows: its pipeline holds the clusters of this table and no more."

CLUSTERING = Task(
    name="clustering",
    title="Clustering",
    sort="Silhouette",
    plans=("setup", "create", "compare"),
    models=(
        Model("kmeans", "K-Means Clustering"),
        Model("ap", "Affinity Propagation"),
        Model("meanshift", "Mean Shift Clustering"),
        Model("sc", "Spectral Clustering", new_rows=_THIS_TABLE),
        Model("hclust", "Agglomerative Clustering", new_rows=_THIS_TABLE),
        Model("dbscan", "Density-Based Spatial Clustering", new_rows=_THIS_TABLE),
        Model("optics", "OPTICS Clustering", new_rows=_THIS_TABLE),
        Model("birch", "Birch Clustering"),
        Model("kmodes", "K-Modes Clustering", requires="kmodes"),
    ),
    metrics=(
        Metric("silhouette", "Silhouette"),
        Metric("chs", "Calinski-Harabasz"),
        # PyCaret's container says that more is better; it ranks nothing by it. Davies and Bouldin 1979: less is.
        Metric("db", "Davies-Bouldin", greater_is_better=False),
        Metric("hs", "Homogeneity", needs_ground_truth=True),
        Metric("ari", "Rand Index", needs_ground_truth=True),
        Metric("cs", "Completeness", needs_ground_truth=True),
        Metric("clusters", "Clusters", is_own=True, ranks=False, about="How many clusters were found, noise aside."),
        Metric(
            "noise",
            "Noise",
            is_own=True,
            ranks=False,
            about="Share of rows in no cluster. Other metrics take them for one more cluster, as PyCaret does.",
        ),
    ),
    options=OPTIONS,
    managed=MANAGED,
    has_target=False,
    folds=1,
)
