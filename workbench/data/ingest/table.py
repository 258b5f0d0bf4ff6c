"""The stored form of a table: one Parquet file, written once, read as the frame that ``pandas.read_csv`` would give."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from workbench.data.formats.reader import Reader, Widened, one_batch
from workbench.data.ingest.facts import Facts
from workbench.data.source import Column

if TYPE_CHECKING:
    import pandas as pd

_GROUP_ROWS = 64 * 1024
_GROUP_CELLS = 8 * 1024 * 1024
"""Fewer rows are held in memory at once the wider a table is."""
_GROUP_BYTES = 64 * 1024 * 1024
_FEWEST_ROWS = 4 * 1024
_TRIES = 20
_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of a table once it is written.

    Attributes
    ----------
    sha256
        Of the file.
    """

    row_count: int
    columns: tuple[Column, ...]
    sha256: str


def write(reader: Reader, to: Path, tell: Callable[[int], None]) -> Written:
    """Write a table as Parquet, gathering the facts of each column as it goes by.

    Parameters
    ----------
    tell
        Called with the rows written so far; what it raises ends the writing.

    Raises
    ------
    BadRequest
        Whatever the reader refuses.
    """
    for _ in range(_TRIES):
        try:
            return _write(reader, to, tell)
        except Widened:
            continue
    raise RuntimeError("a table was begun again and again")


def _write(reader: Reader, to: Path, tell: Callable[[int], None]) -> Written:
    schema = reader.schema
    dates = set(reader.dates)
    facts = [Facts(name, is_date=name in dates) for name in schema.names]
    texts = [name for name, kind in zip(schema.names, schema.types, strict=True) if pa.types.is_dictionary(kind)]
    most = max(_FEWEST_ROWS, min(_GROUP_ROWS, _GROUP_CELLS // max(1, len(schema))))
    # Without Arrow's own schema, which would make categories of texts wherever the file is read.
    written = {"compression": "lz4", "use_dictionary": texts, "write_statistics": False, "store_schema": False}
    rows = 0

    def store(group: pa.RecordBatch) -> None:
        for fact, column in zip(facts, group.columns, strict=True):
            fact.add(column)
        writer.write_batch(group, row_group_size=group.num_rows)

    with (
        _Hashing(to) as sink,
        parquet.ParquetWriter(sink, schema, **written) as writer,
        # Parsing the next rows and writing these takes a processor each.
        ThreadPoolExecutor(1) as pool,
    ):
        under_way: Future[None] | None = None
        for group in _grouped(reader.batches(), most):
            if under_way is not None:
                under_way.result()
                tell(rows)
            rows += group.num_rows
            under_way = pool.submit(store, group)
        if under_way is not None:
            under_way.result()
    return Written(rows, tuple(fact.column() for fact in facts), sink.sha256)


class _Hashing(io.FileIO):
    """A file that is hashed as it is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w")
        self._hash = hashlib.sha256()

    def write(self, content: Any, /) -> int:
        self._hash.update(content)
        return super().write(content)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def _grouped(batches: Iterable[pa.RecordBatch], most: int) -> Iterable[pa.RecordBatch]:
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= most or size >= _GROUP_BYTES:
            yield _one(held)
            held, rows, size = [], 0, 0
    if held:
        yield _one(held)


def _one(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    # With a dictionary each, the column would be written without any.
    return batches[0] if len(batches) == 1 else one_batch(pa.Table.from_batches(batches))


def frame(path: Path, columns: Sequence[str] | None = None, rows: int | None = None) -> pd.DataFrame:
    """Read a stored table, gaps as NaN, with a fresh index.

    Parameters
    ----------
    columns
        Only these.
    rows
        Only so many of the first.
    """
    import pandas as pd

    with parquet.ParquetFile(path, memory_map=True) as file:
        schema, coded = file.schema_arrow, _coded(file.metadata)
    with parquet.ParquetFile(path, memory_map=True, read_dictionary=coded) as file:
        names = list(columns) if columns is not None else schema.names
        if rows is None:
            count = file.metadata.num_rows
            # A column at a time and copied: what Arrow keeps of a whole table stays as long as the process does.
            values = {name: np.array(_values(file.read(columns=[name], use_threads=False)[name])) for name in names}
            pa.default_memory_pool().release_unused()
        else:
            batches = file.iter_batches(batch_size=max(rows, 1), columns=names)
            first = next(batches, None)
            table = pa.Table.from_batches([] if first is None else [first], schema=first.schema if first else schema)
            table = table.slice(0, rows)
            count = table.num_rows
            values = {name: _values(table[name]) for name in names}
        return pd.DataFrame(values, index=pd.RangeIndex(count), columns=names, copy=False)


def _coded(about: Any) -> list[str]:
    """Return the columns that are written by way of a dictionary; read so, any other would stay in memory twice."""
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    return [
        about.schema.column(place).path
        for place in range(about.num_columns)
        if about.schema.column(place).physical_type == "BYTE_ARRAY"
        and groups
        and all(group.column(place).has_dictionary_page for group in groups)
    ]


def _values(column: pa.ChunkedArray) -> Any:
    if pa.types.is_dictionary(column.type):
        coded = column.unify_dictionaries().combine_chunks()
        coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
        texts = np.append(coded.dictionary.to_numpy(zero_copy_only=False).astype(object), np.nan)
        return texts[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    if pa.types.is_boolean(column.type) and column.null_count:
        return _with_gaps(column.to_numpy().astype(object), column)
    # Texts that come again are kept once: looking them up costs time, and keeping each of them much more memory.
    values = column.to_pandas().to_numpy() if _repeats(column) else column.to_numpy()
    return _with_gaps(values, column) if values.dtype.kind == "O" and column.null_count else values


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether texts are seen more than once among the first."""
    first = column.slice(0, _LOOKED_AT)
    return bool(pa.types.is_string(column.type)) and len(first.unique()) < 0.9 * len(first)


def _with_gaps(values: Any, column: pa.ChunkedArray) -> Any:
    """Put NaN where a column has no value."""
    if not values.flags.writeable:
        values = values.copy()
    values[column.is_null().to_numpy()] = np.nan
    return values


def plain_rows(path: Path, columns: Sequence[Column], rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a stored table as plain data that JSON can hold; a gap is None."""
    names = [column.name for column in columns]
    with parquet.ParquetFile(path, memory_map=True) as file:
        first = next(file.iter_batches(batch_size=max(rows, 1), columns=names), None)
    if first is None:
        return []
    values = [[plain(value, column) for value in first[column.name][:rows].to_pylist()] for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def plain(value: Any, column: Column) -> Any:
    """Return a value of a column as plain data that JSON can hold; a gap is None."""
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return str(value)
        return int(value) if column.integral else value
    return value
