"""How well one column alone predicts the target, on rows that the prediction was not made from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.preflight.measuring.columns import Codes, Looked, Numbers
from workbench.preflight.measuring.copies import LEAST_PART
from workbench.preflight.measuring.ranks import Ranked, places_of

Measure = Literal["AUC", "R²"]

FOLDS = 5
MOST_CLASSES = 50
MOST_LEVELS = 2_000
"""Of a text with more values, all but the most frequent ones are one."""
MOST_BINS = 64
FEWEST_IN_BIN = 20
FEWEST_OF_CLASS = 10
"""A class with fewer rows is not scored: some would be predicted by chance in a table with many columns."""
FEWEST_ROWS = 50
PRIOR_ROWS = 1.0
"""A bin's mean is drawn to that of all rows as if so many more rows had it: a level of one row tells little."""
ROUGH = 0.5
"""Share of the ranks' variance that bins must explain before lines within them are tried, which takes longer."""
_SEED = 20_250_104


@dataclass(frozen=True, slots=True)
class Goal:
    """The target of the rows that are looked at, all of which have a value.

    Attributes
    ----------
    classes
        Shape (rows,): the class of each row; None where numbers are predicted.
    numbers
        Shape (rows,): the number of each row; None where classes are.
    folds
        Shape (rows,): the fold to which each row belongs.
    ranked
        The numbers by rank; None where classes are, or ranks would not tell.
    """

    rows: int
    classes: Codes | None
    numbers: Numbers | None
    folds: Codes
    ranked: Ranked | None = None

    @classmethod
    def of(cls, target: Looked, *, is_classes: bool) -> Goal:
        rows = len(target.codes)
        random = np.random.default_rng([_SEED, rows])
        folds = random.permutation(np.arange(rows) % FOLDS)
        if is_classes:
            return cls(rows, most_frequent(target.codes, target.counts, MOST_CLASSES), None, folds)
        ranked = None if target.numbers is None else Ranked.some(target.numbers, folds, random)
        return cls(rows, None, target.numbers, folds, ranked)

    @property
    def measure(self) -> Measure:
        return "AUC" if self.classes is not None else "R²"


@dataclass(frozen=True, slots=True)
class Score:
    """How well one column predicts the target.

    Attributes
    ----------
    value
        Area under the ROC curve, of several classes the mean of each against the rest by their rows: 0.5 is chance. Of
        numbers the share of their variance that is explained, or of their ranks' variance: 0 is chance.
    is_by_rank
        Whether it is the ranks'.
    """

    value: float
    is_by_rank: bool = False


def score(column: Looked, goal: Goal) -> Score | None:
    """Predict the target from one column: by the mean of its bin, or of its level, in the other folds.

    Of numbers that is done by rank too, along a line in each bin: where a few are far greater than all others, these
    alone make up the variance, and no mean of a bin comes near them. Only rows that have a value are, and dates are
    not. The better of the two counts.

    Returns
    -------
    Score or None
        None where too few rows could tell.
    """
    if goal.rows < FEWEST_ROWS or column.distinct < 2 - (not column.is_whole):
        return None
    bins = places(column)
    value, by_rank = score_places(bins, goal), _explained_by_rank(column, bins, goal.ranked)
    if by_rank is not None and (value is None or by_rank > value):
        return Score(by_rank, is_by_rank=True)
    return None if value is None else Score(value)


def score_places(bins: Codes, goal: Goal) -> float | None:
    """Predict the target from the bin of each row; as `score`."""
    if goal.classes is not None:
        return _auc(bins, goal.classes, goal.folds)
    assert goal.numbers is not None
    return _explained(bins, goal.numbers, goal.folds)


def places(column: Looked, most: int = MOST_BINS) -> Codes:
    """Put each row into a bin: by its number, or by its value where values are few or texts; gaps are one more."""
    if column.numbers is None:
        return most_frequent(column.codes, column.counts, MOST_LEVELS)
    bins = _bins(column, most)
    return most_frequent(column.codes, column.counts, bins) if column.distinct <= bins else _even(column.numbers, bins)


