"""Rows that are alike in all features: how many, whether their targets agree, and how many chance would bring about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    """

    rows: int
    sizes: dict[int, int]
    conflicting: int
    pairs: float
    expected_pairs: float


def alike(path: Path, features: Sequence[str], target: str | None, rows: int) -> Alike:
    """Compare rows by all features."""
    wanted = [*features, *([target] if target is not None else ())]
    is_whole = rows * len(wanted) <= MOST_CELLS
    stretches = sampling.stretches(rows, len(wanted))
    tables: Iterable[pa.Table] = sampling.groups(path, wanted) if is_whole else [sampling.read(path, stretches, wanted)]
    found, targets, coincidence = [], [], None
    for table in tables:
        hashed = [_hashed(sampling.one(table[name])) for name in features]
        coincidence = _coincidence(hashed) if coincidence is None else coincidence
        found.append(_together(hashed))
        if target is not None:
            targets.append(_hashed(sampling.one(table[target])))
    marks = np.concatenate(found) if found else np.zeros(0, np.uint64)
    _, group, counts = np.unique(marks, return_inverse=True, return_counts=True)
    conflicting = 0
    if targets:
        answers = np.concatenate(targets)
        # As many kinds of answers as a group has rows of another kind than the first, and one.
        kinds = np.unique(np.stack([group.astype(np.uint64), answers], axis=1), axis=0)[:, 0].astype(np.int64)
        conflicting = int(counts[np.bincount(kinds, minlength=len(counts)) > 1].sum())
    sizes, groups = np.unique(counts[counts > 1], return_counts=True)
    count = len(marks)
    return Alike(
        rows=count,
        sizes=dict(zip(sizes.tolist(), groups.tolist(), strict=True)),
        conflicting=conflicting,
        pairs=float((sizes * (sizes - 1) / 2 * groups).sum()),
        expected_pairs=count * (count - 1) / 2 * (coincidence or 0.0),
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


def _coincidence(hashed: Sequence[Hashes]) -> float:
    """Return how likely two rows are alike where the columns are independent."""
    found = 1.0
    for values in hashed:
        counts = np.unique(values[:_CHANCE_ROWS], return_counts=True)[1].astype(np.float64)
        rows = counts.sum()
        found *= float((counts * (counts - 1)).sum() / max(rows * (rows - 1), 1.0))
    return found
