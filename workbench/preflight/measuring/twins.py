"""Columns that hold the same thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from workbench.preflight.measuring.columns import Looked, first_come, is_beyond_chance
from workbench.preflight.measuring.copies import FEWEST_ROWS, FEWEST_VALUES, line

_PROBES = 8
_DIGITS = 6


def twins(columns: Sequence[Looked]) -> list[list[str]]:
    """Find columns that are the same, the same up to renaming, or multiples of each other; constants aside.

    Returns
    -------
    list
        Names of columns that are all alike, in the table's order.
    """
    told = [column for column in columns if column.distinct > 1 and column.known >= FEWEST_ROWS]
    # What two columns that are alike in some way have in common, and how it is made sure of.
    ways: tuple[tuple[Callable[[Looked], Hashable | None], Callable[[Looked, Looked], bool]], ...] = (
        (_division, _divide_alike),
        (_content, _hold_the_same),
        (_shape, _are_multiples),
    )
    alike: list[set[str]] = []
    for sign, is_sure in ways:
        by_sign: dict[Hashable, list[Looked]] = defaultdict(list)
        for column in told:
            found = sign(column)
            if found is not None:
                by_sign[found].append(column)
        for likely in by_sign.values():
            alike += _sure(likely, is_sure)
    return _joined(alike, columns)


def _sure(likely: Sequence[Looked], is_sure: Callable[[Looked, Looked], bool]) -> list[set[str]]:
    found = []
    while len(likely) > 1:
        first, *others = likely
        alike = {other.name for other in others if is_sure(first, other)}
        if alike:
            found.append({first.name} | alike)
        likely = [other for other in others if other.name not in alike]
    return found


def _division(column: Looked) -> Hashable | None:
    """How it divides the rows; None where another column may do so by chance, as those that are never the same do."""
    codes, order = first_come(column.codes + 1)
    return hash(column.codes.tobytes()) if is_beyond_chance(np.bincount(codes, minlength=len(order))) else None


def _divide_alike(column: Looked, other: Looked) -> bool:
    return bool((column.codes == other.codes).all())


def _content(column: Looked) -> Hashable:
    return hash((column.numbers if column.numbers is not None else column.codes).tobytes()), column.distinct


def _hold_the_same(column: Looked, other: Looked) -> bool:
    if column.texts is not None and other.texts is not None:
        return _divide_alike(column, other) and bool(column.texts.equals(other.texts))
    if column.numbers is None or other.numbers is None:
        return False
    return bool(np.array_equal(column.numbers, other.numbers, equal_nan=True))


def _shape(column: Looked) -> Hashable | None:
    """What two multiples of each other have in common: some rows, measured by mean and spread."""
    if column.numbers is None or column.kind == "bool" or column.distinct < FEWEST_VALUES:
        return None
    is_known = np.isfinite(column.numbers)
    values = column.numbers[is_known]
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(values.std())
        away = values - values.mean()
    if not (np.isfinite(spread) and spread > 0):
        return None
    probed = away[np.linspace(0, len(away) - 1, _PROBES).astype(np.int64)] / spread
    signed = probed * np.sign(probed[np.argmax(np.abs(probed))])
    return hash(is_known.tobytes()), tuple(np.round(signed, _DIGITS).tolist())


def _are_multiples(column: Looked, other: Looked) -> bool:
    assert column.numbers is not None
    assert other.numbers is not None
    is_known = ~np.isnan(column.numbers)
    if not bool((is_known == ~np.isnan(other.numbers)).all()):
        return False
    return line(column.numbers[is_known], other.numbers[is_known]) is not None


def _joined(alike: Sequence[set[str]], columns: Sequence[Looked]) -> list[list[str]]:
    """Join groups that share a column."""
    found: list[set[str]] = []
    for names in alike:
        joined = set(names)
        for other in [other for other in found if other & joined]:
            joined |= other
            found.remove(other)
        found.append(joined)
    order = {column.name: place for place, column in enumerate(columns)}
    return sorted((sorted(names, key=order.__getitem__) for names in found), key=lambda names: order[names[0]])
