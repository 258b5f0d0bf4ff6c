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
    return float(Ranking.of(ranking).auc(positive, np.ones(len(positive))))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Numbers in order, so that areas of many selections of their rows need no sorting.

    Attributes
    ----------
    order
        Rows from the lowest number to the highest.
    firsts
        Places in it at which another number begins; None where a number is none.
    """

    order: Array
    firsts: Array | None

    @classmethod
    def of(cls, ranking: Array) -> Ranking:
        order = np.argsort(ranking)
        if np.isnan(ranking).any():
            return cls(order, None)
        ordered = ranking[order]
        return cls(order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])))

    def auc(self, positive: Array, counts: Array) -> Array:
        """Return the area of each selection.

        Parameters
        ----------
        positive
            As `auc` takes it.
        counts
            How often each row is selected: … × rows.

        Returns
        -------
        ndarray
            Not a number where no selected row is positive, where all are, and where a number of the ranking is none.
        """
        if self.firsts is None:
            return np.full(counts.shape[:-1], np.nan)
        ordered, marked = counts[..., self.order], positive[self.order]
        hits, misses = (
            np.add.reduceat(np.where(counted, ordered, 0.0), self.firsts, axis=-1) for counted in (marked, ~marked)
        )
        pairs = hits.sum(axis=-1) * misses.sum(axis=-1)
        won = (hits * (np.cumsum(misses, axis=-1) - misses / 2)).sum(axis=-1)
        return np.asarray(np.divide(won, pairs, out=np.full_like(pairs, np.nan), where=pairs != 0))
