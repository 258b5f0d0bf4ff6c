"""How well one column alone predicts the rank of a target of numbers, which a few great ones do not make up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.preflight.measuring.columns import Codes, Numbers

MOST_ROWS = 10_000
"""Rows that are ranked, drawn at random: more would take longer and tell the same."""
FEWEST_UNCOMMON = 20
"""Of fewer rows that have another number than the most frequent one, too few would be predicted to tell."""
SPARED = 0.01
"""Part of those that a copy may have wrong: the rows that are predicted worst are left out."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A target of numbers by rank, in some rows or all.

    Attributes
    ----------
    rows
        Shape (ranked,): which of the rows that are looked at.
    folds
        Shape (ranked,): the fold to which each row belongs.
    ranks
        Shape (ranked,): the place of each number among the distinct ones, so that a value which many rows have, such as
        the zero of claims, is no further from the next than others are.
    spared
        Rows that may be wrong.
    """

    rows: Codes
    folds: Codes
    ranks: Numbers
    spared: int

    @classmethod
    def some(cls, numbers: Numbers, folds: Codes, random: np.random.Generator) -> Ranked | None:
        """Rank all rows, or as many as need be; None where next to all have the same number."""
        rows = np.arange(len(numbers))
        if len(rows) > MOST_ROWS:
            rows = np.sort(random.choice(rows, MOST_ROWS, replace=False))
        return cls._of(rows, folds[rows], numbers[rows])

    def of_rows(self, kept: NDArray[np.bool_]) -> Ranked | None:
        """Rank these rows alone; None where that would tell nothing."""
        return self if kept.all() else self._of(self.rows[kept], self.folds[kept], self.ranks[kept])

    @classmethod
    def _of(cls, rows: Codes, folds: Codes, numbers: Numbers) -> Ranked | None:
        ranks = places_of(numbers)
        uncommon = len(rows) - int(np.bincount(ranks.astype(np.int64)).max(initial=0))
        return cls(rows, folds, ranks, int(SPARED * uncommon)) if uncommon >= FEWEST_UNCOMMON else None

    def explained(self, bins: Codes, given: Numbers) -> float | None:
        """Return the share of the ranks' variance that lines in bins explain, without the rows that may be wrong.

        Parameters
        ----------
        bins, given
            Shape (ranked,): the bin of each row, and the place of its value among the distinct ones.
        """
        off = np.abs(self.ranks - _along_lines(bins, given, self.ranks, self.folds))
        many = len(off) - self.spared
        kept = np.argpartition(off, many - 1)[:many]
        away = self.ranks[kept] - self.ranks[kept].mean()
        total = float(away @ away)
        return 1 - float(off[kept] @ off[kept]) / total if total else None


def places_of(numbers: Numbers) -> Numbers:
    """Return the place of each number among the distinct ones."""
    return np.unique(numbers, return_inverse=True)[1].astype(np.float64)


def _along_lines(bins: Codes, given: Numbers, wanted: Numbers, folds: Codes) -> Numbers:
    """Predict each row by the straight line through the rows of its bin that are in other folds."""
    shape = int(folds.max()) + 1, int(bins.max()) + 1
    cells = folds * shape[1] + bins
    # Whole numbers near zero: sums of their squares are exact, and those of equal ones have no spread at all.
    middles = np.rint(np.bincount(bins, weights=given) / np.maximum(np.bincount(bins), 1))
    given = given - middles[bins]

    def learned(weights: Numbers | None) -> Numbers:
        found = np.bincount(cells, weights=weights, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
        others: Numbers = found.sum(axis=0) - found
        return others

    rows, across, up = learned(None), learned(given), learned(wanted)
    many = np.maximum(rows, 1.0)
    spread = learned(given * given) - across * across / many
    along = learned(given * wanted) - across * up / many
    slopes = np.divide(along, spread, out=np.zeros_like(along), where=spread > 0)
    of_all = up.sum(axis=1, keepdims=True) / np.maximum(rows.sum(axis=1, keepdims=True), 1.0)
    starts = np.where(rows > 0, (up - slopes * across) / many, of_all)
    found: Numbers = starts.ravel()[cells] + slopes.ravel()[cells] * given
    return found
