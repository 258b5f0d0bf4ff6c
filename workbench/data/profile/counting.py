"""How often each value occurs, exactly while the distinct ones are few; then about how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow_texts, plain
from workbench.data.profile.measures import Distinct

MOST_COUNTED = 100_000
"""Most distinct values that are counted one by one."""
_MOST_BYTES = 8 * 1024 * 1024
_KEPT = 1 << 16
"""Smallest hashes that are kept: the relative standard error of the estimate is one over the root of it, 0.4 %."""
_FACTORS = np.random.default_rng(20_250_102).integers(0, 2**64, 256, dtype=np.uint64)
_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))
_PIECE_BYTES = 256 * 1024
"""Texts are hashed so many bytes at a time: each byte takes some forty in memory."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct values and the rows of each, in no order that means something."""

    values: pa.Array
    counts: NDArray[np.int64]


class Counter:
    """Counts the values of a column, a stretch at a time, in bounded memory."""

    def __init__(self) -> None:
        self._values: list[pa.Array] = []
        self._counts: list[NDArray[np.int64]] = []
        self._held = 0
        self._sketch: _Sketch | None = None

    def add(self, values: pa.Array, counts: NDArray[np.int64] | None = None) -> None:
        """Count values without gaps, each as often as `counts` says; None: once."""
        if len(values) == 0:
            return
        if self._sketch is not None:
            self._sketch.add(values)
            return
        values, counts = _tallied(values, counts)
        self._values.append(values)
        self._counts.append(counts)
        self._held += len(values)
        if self._held > 2 * MOST_COUNTED or sum(held.nbytes for held in self._values) > 2 * _MOST_BYTES:
            self._compact()

    @property
    def counted(self) -> Counted | None:
        """All that was counted; None where there were too many values to count each."""
        self._compact()
        if self._sketch is not None:
            return None
        if not self._values:
            return Counted(arrow_texts(()), np.zeros(0, np.int64))
        return Counted(self._values[0], self._counts[0])

    @property
    def distinct(self) -> Distinct:
        counted = self.counted
        if self._sketch is not None:
            return self._sketch.distinct
        return Distinct(0 if counted is None else len(counted.counts))

    def _compact(self) -> None:
        if self._sketch is not None or not self._values:
            return
        if len(self._values) > 1:
            values, counts = _tallied(pa.concat_arrays(self._values), np.concatenate(self._counts))
            self._values, self._counts = [values], [counts]
        self._held = len(self._values[0])
        if self._held > MOST_COUNTED or self._values[0].nbytes > _MOST_BYTES:
            self._sketch = _Sketch()
            self._sketch.add(self._values[0])
            self._values, self._counts = [], []


class Counting:
    """A column gone through a stretch at a time, each of its values counted."""

    def __init__(self) -> None:
        self.missing = 0
        self._counter = Counter()

    @property
    def distinct(self) -> Distinct:
        return self._counter.distinct

    @property
    def counted(self) -> Counted | None:
        return self._counter.counted


class _Sketch:
    """Estimates how many distinct values there are from the smallest of their hashes.

    Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan, Counting distinct elements in a data stream, 2002; the unbiased
    estimate is that of Beyer et al., On synopses for distinct-value estimation under multiset operations, 2007.
    """

    def __init__(self) -> None:
        self._smallest = np.zeros(0, np.uint64)
        self._fresh: list[NDArray[np.uint64]] = []
        self._held = 0
        self._bound = np.uint64(2**64 - 1)

    def add(self, values: pa.Array) -> None:
        found = hashes(values)
        found = found[found < self._bound]
        self._fresh.append(found)
        self._held += len(found)
        if self._held >= 2 * _KEPT:
            self._compact()

    @property
    def distinct(self) -> Distinct:
        self._compact()
        if len(self._smallest) < _KEPT:
            return Distinct(len(self._smallest))
        return Distinct(round((_KEPT - 1) / (float(self._smallest[-1]) / 2.0**64)), (_KEPT - 2) ** -0.5)

    def _compact(self) -> None:
        self._smallest = np.unique(np.concatenate([self._smallest, *self._fresh]))[:_KEPT]
        self._fresh, self._held = [], 0
        if len(self._smallest) == _KEPT:
            self._bound = self._smallest[-1]


def _tallied(values: pa.Array, counts: NDArray[np.int64] | None) -> tuple[pa.Array, NDArray[np.int64]]:
    coded = values.dictionary_encode()
    codes = plain(coded.indices)
    # As weights, counts are floats, which hold every row number exactly.
    totals = np.bincount(codes, weights=counts, minlength=len(coded.dictionary))
    return coded.dictionary, totals.astype(np.int64)


def hashes(values: pa.Array) -> NDArray[np.uint64]:
    """Hash numbers or texts without gaps, the same in every process.

    Returns
    -------
    numpy.ndarray
        Shape (len(values),).
    """
    mixed = _text_sums(values) if pa.types.is_string(values.type) else plain(values).view(np.uint64).copy()
    # The finishing steps of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _text_sums(values: pa.Array) -> NDArray[np.uint64]:
    """Sum the bytes of each text, each by its own factor and by its place, as the polynomial hashes do."""
    _, places, content = values.buffers()
    offsets = np.frombuffer(places, np.int32, len(values) + 1, values.offset * 4).astype(np.int64)
    if offsets[-1] == offsets[0]:
        return np.zeros(len(values), np.uint64)
    letters = np.frombuffer(content, np.uint8, int(offsets[-1]))
    sums = np.empty(len(values), np.uint64)
    start = 0
    while start < len(values):
        end = max(start + 1, int(np.searchsorted(offsets, offsets[start] + _PIECE_BYTES, side="right")) - 1)
        end = min(end, len(values))
        sums[start:end] = _piece_sums(letters[offsets[start] : offsets[end]], offsets[start : end + 1] - offsets[start])
        start = end
    return sums


def _piece_sums(letters: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    size = max(len(letters), _PIECE_BYTES) + 1
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(_FACTORS[letters] * _powers(_BASE, size)[: len(letters)], out=sums[1:])
    # The base is odd, so it has an inverse modulo 2**64: by its power each text is moved to where the first one stands.
    back = _powers(_INVERSE, size)[offsets[:-1]]
    lengths = (offsets[1:] - offsets[:-1]).astype(np.uint64)
    return np.asarray((sums[offsets[1:]] - sums[offsets[:-1]]) * back + lengths * _FACTORS[0])


@lru_cache(maxsize=2)
def _powers(base: np.uint64, count: int) -> NDArray[np.uint64]:
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)
