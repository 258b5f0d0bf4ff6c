"""Texts by their distinct values: each is looked at once, however often it occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow, filled


@dataclass(frozen=True, slots=True)
class Coded:
    """A stretch of a column of text.

    Attributes
    ----------
    values
        Distinct texts, each of which occurs.
    codes
        Shape (rows,): the place of each row's text in `values`; -1 where it has none.
    counts
        Shape (len(values),): rows of each.
    """

    values: pa.Array
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, stretch: pa.Array) -> Coded:
        if not pa.types.is_dictionary(stretch.type) or stretch.dictionary.null_count:
            texts = stretch.dictionary_decode() if pa.types.is_dictionary(stretch.type) else stretch
            stretch = texts.cast(pa.string()).dictionary_encode()
        values = stretch.dictionary.cast(pa.string())
        codes = filled(stretch.indices, -1).astype(np.int64)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        occurs = counts > 0
        if not occurs.all():
            places = np.cumsum(occurs) - 1
            codes = np.where(codes >= 0, np.append(places, 0)[codes], -1)
            values, counts = values.filter(arrow(occurs)), counts[occurs]
        return cls(values, codes, counts)
