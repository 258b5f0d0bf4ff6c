"""Between Arrow and numpy without a copy, and without pandas, which Arrow's own conversions import at a high price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def plain(values: pa.Array) -> NDArray[Any]:
    """Return numbers or truths, and whatever lies where there is a gap; not to be written to."""
    if pa.types.is_boolean(values.type):
        return plain(values.cast(pa.uint8())).view(np.bool_)
    # The names of integers and of float64 are numpy's too.
    kind = np.dtype(str(values.type))
    if len(values) == 0:
        return np.zeros(0, kind)
    return np.frombuffer(values.buffers()[1], kind, len(values), values.offset * kind.itemsize)


def filled(values: pa.Array, by: float) -> NDArray[Any]:
    """Return numbers or truths, with a number where there is a gap; a copy."""
    found = plain(values).copy()
    if values.null_count:
        found[~plain(values.is_valid())] = by
    return found


def arrow(values: NDArray[Any], is_valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return numbers or truths, as gaps those that are not valid; None: none."""
    if values.dtype == np.bool_:
        return arrow(values.view(np.uint8)).cast(pa.bool_())
    held = pa.py_buffer(np.ascontiguousarray(values))
    gaps = None if is_valid is None else pa.py_buffer(np.packbits(is_valid, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [gaps, held])


def arrow_texts(texts: Sequence[str]) -> pa.Array:
    """Return texts, none of them as a gap."""
    content = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, content)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(content))])
