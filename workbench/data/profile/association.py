"""How strongly two columns go together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.data.profile.features import Feature, Features
from workbench.data.profile.parts import Association, Measure

MOST_COLUMNS = 60
"""Most columns that are compared pair by pair, the first of the table."""
MOST_CATEGORIES = 50
"""Texts are compared by their most frequent values, all others taken as one."""
FEWEST_ROWS = 10
"""Fewer rows that have both values tell nothing."""

SPEARMAN = Measure(
    name="Spearman's ρ",
    between="numbers, dates, truths",
    source="Spearman, The proof and measurement of association between two things, 1904; each value has its rank in "
    "the whole column, equal ones the mean of theirs",
    low=-1.0,
    high=1.0,
)
CRAMER = Measure(
    name="Cramér's V",
    between="texts, and texts with truths",
    source="Bergsma, A bias-correction for Cramér's V and Tschuprow's T, 2013",
    low=0.0,
    high=1.0,
)
RATIO = Measure(
    name="correlation ratio",
    between="texts with numbers or dates",
    source="Kelley, An unbiased correlation ratio measure, 1935: the root of the share of the variance that lies "
    "between the groups, less what chance alone would give",
    low=0.0,
    high=1.0,
)


def association(features: Features) -> Association:
    """Compare the columns pair by pair."""
    usable = [feature for feature in features.columns if can_be_compared(feature)]
    compared = usable[:MOST_COLUMNS]
    names = {feature.name for feature in usable}
    cells = _cells(compared)
    return Association(
        part="association",
        columns=tuple(feature.name for feature in compared),
        cells=tuple(tuple(_cell(value) for value in row) for row in cells.tolist()),
        measures=(SPEARMAN, CRAMER, RATIO),
        left_out=tuple(feature.name for feature in features.columns if feature.name not in names),
        beyond=len(usable) - len(compared),
        lumped=tuple(feature.name for feature in compared if is_lumped(feature)),
        sampled_rows=features.sampled_rows,
    )


def can_be_compared(feature: Feature) -> bool:
    """Whether a column tells some rows apart, and not each from all others."""
    if feature.is_key:
        return False
    values = feature.codes if feature.numbers is None else feature.numbers
    assert values is not None
    known = values[~np.isnan(values)] if feature.codes is None else values[values >= 0]
    return len(known) >= FEWEST_ROWS and bool((known != known[0]).any())


def is_lumped(feature: Feature) -> bool:
    """Whether only the most frequent values of a text are told apart."""
    return len(feature.labels) > MOST_CATEGORIES or feature.others


def groups(feature: Feature) -> NDArray[np.int64]:
    """Return the group of each row, by which texts and truths are compared; -1 where it has none."""
    assert feature.codes is not None
    return np.minimum(feature.codes, MOST_CATEGORIES)


def spearman(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Correlate the ranks of columns, over the rows that have both values.

    Parameters
    ----------
    columns
        Each of shape (rows,); NaN where there is no value, infinite ones are values.

    Returns
    -------
    numpy.ndarray
        Shape (len(columns), len(columns)); NaN where too few rows have both, or one is constant there.
    """
    held = np.column_stack([_ranks(column) for column in columns])
    is_known = ~np.isnan(held)
    if is_known.all():
        known, sums = float(len(held)), held.sum(axis=0)
        rows = np.full((held.shape[1], held.shape[1]), known)
        x, y = np.broadcast_to(sums[:, None], rows.shape), np.broadcast_to(sums, rows.shape)
        squares = (held * held).sum(axis=0)
        xx, yy = np.broadcast_to(squares[:, None], rows.shape), np.broadcast_to(squares, rows.shape)
        xy = held.T @ held
    else:
        held = np.where(is_known, held, 0.0)
        mask = is_known.astype(np.float64)
        rows, x, xx, xy = mask.T @ mask, held.T @ mask, (held * held).T @ mask, held.T @ held
        y, yy = x.T, xx.T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread_x, spread_y = xx - x * x / rows, yy - y * y / rows
        found = (xy - x * y / rows) / np.sqrt(spread_x * spread_y)
        # What rounding leaves of a constant is no spread.
        is_told = (rows >= FEWEST_ROWS) & (spread_x > 1e-9 * xx) & (spread_y > 1e-9 * yy)
    return np.asarray(np.where(is_told, np.clip(found, -1.0, 1.0), np.nan))


def cramer(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Measure how far the groups of rows by two columns agree, beyond chance; NaN where that cannot be told."""
    is_known = (first >= 0) & (second >= 0)
    wide = int(second.max(initial=0)) + 1
    table = np.bincount((first * wide + second)[is_known], minlength=1)
    table = np.pad(table, (0, -len(table) % wide)).reshape(-1, wide).astype(np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    total = table.sum()
    high, wide = table.shape
    if total < FEWEST_ROWS or high < 2 or wide < 2:
        return math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    phi = float(((table - expected) ** 2 / expected).sum() / total)
    phi = max(0.0, phi - (high - 1) * (wide - 1) / (total - 1))
    fewest = min(high - (high - 1) ** 2 / (total - 1), wide - (wide - 1) ** 2 / (total - 1)) - 1
    return min(1.0, math.sqrt(phi / fewest)) if fewest > 0 else math.nan


def ratio(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Measure how far the group of a row tells its number, beyond chance; NaN where that cannot be told."""
    is_known = np.isfinite(numbers) & (codes >= 0)
    if not is_known.all():
        numbers, codes = numbers[is_known], codes[is_known]
    count = len(numbers)
    if count < FEWEST_ROWS:
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        away = numbers - numbers.mean()
        sizes, sums = np.bincount(codes), np.bincount(codes, weights=away)
        sizes, sums = sizes[sizes > 0], sums[sizes > 0]
        total, between = float(away @ away), float((sums * sums / sizes).sum())
    if len(sizes) < 2 or count <= len(sizes) or not math.isfinite(total) or total == 0:
        return math.nan
    explained = 1 - (1 - between / total) * (count - 1) / (count - len(sizes))
    return math.sqrt(min(1.0, max(0.0, explained)))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank a column around zero, equal values by the mean of their ranks; NaN stays."""
    is_known = ~np.isnan(values)
    found = np.full(len(values), np.nan)
    if not is_known.any():
        return found
    _, places, counts = np.unique(values[is_known], return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    found[is_known] = ranks[places] - (len(places) + 1) / 2
    return found


def _cells(compared: Sequence[Feature]) -> NDArray[np.float64]:
    cells = np.full((len(compared), len(compared)), np.nan)
    counted = [at for at, feature in enumerate(compared) if feature.numbers is not None]
    if counted:
        found = spearman([numbers for at in counted if (numbers := compared[at].numbers) is not None])
        cells[np.ix_(counted, counted)] = found
    grouped = [at for at, feature in enumerate(compared) if feature.numbers is None]
    codes = {at: groups(feature) for at, feature in enumerate(compared) if feature.codes is not None}
    for at in grouped:
        for other, feature in enumerate(compared):
            if other in codes:
                if feature.numbers is None and other < at:
                    continue
                strength = 1.0 if other == at else cramer(codes[at], codes[other])
            else:
                assert feature.numbers is not None
                strength = ratio(feature.numbers, codes[at])
            cells[at, other] = cells[other, at] = strength
    np.fill_diagonal(cells, 1.0)
    return cells


def _cell(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
