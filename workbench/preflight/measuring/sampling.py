"""Rows of a stored table, in stretches: neighbours stay together, so that their order and their groups can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from workbench.data.arrays import arrow

MOST_ROWS = 50_000
"""At most so many rows are looked at closely: shares are then known to half a hundredth."""
FEWEST_ROWS = 2_000
MOST_CELLS = 5_000_000
"""Fewer rows are taken the wider the table is: all columns of the sample are held in memory at once."""
_STRETCHES = 32
_SEED = 20_250_103


def size(rows: int, columns: int) -> int:
    """Return how many rows are looked at: all of them where they are few."""
    return min(rows, MOST_ROWS, max(FEWEST_ROWS, MOST_CELLS // max(columns, 1)))


def stretches(rows: int, columns: int) -> list[tuple[int, int]]:
    """Choose the stretches to look at, the same ones every time.

    Returns
    -------
    list
        First row and the one after the last of each, ascending: one in each even part of the table, anywhere in it.
    """
    count = size(rows, columns)
    if count == rows:
        return [(0, rows)]
    length = count // _STRETCHES
    edges = np.linspace(0, rows, _STRETCHES + 1).astype(np.int64)
    random = np.random.default_rng([_SEED, rows, columns])
    starts = [int(random.integers(low, max(low, high - length) + 1)) for low, high in pairwise(edges.tolist())]
    return [(start, start + length) for start in starts]


def read(path: Path, wanted: Sequence[tuple[int, int]], columns: Sequence[str] | None = None) -> pa.Table:
    """Read stretches of a stored table, in bounded memory.

    Parameters
    ----------
    columns
        Only these, in this order; None: all.
    """
    parts = []
    with _opened(path) as file:
        names = file.schema_arrow.names if columns is None else list(columns)
        is_whole = sum(end - start for start, end in wanted) == file.metadata.num_rows
        first = 0
        for number in range(file.num_row_groups):
            count = file.metadata.row_group(number).num_rows
            places = [
                np.arange(max(start, first) - first, min(end, first + count) - first)
                for start, end in wanted
                if start < first + count and end > first
            ]
            if places:
                group = file.read_row_group(number, columns=names)
                # A slice would keep the whole group in memory, and its texts.
                parts.append(group if is_whole else _plain(group.take(arrow(np.concatenate(places)))))
            first += count
    return pa.concat_tables(parts)


def groups(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read some columns of a stored table whole, a group of rows at a time."""
    with _opened(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns=list(columns))


def _opened(path: Path) -> parquet.ParquetFile:
    """Open a stored table, its texts by way of dictionaries: they are read several times as fast."""
    with parquet.ParquetFile(path, memory_map=True) as file:
        schema = file.schema_arrow
    texts = [name for name, kind in zip(schema.names, schema.types, strict=True) if not pa.types.is_primitive(kind)]
    return parquet.ParquetFile(path, memory_map=True, read_dictionary=texts)


def _plain(group: pa.Table) -> pa.Table:
    kinds = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in group.schema.types]
    return group.cast(pa.schema(list(zip(group.schema.names, kinds, strict=True))))


def one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