def _bins(column: Looked, most: int) -> int:
    return max(2, min(most, column.known // FEWEST_IN_BIN))


def _even(numbers: Numbers, bins: int) -> Codes:
    """Put each row into one of so many bins of next to as many rows; gaps are one more."""
    is_known = ~np.isnan(numbers)
    values = numbers[is_known]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    found = np.full(len(numbers), len(edges) + 1, np.int64)
    found[is_known] = np.searchsorted(edges, values, side="left")
    return found


def most_frequent(codes: Codes, counts: Codes, most: int) -> Codes:
    """Keep the most frequent values, those that are left become one, and gaps another."""
    ranks = np.empty(len(counts) + 1, np.int64)
    ranks[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(counts)), most)
    ranks[-1] = min(len(counts), most + 1)
    found: Codes = ranks[codes]
    return found


def _auc(bins: Codes, classes: Codes, folds: Codes) -> float | None:
    wide, many = int(bins.max()) + 1, int(classes.max()) + 1
    cells = (folds * wide + bins) * many + classes
    counts = np.bincount(cells, minlength=FOLDS * wide * many).reshape(FOLDS, wide, many).astype(np.float64)
    sizes = counts.sum(axis=(0, 1))
    scored = np.flatnonzero((sizes >= FEWEST_OF_CLASS) & (sizes.sum() - sizes >= FEWEST_OF_CLASS))
    # The second of two classes is the first one's mirror.
    scored = scored[:1] if many == 2 else scored
    found: list[tuple[float, float]] = []
    for fold in range(FOLDS):
        learned = counts.sum(axis=0) - counts[fold]
        priors = learned.sum(axis=0) / max(learned.sum(), 1.0)
        expected = (learned + PRIOR_ROWS * priors) / (learned.sum(axis=1, keepdims=True) + PRIOR_ROWS)
        rows = counts[fold].sum(axis=1)
        for each in scored.tolist():
            area = _area(expected[:, each], counts[fold, :, each], rows - counts[fold, :, each])
            if area is not None:
                found.append((area, float(counts[fold, :, each].sum())))
    weight = sum(rows for _, rows in found)
    return sum(area * rows for area, rows in found) / weight if weight else None


def _area(expected: Numbers, hits: Numbers, others: Numbers) -> float | None:
    """Area under the ROC curve of bins that are ranked by what is expected of them; ties count half."""
    if not hits.sum() or not others.sum():
        return None
    _, ranks = np.unique(expected, return_inverse=True)
    hit, other = np.bincount(ranks, weights=hits), np.bincount(ranks, weights=others)
    below = np.cumsum(other) - other
    return float((hit * (below + other / 2)).sum() / (hit.sum() * other.sum()))


def _explained(bins: Codes, numbers: Numbers, folds: Codes) -> float | None:
    away = numbers - numbers.mean()
    total = float(away @ away)
    if not math.isfinite(total) or total == 0:
        return None
    wide = int(bins.max()) + 1
    cells = folds * wide + bins

    def summed(weights: NDArray[np.float64] | None) -> Numbers:
        found = np.bincount(cells, weights=weights, minlength=FOLDS * wide).reshape(FOLDS, wide)
        return found.astype(np.float64)

    rows, sums = summed(None), summed(away)
    learned_rows, learned = rows.sum(axis=0) - rows, sums.sum(axis=0) - sums
    prior = learned.sum(axis=1, keepdims=True) / np.maximum(learned_rows.sum(axis=1, keepdims=True), 1.0)
    expected = (learned + PRIOR_ROWS * prior) / (learned_rows + PRIOR_ROWS)
    left = total - 2 * float((expected * sums).sum()) + float((expected**2 * rows).sum())
    return 1 - left / total


def _explained_by_rank(column: Looked, bins: Codes, target: Ranked | None) -> float | None:
    # A date that the target rises with is the time it was taken, and not computed from it.
    if target is None or column.kind == "date":
        return None
    if not column.is_whole:
        is_known = column.codes[target.rows] >= 0
        target = target.of_rows(is_known) if is_known.mean() >= LEAST_PART else None
        if target is None:
            return None
    bins, given = bins[target.rows], np.zeros(len(target.rows))
    if column.numbers is not None:
        given = column.numbers[target.rows]
        most = _bins(column, MOST_BINS)
        # A value that few rows have tells nothing alone, and is on a line with those beside it.
        bins = _even(given, most) if column.distinct <= most else bins
    rough = _explained(bins, target.ranks, target.folds)
    if rough is None or rough < ROUGH:
        return None
    return target.explained(bins, places_of(given))
