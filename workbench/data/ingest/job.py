"""One table to be ingested: what it is read from, and what is known of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.formats.reader import Asked, Limits
from workbench.data.source import Column

if TYPE_CHECKING:
    from workbench.data.origins.origin import Opened

TABLE = "table.parquet"
"""Name of the file that comes out, in the folder of `Limits.work`."""
HEAD_ROWS = 20
"""Rows that are kept as plain data."""
Tell = Callable[[str, int, int | None], None]
"""Called with what is going on (``fetching`` or ``reading``), how far, and out of how much where that is known: bytes
while fetching, rows while reading. What it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a table is read from.

    Attributes
    ----------
    origin
        Where it comes from; None for a file that lies in `raw`.
    raw
        Path of its bytes as they came.
    called
        What the user calls it, for messages.
    sha256
        Of the bytes in `raw`, where it is known already.
    """

    called: str
    limits: Limits
    asked: Asked
    origin: Mapping[str, Any] | None = None
    raw: Path | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What is known of a table that lies as Parquet in the folder of its job.

    Attributes
    ----------
    sha256, size_bytes
        Of the bytes as they came; of the table where it came as rows.
    head
        The first rows, a dictionary each; a gap is None.
    """

    row_count: int
    columns: tuple[Column, ...]
    format: dict[str, Any]
    notices: tuple[str, ...]
    head: list[dict[str, Any]]
    table_sha256: str
    sha256: str
    size_bytes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"columns": [column.as_dict() for column in self.columns]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Ingested:
        columns = tuple(Column.of(column) for column in told["columns"])
        return cls(**{**told, "columns": columns, "notices": tuple(told["notices"])})


def carry_out(job: Job, tell: Tell) -> Ingested:
    """Ingest a table in this process.

    Raises
    ------
    WorkbenchError
        Whatever its origin or its format refuses.
    """
    from workbench.data import origins
    from workbench.data.formats import recognise
    from workbench.data.origins.origin import Opened

    if job.origin is None:
        assert job.raw is not None
        opened = Opened(reader=recognise.open_file(job.raw, job.called, job.limits, job.asked), raw=job.raw)
    else:
        origin = origins.of(job.origin)
        opened = origin.open(job.limits, job.asked, lambda done, total: tell("fetching", done, total))
    return settle(opened, job, tell)


def settle(opened: Opened, job: Job, tell: Tell) -> Ingested:
    """Write what was opened as Parquet into the job's folder.

    Raises
    ------
    BadRequest
        ``data.no_rows``, and whatever its format refuses.
    """
    from concurrent.futures import ThreadPoolExecutor

    from workbench.data.ingest import table
    from workbench.data.origins.origin import digest
    from workbench.errors import BadRequest

    path = job.limits.work / TABLE
    with ThreadPoolExecutor(1) as pool:
        hashed = pool.submit(digest, opened.raw) if opened.raw is not None and job.sha256 is None else None
        written = table.write(opened.reader, path, lambda done: tell("reading", done, None))
        if written.row_count == 0:
            raise BadRequest("data.no_rows", f"{job.called} has a header but no rows.")
        sha256, size_bytes = (
            hashed.result() if hashed else (job.sha256 or written.sha256, (opened.raw or path).stat().st_size)
        )
    kinds = {"kinds": dict(job.asked.kinds)} if job.asked.kinds else {}
    return Ingested(
        row_count=written.row_count,
        columns=written.columns,
        format=dict(opened.reader.format) | kinds,
        notices=tuple(opened.reader.notices),
        head=table.plain_rows(path, written.columns, HEAD_ROWS),
        table_sha256=written.sha256,
        sha256=sha256,
        size_bytes=size_bytes,
    )
