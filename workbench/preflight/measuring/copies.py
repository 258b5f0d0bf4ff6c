"""Columns that are the target under another name, on another scale, or by the rows where they have no value."""

from __future__ import annotations

from typing import Literal

import numpy as np

from workbench.preflight.measuring.columns import Codes, Looked, Numbers, is_beyond_chance

How = Literal["renamed", "linear", "ordered"]
"""``renamed``: each value goes with one of the target and the other way round. ``linear``: a multiple, plus a number.
``ordered``: the greater one is, the greater the other, or the smaller, without exception."""

FEWEST_ROWS = 20
FEWEST_VALUES = 10
"""Through fewer points a line, or an order, may go by chance."""
LEAST_PART = 0.5
"""Part of the rows in which both must have a value: what holds for fewer is said of gaps rather than of values."""
TOLERANCE = 1e-7
"""Part of the target's range by which a computed value may be off: what is left of a CSV file's decimals."""


def copy_of(column: Looked, target: Looked) -> How | None:
    """Tell how a column is a copy of the target, which has a value in every row; None: it is none."""
    kept = column.codes >= 0
    if int(kept.sum()) < max(FEWEST_ROWS, LEAST_PART * len(kept)):
        return None
    if not kept.all():
        column, target = column.of_rows(kept), target.of_rows(kept)
    # A date that the target rises with is the time it was taken, and not computed from it.
    numbers, wanted = None if column.kind == "date" else column.numbers, target.numbers
    is_scale = numbers is not None and min(column.distinct, target.distinct) >= FEWEST_VALUES
    if is_scale and numbers is not None and wanted is not None and line(numbers, wanted) is not None:
        return "linear"
    if column.distinct != target.distinct or column.distinct < 2:
        return None
    if is_scale and numbers is not None and wanted is not None and is_ordered(numbers, wanted):
        return "ordered"
    if bool((column.codes == target.codes).all()) and _tell_by_repeating(column.counts):
        return "renamed"
    return None


def _tell_by_repeating(counts: Codes) -> bool:
    """Whether values come again so that going together is no chance: one that does so alone tells of itself only."""
    beside = np.delete(counts, int(np.argmax(counts)))
    return is_beyond_chance(counts) and 2 * int(beside[beside > 1].sum()) >= int(beside.sum())


def line(given: Numbers, wanted: Numbers) -> tuple[float, float] | None:
    """Return slope and intercept of the line on which all points lie; None where there is none."""
    if not (np.isfinite(given).all() and np.isfinite(wanted).all()):
        return None
    low, high = int(np.argmin(given)), int(np.argmax(given))
    width, height = given[high] - given[low], float(np.ptp(wanted))
    if not (width > 0 and height > 0 and np.isfinite(width) and np.isfinite(height)):
        return None
    slope = (wanted[high] - wanted[low]) / width
    off = np.abs(wanted - (wanted[low] + slope * (given - given[low])))
    if not float(off.max()) <= TOLERANCE * height:
        return None
    return float(slope), float(wanted[low] - slope * given[low])


def is_ordered(given: Numbers, wanted: Numbers) -> bool:
    """Whether one is always greater, or always smaller, where the other is greater, and equal where it is equal."""
    order = np.argsort(given, kind="stable")
    steps, others = np.diff(given[order]), np.diff(wanted[order])
    if not bool(((steps == 0) == (others == 0)).all()):
        return False
    return bool((others >= 0).all()) or bool((others <= 0).all())


def told_by_gaps(column: Looked, target: Looked) -> tuple[int, bool] | None:
    """Find a class that the gaps of a column tell: they are exactly its rows, or all others are.

    The target has a value in every row.

    Returns
    -------
    tuple or None
        Code of the class, and whether its rows are the gaps; None where there is no such class.
    """
    is_gap = column.codes < 0
    gaps = int(is_gap.sum())
    if not 0 < gaps < len(is_gap) or not is_beyond_chance(np.array([gaps, len(is_gap) - gaps])):
        return None
    for rows, are_gaps in ((is_gap, True), (~is_gap, False)):
        code = int(target.codes[int(np.argmax(rows))])
        if int(rows.sum()) == int(target.counts[code]) and bool((target.codes[rows] == code).all()):
            return code, are_gaps
    return None
