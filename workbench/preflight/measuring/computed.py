"""A target that is computed from two columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.preflight.measuring.columns import Looked, Numbers
from workbench.preflight.measuring.copies import FEWEST_VALUES, TOLERANCE

Sign = Literal["+", "−", "×", "÷"]
Pair = tuple[str, Sign, str]

SIGNS: Mapping[Sign, Callable[[Numbers, Numbers], Numbers]] = {
    "+": np.add,
    "−": np.subtract,
    "×": np.multiply,
    "÷": np.divide,
}
_EITHER_WAY = ("+", "×")
FEWEST_ROWS = 50
MOST_COLUMNS = 500
"""Numbers of which all pairs are tried; a table with more of them is not searched."""
_PROBES = 24


def pairs(columns: Sequence[Looked], target: Looked) -> list[Pair]:
    """Find pairs of numbers whose sum, difference, product or quotient is the target, in all rows that have all three.

    Parameters
    ----------
    columns
        No copies of the target.
    target
        Numbers; one in every row.

    Returns
    -------
    list
        Left name, sign, right name.
    """
    numbers = [column for column in columns if column.kind == "number" and column.distinct > 1]
    is_enough = target.numbers is not None and target.distinct >= FEWEST_VALUES and len(target.codes) >= FEWEST_ROWS
    if not is_enough or not 2 <= len(numbers) <= MOST_COLUMNS:
        return []
    assert target.numbers is not None
    values = np.array([column.numbers for column in numbers])
    whole = np.flatnonzero(np.isfinite(target.numbers))
    # Rows from the target's least to its greatest value: a chance hit in one of them is none in the next.
    order = whole[np.argsort(target.numbers[whole], kind="stable")]
    probes = order[np.linspace(0, len(order) - 1, _PROBES).astype(np.int64)]
    off = tolerance(target.numbers)
    found: list[Pair] = []
    for sign in SIGNS:
        for left, right in _likely(values[:, probes], target.numbers[probes], sign, off).tolist():
            if fits(values[left], values[right], target.numbers, sign, off):
                found.append((numbers[left].name, sign, numbers[right].name))
    return found


def tolerance(wanted: Numbers) -> float:
    """Return by how much a computed value may be off."""
    return TOLERANCE * float(np.ptp(wanted[np.isfinite(wanted)]))


def _likely(probed: Numbers, wanted: Numbers, sign: Sign, off: float) -> NDArray[np.int64]:
    """Return the pairs of columns that give the target in each probed row, as far as they have values there."""
    lefts, rights = np.nonzero(~np.eye(len(probed), dtype=np.bool_))
    if sign in _EITHER_WAY:
        lefts, rights = lefts[lefts < rights], rights[lefts < rights]
    seen = np.zeros(len(lefts), np.int64)
    for place in range(len(wanted)):
        with np.errstate(all="ignore"):
            given = SIGNS[sign](probed[lefts, place], probed[rights, place])
        is_known = np.isfinite(given)
        kept = ~is_known | (np.abs(given - wanted[place]) <= off)
        lefts, rights, seen = lefts[kept], rights[kept], (seen + is_known)[kept]
        if len(lefts) == 0:
            break
    kept = seen * 2 >= len(wanted)
    return np.stack([lefts[kept], rights[kept]], axis=1)


def fits(left: Numbers, right: Numbers, wanted: Numbers, sign: Sign, off: float) -> bool:
    """Whether two columns give the target in all rows, of which at least half must have all three values."""
    with np.errstate(all="ignore"):
        given = SIGNS[sign](left, right)
    is_known = np.isfinite(given) & np.isfinite(wanted)
    if int(is_known.sum()) * 2 < len(wanted):
        return False
    return bool((np.abs(given[is_known] - wanted[is_known]) <= off).all())
