"""The area under the ROC curve, of classifiers and of detectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def auc(positive: Array, ranking: Array) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney 1947); ties count half.

    Parameters
    ----------
    positive
        Whether each row is of the class that should rank high; some are, some are not.
    ranking
        One number a row.

    >>> auc(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    once = np.ones((1, len(positive)))
    return float(Areas.of(positive, ranking).of_selections(once)[0])


@dataclass(frozen=True, slots=True)
class Areas:
    """A ranking laid out so that the areas of many selections of its rows need no sorting.

    Attributes
    ----------
    positives
        Places of the rows that should rank high, from the lowest number to the highest.
    others
        Places of the other rows, likewise.
    below, up_to
        For each positive row, how many of the others rank below it, and how many not above; None where some number of
        the ranking is none.
    """

    positives: Array
    others: Array
    below: Array | None
    up_to: Array | None

    @classmethod
    def of(cls, positive: Array, ranking: Array) -> Areas:
        positives, others = np.flatnonzero(positive), np.flatnonzero(~positive)
        if np.isnan(ranking).any():
            return cls(positives, others, None, None)
        high, low = ranking[positives], ranking[others]
        positives, others = positives[np.argsort(high)], others[np.argsort(low)]
        high, low = ranking[positives], ranking[others]
        return cls(positives, others, np.searchsorted(low, high), np.searchsorted(low, high, side="right"))

    def of_selections(self, counts: Array) -> Array:
        """Return the area of each selection of rows.

        Parameters
        ----------
        counts
            How often each row is selected: selections × rows.

        Returns
        -------
        ndarray
            Not a number where no selected row is positive, where all are, and where a number of the ranking is none.
        """
        if self.below is None or self.up_to is None:
            return np.full(len(counts), np.nan)
        hits, misses = counts[:, self.positives], np.zeros((len(counts), len(self.others) + 1))
        np.cumsum(counts[:, self.others], axis=1, out=misses[:, 1:])
        won = (hits * (misses[:, self.below] + misses[:, self.up_to])).sum(axis=1) / 2
        pairs = hits.sum(axis=1) * misses[:, -1]
        return np.asarray(np.divide(won, pairs, out=np.full_like(pairs, np.nan), where=pairs != 0))
