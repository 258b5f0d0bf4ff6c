"""Columns of the rows that are looked at, in the forms in which they are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow, plain
from workbench.data.coded import Coded
from workbench.data.profile.dates import NO_DATE, microseconds
from workbench.data.values import ColumnKind, label

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]

CHANCE = log(1e-9)
"""Two columns that divide the rows alike do so by chance once in a billion tables, or rather less: then it is none."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A column of the rows that are looked at.

    Attributes
    ----------
    codes
        Shape (rows,): the number of each row's value, counted in the order in which values first occur; -1 for a gap.
        Two columns that are the same up to renaming have the same codes.
    counts
        Shape (distinct,): rows of each.
    numbers
        Shape (rows,): numbers, truths as 0 and 1, dates as microseconds; NaN for a gap. None of texts.
    texts
        Distinct texts by code; None of others.
    """

    name: str
    kind: ColumnKind
    codes: Codes
    counts: Codes
    numbers: Numbers | None
    texts: pa.Array | None = None

    @property
    def distinct(self) -> int:
        return len(self.counts)

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @property
    def is_whole(self) -> bool:
        """Whether no row is without a value."""
        return self.known == len(self.codes)

    def of_rows(self, kept: NDArray[np.bool_]) -> Looked:
        """Return the column of these rows alone."""
        codes, order = first_come(self.codes[kept])
        return replace(
            self,
            codes=codes,
            counts=np.bincount(codes[codes >= 0], minlength=len(order)),
            numbers=None if self.numbers is None else self.numbers[kept],
            texts=None if self.texts is None else self.texts.take(arrow(order)),
        )

    def shown(self, code: int) -> str:
        """Return a value as it is shown."""
        if self.texts is not None:
            return label(self.texts[code].as_py())
        assert self.numbers is not None
        value = float(self.numbers[int(np.argmax(self.codes == code))])
        if self.kind == "bool":
            return str(bool(value))
        return label(int(value) if value.is_integer() else value)


def look(name: str, kind: ColumnKind, stretch: pa.Array) -> Looked:
    """Make a column ready: number, truth, or text."""
    if pa.types.is_string(stretch.type) or pa.types.is_dictionary(stretch.type):
        coded = Coded.of(stretch)
        codes, order = first_come(coded.codes)
        texts = coded.values.take(arrow(order))
        numbers = None
        if kind == "date":
            times = microseconds(texts) if len(texts) else np.zeros(0, np.int64)
            by_code = np.append(np.where(times == NO_DATE, np.nan, times.astype(np.float64)), np.nan)
            numbers = by_code[codes]
        return Looked(name, kind, codes, np.bincount(codes[codes >= 0], minlength=len(order)), numbers, texts)
    raw: NDArray[Any] = plain(stretch)
    is_known = plain(stretch.is_valid()) if stretch.null_count else np.ones(len(raw), np.bool_)
    if raw.dtype.kind == "f":
        is_known = is_known & ~np.isnan(raw)
    codes = np.full(len(raw), -1, np.int64)
    codes[is_known] = np.unique(raw[is_known], return_inverse=True)[1]
    codes, order = first_come(codes)
    numbers = np.where(is_known, raw.astype(np.float64), np.nan)
    return Looked(name, kind, codes, np.bincount(codes[codes >= 0], minlength=len(order)), numbers)


def first_come(codes: Codes) -> tuple[Codes, Codes]:
    """Number values anew in the order in which they first occur; a gap stays -1.

    Returns
    -------
    tuple
        The new codes, and the old code of each.
    """
    size = int(codes.max(initial=-1)) + 1
    first = np.full(size + 1, len(codes), np.int64)
    # The last one that is written counts, and that is the first row.
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    order = np.argsort(first[:size], kind="stable")
    order = order[first[order] < len(codes)]
    renamed = np.full(size + 1, -1, np.int64)
    renamed[order] = np.arange(len(order))
    return renamed[codes], order


def chance(counts: Codes) -> float:
    """Return how likely two unrelated columns with such counts divide the rows alike, as a natural logarithm.

    Of all orders in which values with these counts can stand, so many divide the rows in a given way: the product of
    the counts' factorials times that of their number, over that of the rows.
    """
    sizes, times = np.unique(counts, return_counts=True)
    ways: float = sum(many * lgamma(size + 1) for size, many in zip(sizes.tolist(), times.tolist(), strict=True))
    return ways + lgamma(len(counts) + 1) - lgamma(int(counts.sum()) + 1)


def is_beyond_chance(counts: Codes) -> bool:
    """Whether it means anything that two columns divide the rows alike, with such counts."""
    return len(counts) > 1 and chance(counts) <= CHANCE
