"""A column of text: what is counted of all its rows, and what of a sample."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from workbench.data.arrays import arrow, plain
from workbench.data.coded import Coded
from workbench.data.profile.counting import Counting
from workbench.data.profile.gaps import suspected_texts
from workbench.data.profile.measures import Lookalike, Texts, Value
from workbench.data.profile.spread import TOP
from workbench.data.values import label

SAMPLED_CHARACTERS = 128
"""Longer texts are cut in a sample: as many of them are held as there are rows."""
LIKE_NUMBERS = r"^[+-]?((\d+|\d{1,3}(,\d{3})+)\.?\d*|\.\d+)([eE][+-]?\d+)?%?$"
LIKE_DATES = (
    r"^(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})|\d{1,2}[ -][A-Za-z]{3,9}\.?[ -]\d{2,4})"
    r"([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|[+-]\d{2}:?\d{2}))?)?$"
)
LIKE_AT_LEAST = 0.5
"""Share of the rows from which on a column of text is said to look like one of another kind."""
_GROUPS = _SPELLINGS = 5


class TextScan(Counting):
    """Goes through a column of text, a stretch at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._shortest: int | None = None
        self._longest = 0

    def add(self, start: int, stretch: pa.Array) -> None:
        """Take the rows from `start` on."""
        del start
        coded = Coded.of(stretch)
        self.missing += len(coded.codes) - int(coded.counts.sum())
        if len(coded.values) == 0:
            return
        self._counter.add(coded.values, coded.counts)
        lengths = compute.min_max(compute.utf8_length(coded.values)).as_py()
        self._shortest = lengths["min"] if self._shortest is None else min(self._shortest, lengths["min"])
        self._longest = max(self._longest, lengths["max"])

    def measures(self, sample: pa.Array) -> Texts | None:
        """Return what was found; None where there is no value.

        Parameters
        ----------
        sample
            The sampled rows, used where there are too many values to have counted each.
        """
        if self._shortest is None:
            return None
        counted = self.counted
        if counted is None:
            drawn = Coded.of(sample)
            values, counts = drawn.values, drawn.counts
        else:
            values, counts = counted.values, counted.counts
        if len(values) == 0:
            return None
        order = plain(compute.array_sort_indices(values))
        order = order[np.argsort(-counts[order], kind="stable")]
        return self._told(values.take(arrow(order)), counts[order], None if counted is not None else len(sample))

    def _told(self, values: pa.Array, counts: NDArray[np.int64], sampled_rows: int | None) -> Texts:
        """Look at the distinct texts, the most frequent first."""
        trimmed = compute.utf8_trim_whitespace(values)
        folded = compute.utf8_lower(trimmed)
        padded = plain(compute.not_equal(values, trimmed))
        # Most columns of text have no digits, and such patterns take their time.
        has_digits = (
            counts[plain(compute.match_substring_regex(trimmed, "[0-9]"))].sum() >= LIKE_AT_LEAST * counts.sum()
        )
        numbers = _lookalike(values, trimmed, counts, LIKE_NUMBERS) if has_digits else None
        groups = _variants(folded)
        return Texts(
            of="text",
            top=_shown(values, counts, np.arange(min(TOP, len(values)))),
            rarest=int(counts[-1]) if sampled_rows is None else None,
            shortest=self._shortest or 0,
            median_length=_median(plain(compute.utf8_length(values)), counts),
            longest=self._longest,
            suspects=suspected_texts(values, folded, counts, with_numbers=numbers is None),
            padded=int(counts[padded].sum()),
            variants=tuple(_shown(values, counts, group[:_SPELLINGS]) for group in groups[:_GROUPS]),
            variant_groups=len(groups),
            numbers=numbers,
            dates=_lookalike(values, trimmed, counts, LIKE_DATES) if has_digits else None,
            sampled_rows=sampled_rows,
        )


def _shown(values: pa.Array, counts: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[Value, ...]:
    rows = int(counts.sum())
    return tuple(Value(label(values[at].as_py()), int(counts[at]), int(counts[at]) / rows) for at in places.tolist())


def _median(lengths: NDArray[np.int32], counts: NDArray[np.int64]) -> float:
    order = np.argsort(lengths, kind="stable")
    ends = np.cumsum(counts[order])
    middle = (int(ends[-1]) - 1) // 2, int(ends[-1]) // 2
    below, above = (int(lengths[order][np.searchsorted(ends, at, side="right")]) for at in middle)
    return (below + above) / 2


def _lookalike(values: pa.Array, trimmed: pa.Array, counts: NDArray[np.int64], pattern: str) -> Lookalike | None:
    is_like = plain(compute.match_substring_regex(trimmed, pattern))
    share = float(counts[is_like].sum() / counts.sum())
    if share < LIKE_AT_LEAST:
        return None
    return Lookalike(share, _shown(values, counts, np.flatnonzero(~is_like)[:TOP]))


def _variants(folded: pa.Array) -> list[NDArray[np.int64]]:
    """Group the places of texts that are the same but for case and blanks, by how early the first of them comes."""
    codes = plain(folded.dictionary_encode().indices)
    sizes = np.bincount(codes)
    several = np.flatnonzero(sizes[codes] > 1)
    if len(several) == 0:
        return []
    order = several[np.argsort(codes[several], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return sorted(groups, key=lambda group: int(group[0]))
