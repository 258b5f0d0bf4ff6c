"""Rows that are alike in all features: how many, whether their targets agree, and how many chance would bring about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow, plain
from workbench.data.coded import Coded
from workbench.data.profile.counting import hashes
from workbench.preflight.measuring import sampling

MOST_CELLS = 20_000_000
"""Up to so many values all rows are compared, which takes seconds; beyond, those that are looked at closely."""
_CHANCE_ROWS = 20_000
_FEWEST_GROUPS = 10
"""Groups of rows that agree in a column from which that can mark copies."""

Hashes = NDArray[np.uint64]
_GAP = np.uint64(0x2545F4914F6CDD1D)
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows that are alike.

    Attributes
    ----------
    rows
        Rows that were compared.
    sizes
        How many rows are alike → how many such groups there are; from two rows on.
    conflicting
        Rows of groups in which the target differs.
    pairs, expected_pairs
        Pairs of rows that are alike, and how many there would be if the columns had nothing to do with each other.
    agreeing, agreeing_by_chance
        Those of these pairs that have the same target too, and how many would by chance.
    copied
        Of pairs of rows that agree in one column, that which marks copies best: the part that agrees in all others and
        the target, and the part that would by chance; None where there are too few.
    """

    rows: int
    sizes: dict[int, int]
    conflicting: int
    pairs: float
    expected_pairs: float
    agreeing: float
    agreeing_by_chance: float
    copied: tuple[float, float] | None


def alike(path: Path, features: Sequence[str], target: str | None, rows: int) -> Alike:
    """Compare rows by all features."""
    wanted = [*features, *([target] if target is not None else ())]
    is_whole = rows * len(wanted) <= MOST_CELLS
    stretches = sampling.stretches(rows, len(wanted))
    tables: Iterable[pa.Table] = sampling.groups(path, wanted) if is_whole else [sampling.read(path, stretches, wanted)]
    found, targets = [], []
    chances: list[float] = []
    copied: tuple[float, float] | None = None
    for table in tables:
        hashed = [_hashed(sampling.one(table[name])) for name in features]
        found.append(_together(hashed))
        if target is not None:
            targets.append(_hashed(sampling.one(table[target])))
        if not chances:
            first = [values[:_CHANCE_ROWS] for values in (*hashed, *targets)]
            chances = [_coincidence(values) for values in first]
            copied = _copied(first, chances, [_has_decimals(sampling.one(table[name])) for name in features])
    marks = np.concatenate(found) if found else np.zeros(0, np.uint64)
    _, group, counts = np.unique(marks, return_inverse=True, return_counts=True)
    conflicting, agreeing = 0, None
    if targets:
        answers = np.concatenate(targets)
        # As many kinds of answers as a group has rows of another kind than the first, and one.
        kinds, same = np.unique(np.stack([group.astype(np.uint64), answers], axis=1), axis=0, return_counts=True)
        conflicting = int(counts[np.bincount(kinds[:, 0].astype(np.int64), minlength=len(counts)) > 1].sum())
        agreeing = _pairs(same)
    sizes, groups = np.unique(counts[counts > 1], return_counts=True)
    count, pairs = len(marks), _pairs(counts)
    return Alike(
        rows=count,
        sizes=dict(zip(sizes.tolist(), groups.tolist(), strict=True)),
        conflicting=conflicting,
        pairs=pairs,
        expected_pairs=count * (count - 1) / 2 * prod(chances[: len(features)]),
        agreeing=pairs if agreeing is None else agreeing,
        agreeing_by_chance=pairs * prod(chances[len(features) :]),
        copied=copied,
    )


def _hashed(values: pa.Array) -> Hashes:
    """Hash each row's value, a gap as one more."""
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        coded = Coded.of(values)
        return np.append(hashes(coded.values), _GAP)[coded.codes]
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint64())
    raw = plain(values)
    is_known = plain(values.is_valid()) if values.null_count else np.ones(len(raw), np.bool_)
    if raw.dtype.kind == "f":
        is_known = is_known & ~np.isnan(raw)
    # Zero is added because there are two of them.
    return np.where(is_known, hashes(arrow(np.where(is_known, raw, 0).astype(raw.dtype) + raw.dtype.type(0))), _GAP)


def _together(hashed: Sequence[Hashes]) -> Hashes:
    found = np.zeros(len(hashed[0]) if hashed else 0, np.uint64)
    for values in hashed:
        found = (found * _MIX + values) ^ (found >> np.uint64(29))
    return found


def _pairs(counts: NDArray[np.int64]) -> float:
    """Return how many pairs of rows there are within groups of these sizes."""
    sizes = counts.astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def _coincidence(values: Hashes) -> float:
    """Return how likely two rows have the same value."""
    counts = np.unique(values, return_counts=True)[1]
    rows = int(counts.sum())
    return _pairs(counts) / max(rows * (rows - 1) / 2, 1.0)


def _has_decimals(values: pa.Array) -> bool:
    if not pa.types.is_floating(values.type):
        return False
    raw = plain(values.drop_null())
    return bool((np.isfinite(raw) & (raw != np.floor(raw))).any())


def _copied(
    columns: Sequence[Hashes], chances: Sequence[float], decimals: Sequence[bool]
) -> tuple[float, float] | None:
    """Look for a feature in which rows agree only where they agree in all.

    Copies bring about their own chance: where every row is there ten times, each value of a column is. So pairs are
    taken as one column has them, and it is the others that have to agree.

    Parameters
    ----------
    columns
        Of the features, and the target where there is one.
    decimals
        Of each feature whether it holds decimals. Whole numbers and names are often shared, and a target that follows
        from them is no copy: of these, it is other features that must agree beyond chance.

    Returns
    -------
    tuple or None
        The part of the pairs that agrees in all, and that which would by chance, of the column where they are furthest
        apart; None where no column has pairs enough.
    """
    whole = _together(columns)
    in_all = _pairs(np.unique(whole, return_counts=True)[1])
    best: tuple[float, float] | None = None
    for place, has_decimals in enumerate(decimals):
        known = columns[place] != _GAP
        counts = np.unique(columns[place][known], return_counts=True)[1]
        if int((counts > 1).sum()) < _FEWEST_GROUPS:
            continue
        agree = in_all if known.all() else _pairs(np.unique(whole[known], return_counts=True)[1])
        share = agree / _pairs(counts)
        others = range(len(columns) if has_decimals else len(decimals))
        chance = prod(chances[other] for other in others if other != place)
        if best is None or share - chance > best[0] - best[1]:
            best = share, chance
    return best
