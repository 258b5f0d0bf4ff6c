"""A stored table written for others to read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

ROWS = 20_000
"""Rows that are written at a time."""


def csv_of(path: Path) -> Iterator[bytes]:
    """Write a stored table as CSV, a stretch at a time.

    Parameters
    ----------
    path
        Its Parquet file.
    """
    from pyarrow import csv, parquet

    with parquet.ParquetFile(path, memory_map=True) as file:
        out = io.BytesIO()
        with csv.CSVWriter(out, file.schema_arrow) as writer:
            for batch in file.iter_batches(batch_size=ROWS):
                writer.write_batch(batch)
                yield out.getvalue()
                out.seek(0)
                out.truncate()
        yield out.getvalue()
