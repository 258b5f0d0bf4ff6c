"""Parquet and Arrow files: columns already, with types of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from workbench.data.formats.normal import NormalReader, check_width
from workbench.data.formats.reader import MIB, Asked, Limits
from workbench.errors import BadRequest

_BATCH_ROWS = 64 * 1024
_BATCH_BYTES = 32 * MIB
NOTICES = "workbench.notices"
"""Metadata of an Arrow file that Workbench wrote: what there is to tell of how it was made, as a list in JSON."""
_ROW_LABELS = re.compile(r"__index_level_\d+__")
"""What pandas calls row labels without a name when it writes them as a column."""


def parquet(path: Path, called: str, limits: Limits, asked: Asked) -> NormalReader:
    """Read a Parquet file, a row group or less at a time.

    Raises
    ------
    BadRequest
        ``data.parse_failed`` when it is damaged or encrypted, and whatever `NormalReader` refuses.
    """
    from pyarrow.parquet import ParquetFile

    with _readable(called, "a Parquet file"), ParquetFile(path) as file:
        schema, about = file.schema_arrow, file.metadata
        check_width(len(schema), called, limits)
        unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
        rows = _rows_of(unpacked, about.num_rows)

    def batches() -> Iterator[pa.RecordBatch]:
        with _readable(called, "a Parquet file"), ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=rows, use_threads=True)

    return _reader(schema, batches, called, limits, asked, "parquet")


def arrow_file(path: Path, called: str, limits: Limits, asked: Asked) -> NormalReader:
    """Read an Arrow file, which Feather is too, a record batch at a time.

    Raises
    ------
    BadRequest
        As for `parquet`.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with _readable(called, "an Arrow file"), pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                yield from _parts(file.get_batch(number))

    with _readable(called, "an Arrow file"), pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        schema = file.schema
    return _reader(schema, batches, called, limits, asked, "arrow")


def arrow_stream(path: Path, called: str, limits: Limits, asked: Asked) -> NormalReader:
    """Read an Arrow stream that was written to a file, a record batch at a time.

    Raises
    ------
    BadRequest
        As for `parquet`.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with _readable(called, "an Arrow stream"), pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                yield from _parts(batch)

    with _readable(called, "an Arrow stream"), pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
        schema = stream.schema
    return _reader(schema, batches, called, limits, asked, "arrow-stream")


def _reader(
    schema: pa.Schema,
    batches: Callable[[], Iterator[pa.RecordBatch]],
    called: str,
    limits: Limits,
    asked: Asked,
    kind: str,
) -> NormalReader:
    told = tuple(json.loads((schema.metadata or {}).get(NOTICES.encode(), b"[]")))
    labels = [place for place, name in enumerate(schema.names) if _ROW_LABELS.fullmatch(name)]
    if not labels or len(labels) == len(schema):
        return NormalReader(schema, batches, called, limits, asked, format={"type": kind}, notices=told)
    kept = [place for place in range(len(schema)) if place not in labels]

    def chosen() -> Iterator[pa.RecordBatch]:
        for batch in batches():
            yield batch.select(kept)

    notice = "The row labels that pandas stored beside the columns were left out."
    given = pa.schema([schema.field(place) for place in kept])
    return NormalReader(given, chosen, called, limits, asked, format={"type": kind}, notices=[*told, notice])


def _rows_of(size: int, rows: int) -> int:
    """Return how many rows of a table of such a size make a batch."""
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES * rows // max(size, 1)))


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    # What a file says of lengths and places is taken as it is, up to here.
    batch.validate(full=True)
    # Whoever wrote the file may have put all rows into one batch.
    rows = _rows_of(batch.get_total_buffer_size(), batch.num_rows)
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


@contextmanager
def _readable(called: str, what: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, NotImplementedError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise BadRequest("data.parse_failed", f"{called} cannot be read as {what}: {reason[0].rstrip('.')}.") from error
