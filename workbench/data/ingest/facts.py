"""The facts of one column, gathered a stretch at a time in bounded memory."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from workbench.data.arrays import arrow, arrow_texts, plain
from workbench.data.source import Column
from workbench.data.values import label

MOST_DISTINCT = 10_000
_TOP = 5
_WATCHED = 200
"""Most frequent values that are counted on where there are too many to count them all."""


_CLOSE = 100_000
"""Whole numbers that lie no further apart are counted by their places."""
_RARE = 1 / 2000
"""Share of the rows up to which a value is not worth counting on; where all are, every value is about as rare."""


class Facts:
    """What the stretches of a column seen so far hold.

    Parameters
    ----------
    is_date
        Whether it holds dates by its own type; otherwise that is found out.
    """

    def __init__(self, name: str, *, is_date: bool = False) -> None:
        self.name = name
        self._is_date_type = is_date
        self._may_be_dates = True
        self._counts: dict[Any, int] = {}
        self._watched: pa.Array | None = None
        self._is_unique = True
        self._kind = ""
        self._rows = self._missing = self._finite = 0
        self._is_whole = True
        self._total = 0.0
        self._minimum, self._maximum = math.inf, -math.inf

    def add(self, values: pa.Array) -> None:
        """Take the next stretch: int64, uint64, float64, bool, string, or string by way of a dictionary."""
        self._rows += len(values)
        self._missing += values.null_count
        if values.null_count == len(values):
            self._kind = self._kind or _kind(values.type)
            return
        self._kind = _kind(values.type)
        if self._kind == "number":
            self._measure(values)
        elif self._kind == "text" and self._may_be_dates and not self._is_date_type:
            self._may_be_dates = _are_dates(
                values.dictionary if pa.types.is_dictionary(values.type) else values.unique()
            )
        if self._watched is None:
            self._count(values)
        else:
            self._count_watched(values)

    def column(self) -> Column:
        kind: Any = self._kind or "number"
        has_values = self._rows > self._missing
        if kind == "text" and has_values and (self._is_date_type or self._may_be_dates):
            kind = "date"
        is_measured = kind == "number" and self._finite > 0
        is_exact = self._watched is None
        is_whole = is_measured and self._is_whole
        ranked = sorted(self._counts.items(), key=lambda pair: -pair[1])[:_TOP]
        return Column(
            name=self.name,
            kind=kind,
            missing=self._missing,
            distinct=len(self._counts) if is_exact else MOST_DISTINCT,
            minimum=self._minimum if is_measured else None,
            maximum=self._maximum if is_measured else None,
            mean=self._total / self._finite if is_measured and math.isfinite(self._total) else None,
            top=tuple((_label(value, is_whole=is_whole), count) for value, count in ranked),
            rarest=min(self._counts.values()) if self._counts and is_exact else None,
            integral=is_whole,
            distinct_exact=is_exact,
            unique=has_values and self._is_unique and not self._missing,
        )

    def _count(self, values: pa.Array) -> None:
        distinct, counts = _distinct(values)
        self._is_unique = self._is_unique and int(counts.max(initial=0)) <= 1
        if not self._counts and len(distinct) > MOST_DISTINCT:
            # Most of these are not worth an object each.
            (places,) = (counts > _RARE * self._rows).nonzero()
            self._counts = {distinct[int(place)].as_py(): int(counts[place]) for place in places}
            self._watch(values.type)
            return
        known = self._counts
        for value, count in zip(distinct.to_pylist(), counts.tolist(), strict=True):
            if value in known:
                self._is_unique = False
                known[value] += count
            else:
                known[value] = count
        if len(known) > MOST_DISTINCT:
            self._watch(values.type)

    def _watch(self, kind: pa.DataType) -> None:
        """Count on those values only that are frequent so far."""
        known = self._counts
        likely = sorted(known, key=lambda value: -known[value])[:_WATCHED]
        self._counts = {value: known[value] for value in likely if known[value] > _RARE * self._rows}
        values = list(self._counts)
        is_text = pa.types.is_dictionary(kind) or pa.types.is_string(kind)
        self._watched = arrow_texts(values) if is_text else arrow(np.array(values, dtype=str(kind)))

    def _count_watched(self, values: pa.Array) -> None:
        assert self._watched is not None
        if not len(self._watched):
            return
        if pa.types.is_dictionary(values.type):
            places = compute.index_in(values.dictionary, value_set=self._watched)
            places = compute.take(places, values.indices)
        else:
            places = compute.index_in(values, value_set=self._watched)
        hits = np.bincount(plain(places.drop_null()), minlength=len(self._watched))
        for value, count in zip(self._counts, hits.tolist(), strict=True):
            self._counts[value] += count

    def _measure(self, values: pa.Array) -> None:
        numbers = values.drop_null()
        array = plain(numbers)
        low, high = array.min(), array.max()
        if array.dtype.kind == "f" and not (math.isfinite(low) and math.isfinite(high)):
            self._is_whole = False
            array = array[np.isfinite(array)]
            if not len(array):
                return
            low, high = array.min(), array.max()
        if array.dtype.kind == "f" and self._is_whole:
            self._is_whole = bool((array == np.floor(array)).all())
        self._finite += len(array)
        with np.errstate(over="ignore"):
            self._total += float(array.sum(dtype="float64"))
        self._minimum, self._maximum = min(self._minimum, float(low)), max(self._maximum, float(high))


def _distinct(values: pa.Array) -> tuple[pa.Array, Any]:
    """Return the distinct values of a column, gaps aside, and the rows of each."""
    if pa.types.is_dictionary(values.type):
        codes = values.indices.drop_null() if values.null_count else values.indices
        return values.dictionary, np.bincount(plain(codes), minlength=len(values.dictionary))
    there = values.drop_null() if values.null_count else values
    if pa.types.is_int64(there.type):
        numbers = plain(there)
        low, high = int(numbers.min()), int(numbers.max())
        if high - low <= _CLOSE:
            counts = np.bincount(numbers - low)
            (places,) = counts.nonzero()
            return arrow(places + low), counts[places]
    found = compute.value_counts(there)
    return found.field("values"), plain(found.field("counts"))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "bool"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"


def _are_dates(texts: pa.Array) -> bool:
    """Whether all are dates as ISO 8601 writes them, from the month on."""
    first = texts[0].as_py() if len(texts) else None
    if first is not None and not _is_date(first):
        return False
    try:
        # Quick, but not for all that is ISO 8601.
        compute.cast(texts, pa.timestamp("ns"))
    except pa.ArrowInvalid:
        return all(_is_date(text) for text in texts.to_pylist() if text is not None)
    return bool(compute.min(compute.utf8_length(texts)).as_py() >= len("2000-01"))


def _is_date(text: str) -> bool:
    if not (len(text) >= 7 and text[:4].isdigit() and text[4] == "-" and text[5:7].isdigit()):
        return False
    try:
        datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        return False
    return True


def _label(value: Any, *, is_whole: bool) -> str:
    return label(int(value) if is_whole else value)
