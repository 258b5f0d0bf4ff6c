"""What a run can do, and the options of each plan: PyCaret's names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.catalogue.kinds import Option, Plan


def _choose_better(default: bool) -> Option:
    return Option("choose_better", "bool", default, "Score what it starts from too, and keep the better one.")


_UNSUPERVISED = (
    Option(
        "num_clusters",
        "int",
        4,
        "Clusters to form. Affinity propagation, mean shift, DBSCAN and OPTICS find their own number.",
        tasks=("clustering",),
        parameter="n_clusters",
    ),
    Option(
        "fraction",
        "float",
        0.05,
        "Share of rows to flag as anomalies, at most 0.5.",
        tasks=("anomaly",),
        parameter="contamination",
    ),
    Option(
        "ground_truth",
        "column",
        None,
        "Column that holds the true groups, or which rows are anomalies: it is kept from the models, and they are "
        "judged by it.",
        tasks=("clustering", "anomaly"),
    ),
)
"""What PyCaret's ``create_model`` takes without a target."""

PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("setup", "fit the preprocessing only"),
        Plan("create", "cross-validate and fit one model", _UNSUPERVISED, least=1, most=1),
        Plan("compare", "cross-validate a field of models and fit the best", _UNSUPERVISED, is_bare=True),
        Plan(
            "tune",
            "search one model's parameters",
            (
                Option("n_iter", "int", 10, "Trials: sets of parameters that are tried."),
                Option("search_algorithm", "choice", "random", "How parameters are drawn.", ("random", "grid")),
                Option("custom_grid", "mapping", None, "Values to search: parameter → list; none: PyCaret's own."),
                _choose_better(True),
            ),
            least=1,
            most=1,
            is_bare=True,
        ),
        Plan(
            "ensemble",
            "bag or boost one model",
            (
                Option("method", "choice", "Bagging", "How copies are combined.", ("Bagging", "Boosting")),
                Option("n_estimators", "int", 10, "Copies of the model."),
                _choose_better(False),
            ),
            least=1,
            most=1,
        ),
        Plan(
            "blend",
            "average several models",
            (
                Option(
                    "method",
                    "choice",
                    "auto",
                    "What is averaged: labels (hard) or probabilities (soft).",
                    ("auto", "soft", "hard"),
                    tasks=("classification",),
                ),
                Option(
                    "method",
                    "choice",
                    "mean",
                    "How forecasts are averaged; weights count for mean, gmean and median.",
                    ("mean", "gmean", "median", "min", "max"),
                    tasks=("time_series",),
                ),
                Option("weights", "numbers", None, "A weight a model; none: all alike."),
                _choose_better(False),
            ),
            least=2,
        ),
        Plan(
            "stack",
            "stack several models under another",
            (
                Option("meta_model", "text", "lr", "The model on top, by id."),
                Option("meta_model_fold", "int", 5, "Folds on which the model on top learns."),
                Option(
                    "method",
                    "choice",
                    "auto",
                    "What it learns from.",
                    ("auto", "predict_proba", "decision_function", "predict"),
                    tasks=("classification",),
                ),
                Option("restack", "bool", False, "Let it see the features too."),
                _choose_better(False),
            ),
            least=2,
        ),
        Plan(
            "calibrate",
            "calibrate one model's probabilities",
            (
                Option("method", "choice", "sigmoid", "How.", ("sigmoid", "isotonic")),
                Option("calibrate_fold", "int", 5, "Folds on which the calibration learns."),
                replace(_choose_better(False), is_own=True),
            ),
            least=1,
            most=1,
        ),
        Plan("finalize", "cross-validate one model and refit it on all rows", least=1, most=1),
    )
}
