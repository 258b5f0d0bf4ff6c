"""The order of rows: whether they follow a column, come in runs of its values, and whether the target goes along."""

from __future__ import annotations

import numpy as np

from workbench.preflight.measuring.columns import Codes, Looked, Numbers
from workbench.preflight.measuring.scores import Goal, places, score_places

_MOST_CELLS = 4_000_000
MOST_PERIODS = 10
"""Periods into which time is cut, to see whether the target differs between them."""


def ascending(column: Looked) -> float | None:
    """Return which part of the steps from row to row go upwards, of those that go anywhere; None: none do."""
    if column.numbers is None:
        return None
    steps = np.diff(column.numbers[~np.isnan(column.numbers)])
    upwards, downwards = int((steps > 0).sum()), int((steps < 0).sum())
    return upwards / (upwards + downwards) if upwards + downwards else None


def drift(column: Looked, goal: Goal) -> float | None:
    """Score how well the period alone, one of ten, predicts the target; as `score` of a column."""
    if column.numbers is None or column.distinct < MOST_PERIODS:
        return None
    return score_places(places(column, MOST_PERIODS), goal)


def in_runs(column: Looked) -> float:
    """Return how far the rows of a value stand together: 1 where they all do, about 0 in any order."""
    codes, counts = column.codes, column.counts.astype(np.float64)
    repeated = len(codes) - column.distinct
    # Of a value that most rows have, many stand side by side in any order.
    by_chance = float((counts * (counts - 1)).sum()) / max(len(codes), 1)
    if repeated <= by_chance:
        return 0.0
    together = int(((codes[1:] == codes[:-1]) & (codes[1:] >= 0)).sum())
    return (together - by_chance) / (repeated - by_chance)


def likeness(column: Looked, goal: Goal) -> tuple[float, float] | None:
    """Measure how alike the targets of rows are that share a value of a column.

    Returns
    -------
    tuple or None
        Part of the target's variance that lies between the values, beyond chance (the adjusted R² of the groups'
        means; of classes over the indicators of all of them), and its standard deviation by chance. None where it
        cannot be told.
    """
    is_known = column.codes >= 0
    codes = column.codes[is_known]
    rows, many = len(codes), int((np.bincount(codes) > 0).sum()) if len(codes) else 0
    if many < 2 or rows <= many + 1:
        return None
    if goal.classes is not None:
        between, total = _between_classes(codes, goal.classes[is_known])
    else:
        assert goal.numbers is not None
        between, total = _between_numbers(codes, goal.numbers[is_known])
    if not total > 0:
        return None
    adjusted = 1 - (1 - between / total) * (rows - 1) / (rows - many)
    return adjusted, float(np.sqrt(2 * (many - 1) / ((rows - many) * (rows + 1))))


def _between_classes(codes: Codes, classes: Codes) -> tuple[float, float]:
    wide = int(classes.max()) + 1
    sizes, shares = np.bincount(codes), np.bincount(classes) / len(classes)
    even = float((shares**2).sum())
    cells = codes * wide + classes
    if len(sizes) * wide <= _MOST_CELLS:
        counts = np.bincount(cells, minlength=len(sizes) * wide).reshape(len(sizes), wide).astype(np.float64)
        of_each = (counts**2).sum(axis=1)
    else:
        found, times = np.unique(cells, return_counts=True)
        of_each = np.bincount(found // wide, weights=times.astype(np.float64) ** 2, minlength=len(sizes))
    within = float((of_each / np.maximum(sizes, 1)).sum()) / len(classes)
    return within - even, 1 - even


def _between_numbers(codes: Codes, numbers: Numbers) -> tuple[float, float]:
    away = numbers - numbers.mean()
    sizes, sums = np.bincount(codes), np.bincount(codes, weights=away)
    filled = sizes > 0
    return float((sums[filled] ** 2 / sizes[filled]).sum()), float(away @ away)
