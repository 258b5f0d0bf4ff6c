"""The measures of a detector of anomalies, of which PyCaret has none."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.metrics import average_precision_score

from workbench.errors import BadRequest
from workbench.training.auc import auc
from workbench.training.measured import Measured
from workbench.training.unsupervised.table import Array, Table

CBLOF_CLUSTERS = 12
"""With how many clusters PyCaret tries the detector by clustering again where it cannot tell large ones from small."""
SHARED_LEAST = 10
"""Fewest rows whose order is compared between two fits."""


@dataclass(frozen=True, slots=True)
class Anomalies:
    """Measures detectors of one experiment.

    Attributes
    ----------
    seed
        Draws the rows of the two fits that are compared, the same for every model.
    """

    seed: int

    @classmethod
    def of(cls, experiment: Any) -> Anomalies:
        return cls(experiment.seed)

    @staticmethod
    def encode(truth: pd.Series[Any]) -> pd.Series[Any]:
        """Return 1 for the anomalies' value, 0 for the other, −1 where there is none.

        The rarer of the two values marks the anomalies; where both are as frequent, the larger one does.

        Raises
        ------
        BadRequest
            ``spec.invalid`` where there are not two values.
        """
        counts = truth.value_counts().sort_index(ascending=False)
        if len(counts) != 2:
            raise BadRequest("spec.invalid", f"The ground truth '{truth.name}' has {len(counts)} values, not two.")
        return pd.Series(np.where(truth.isna(), -1, truth == counts.idxmin()), truth.index)

    def fit(self, estimator: Any, table: Table, rows: Array | None = None) -> Any:
        """Fit a detector as PyCaret's ``create_model`` does: one by clustering is tried again with more clusters."""
        _tame_numba()
        try:
            return table.fit(estimator, rows)
        except ValueError:
            kind = type(estimator)
            # Where a recipe asks for another number, that is the number.
            if kind.__name__ != "CBLOFForceToDouble" or estimator.n_clusters != kind().n_clusters:
                raise
            return table.fit(clone(estimator).set_params(n_clusters=CBLOF_CLUSTERS), rows)

    def __call__(self, estimator: Any, fitted: Any, table: Table) -> Measured:
        scores = np.asarray(fitted.decision_scores_)
        measured = Measured()
        if table.truth is not None:
            _put_truth(measured, scores, table.truth)
        why = _orderless(scores)
        if why is None:
            self._put_stability(measured, estimator, table)
        else:
            measured.leave_out("Stability", why)
        measured.put("Flagged", float(np.mean(np.asarray(fitted.labels_) == 1)))
        return measured

    def _put_stability(self, measured: Measured, estimator: Any, table: Table) -> None:
        """Correlate the order of shared rows between two fits (Spearman 1904; Perini, Galvin and Vercruyssen 2020).

        Each fit takes a third of the rows that both share and a third of its own. What is compared are the scores that
        fitting yields, as some detectors score new rows among themselves alone.
        """
        order = np.random.RandomState(self.seed).permutation(len(table.X))
        shared, *own = np.array_split(order, 3)
        if len(shared) < SHARED_LEAST:
            measured.leave_out("Stability", f"It takes {3 * SHARED_LEAST} rows or more.")
            return
        try:
            one, other = (
                self.fit(estimator, table, np.concatenate([shared, rest])).decision_scores_[: len(shared)]
                for rest in own
            )
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the model itself is fitted: this costs one cell and not the row
            measured.leave_out("Stability", f"It cannot be fitted on two thirds of the rows: {error}")
            return
        why = _orderless(one) or _orderless(other)
        if why is not None:
            measured.leave_out("Stability", why)
            return
        measured.put("Stability", float(np.corrcoef(rankdata(one), rankdata(other))[0, 1]))


def _put_truth(measured: Measured, scores: Array, truth: Array) -> None:
    known = truth >= 0
    positive = truth[known] == 1
    why = "Some scores are not numbers." if np.isnan(scores[known]).any() else None
    if positive.all() or not positive.any():
        why = "The rows that are left are all of one kind."
    if why is not None:
        measured.leave_out("AUC", why)
        measured.leave_out("Average Precision", why)
        return
    measured.put("AUC", auc(positive, scores[known]))
    measured.put("Average Precision", float(average_precision_score(positive, rankdata(scores[known]))))


def _orderless(scores: Array) -> str | None:
    """Say why scores put rows into no order, None where they do."""
    if np.isnan(scores).any():
        return "Some scores are not numbers."
    return "All rows score alike." if len(np.unique(scores)) == 1 else None


@cache
def _tame_numba() -> None:
    """Keep what it compiles for detectors on disk, for that takes longer than fitting; and let it bear a fork."""
    from numba import config
    from numba.core.dispatcher import Dispatcher

    # Its usual threads are GNU's, and they end a process that is forked after they were used.
    setattr(config, "THREADING_LAYER", "workqueue")  # noqa: B010 - made at run time: mypy does not know it
    for name, module in list(sys.modules.items()):
        if name.startswith("pyod."):
            for function in vars(module).values():
                if isinstance(function, Dispatcher):
                    # Nowhere to write is no reason not to run.
                    with suppress(RuntimeError):
                        function.enable_caching()
