"""Set-up options that clustering and anomaly detection share: those of the tabular tasks that need no target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.catalogue import tabular
from workbench.catalogue.kinds import Option

_NEED_A_TARGET = frozenset(
    {
        "train_size",
        "iterative_imputation_iters",
        "numeric_iterative_imputer",
        "categorical_iterative_imputer",
        "feature_selection",
        "feature_selection_method",
        "feature_selection_estimator",
        "n_features_to_select",
        "data_split_shuffle",
        "data_split_stratify",
        "fold_strategy",
        "fold_shuffle",
        "fold_groups",
    }
)
_OTHERWISE: Mapping[str, Mapping[str, Any]] = {
    "imputation_type": {"choices": ("simple", None)},
    "max_encoding_ohe": {"default": -1, "about": "Most categories that are one-hot encoded; -1: any number."},
    "remove_outliers": {"about": "Drop outliers from the table."},
    "normalize": {"about": "Scale the features: where they are not, those with the largest numbers decide."},
}

OPTIONS: Mapping[str, Option] = {
    name: replace(option, **_OTHERWISE.get(name, {}))
    for name, option in tabular.options(stratify=False, fold_strategy="kfold", extra=()).items()
    if name not in _NEED_A_TARGET
}
MANAGED: Mapping[str, str] = {
    name: governor
    for name, governor in tabular.MANAGED.items()
    if name not in ("target", "test_data", "fold", "engine")
} | {"engines": "Workbench itself: scikit-learn's engines, as by default"}
"""Set-up parameters that are not the user's to set, and what governs each of them here."""
