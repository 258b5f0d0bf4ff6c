"""The measures of a clustering: PyCaret's own functions, how many clusters there are, and how much is noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sklearn

from workbench.training.measured import Measured
from workbench.training.unsupervised.table import Array, Table

NOISE = -1
"""Label of rows that are in no cluster."""
WORKING_MEMORY_MIB = 64
"""What distances between rows may take at a time: scikit-learn's own 1 GiB would outgrow a unit's share."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Measures clusterings of one experiment.

    Attributes
    ----------
    of_shape
        Display name → PyCaret's function of rows and labels.
    of_truth
        Display name → PyCaret's function of true groups and labels.
    """

    of_shape: dict[str, Callable[[Any, Array], float]]
    of_truth: dict[str, Callable[[Array, Array], float]]

    @classmethod
    def of(cls, experiment: Any) -> Clusters:
        metrics = experiment._all_metrics.values()
        return cls(
            {metric.display_name: metric.score_func for metric in metrics if not metric.needs_ground_truth},
            {metric.display_name: metric.score_func for metric in metrics if metric.needs_ground_truth},
        )

    @staticmethod
    def encode(truth: pd.Series[Any]) -> pd.Series[Any]:
        """Number the true groups; −1 where there is none."""
        return pd.Series(pd.factorize(truth)[0], truth.index)

    def fit(self, estimator: Any, table: Table) -> Any:
        """Fit a model on the whole table."""
        return table.fit(estimator)

    def __call__(self, estimator: Any, fitted: Any, table: Table) -> Measured:  # noqa: ARG002
        labels = np.asarray(fitted.labels_).astype(np.int64)
        measured = Measured()
        self._put_shape(measured, labels, table.X)
        if table.truth is not None:
            self._put_truth(measured, labels, table.truth)
        clusters = np.unique(labels[labels != NOISE])
        measured.put("Clusters", len(clusters))
        measured.put("Noise", float(np.mean(labels == NOISE)))
        return measured

    def _put_shape(self, measured: Measured, labels: Array, X: pd.DataFrame) -> None:
        why = _shapeless(labels)
        for name, function in self.of_shape.items():
            if why is not None:
                measured.leave_out(name, why, pycaret=0.0)
                continue
            with sklearn.config_context(working_memory=WORKING_MEMORY_MIB):
                measured.put(name, float(function(X, labels)))

    def _put_truth(self, measured: Measured, labels: Array, truth: Array) -> None:
        known = truth >= 0
        for name, function in self.of_truth.items():
            if known.any():
                measured.put(name, float(function(truth[known], labels[known])))
            else:
                measured.leave_out(name, "No row has a ground truth.")


def _shapeless(labels: Array) -> str | None:
    """Say why labels have no shape to measure, None where they have one."""
    found = np.unique(labels)
    if len(found) == len(labels):
        return "Every row is a cluster of its own."
    if len(found) > 1:
        return None
    return "No cluster was found: every row is noise." if found[0] == NOISE else "All rows are in one cluster."
