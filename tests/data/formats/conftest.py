from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.data.formats.reader import Asked, Limits, Reader
from workbench.data.formats.recognise import open_file


@pytest.fixture
def open_bytes(tmp_path: Path) -> Callable[..., Reader]:
    """Begin to read bytes, or text as UTF-8, as a file of some name."""

    def begin(
        content: str | bytes,
        name: str = "table",
        *,
        kinds: Any = None,
        limits: dict[str, Any] | None = None,
        **options: Any,
    ) -> Reader:
        path, work = tmp_path / "content", tmp_path / "work"
        work.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_file(path, name, Limits(work, **(limits or {})), Asked(kinds or {}, options))

    return begin


@pytest.fixture
def open_arrow(open_bytes: Callable[..., Reader]) -> Callable[..., Reader]:
    """Begin to read an Arrow table from a Parquet file, or from an Arrow file where Parquet has no such type."""

    def begin(table: Any, *, rows: int | None = None, parquet: bool = True, **more: Any) -> Reader:
        import pyarrow as pa
        from pyarrow import parquet as pq

        sink = pa.BufferOutputStream()
        if parquet:
            pq.write_table(table, sink, row_group_size=rows)
        else:
            with pa.ipc.new_file(sink, table.schema) as file:
                file.write_table(table, max_chunksize=rows)
        return open_bytes(sink.getvalue().to_pybytes(), "table.parquet" if parquet else "table.feather", **more)

    return begin
