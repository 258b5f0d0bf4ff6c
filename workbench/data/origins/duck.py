"""A DuckDB file, which gives its rows as Arrow batches by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.data.formats.normal import Begun, NormalReader
from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins.secrets import Secrets, missing_package
from workbench.errors import BadRequest, Unavailable, WorkbenchError, choices

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy.engine import URL

_BATCH_ROWS = 64 * 1024
_RETRY_AFTER_S = 60

Answer = TypeVar("Answer")


def test(url: URL, table: str | None, query: str | None, secrets: Secrets) -> None:
    """Open the file, and have it look at the table or query.

    Raises
    ------
    BadRequest
        ``data.driver_missing``, ``data.file_missing``, ``data.source_invalid`` when it is no DuckDB file,
        ``data.query_failed``.
    Unavailable
        ``data.source_unreachable`` while another process writes to it.
    """
    with closing(_opened(url, secrets)) as connection:
        _relation(connection, table, query, secrets)


def reader(
    url: URL, table: str | None, query: str | None, secrets: Secrets, called: str, limits: Limits, asked: Asked
) -> NormalReader:
    """Begin to read a table or a query.

    Raises
    ------
    BadRequest, Unavailable
        As for `test`; ``data.no_rows`` when nothing comes, and whatever `NormalReader` refuses.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with (
            closing(_opened(url, secrets)) as connection,
            closing(_stream(connection, table, query, secrets)) as stream,
        ):
            # Were a stream left open, the file would be too, and opening it again would wait for ever.
            while (batch := _asked(lambda: next(stream, None), secrets)) is not None:
                yield batch

    begun = Begun(batches)
    if begun.first is None:
        what = f"The table {table}" if table else "The query"
        raise BadRequest("data.no_rows", f"{what} gives no rows.")
    told = {"type": "sql", "database": "DuckDB"}
    return NormalReader(begun.first.schema, begun, called, limits, asked, format=told)


def _opened(url: URL, secrets: Secrets) -> Any:
    try:
        import duckdb
    except ImportError:
        raise missing_package("duckdb", "Reading from DuckDB") from None
    path = Path(url.database or "")
    if not path.is_file():
        raise BadRequest("data.file_missing", f"There is no DuckDB file {secrets.scrub(str(path))}.")
    name = secrets.scrub(path.name)

    def told(error: Exception) -> WorkbenchError:
        if "lock" in str(error):
            return Unavailable(
                "data.source_unreachable", f"{name} is in use by another process.", retry_after_s=_RETRY_AFTER_S
            )
        return BadRequest("data.source_invalid", f"DuckDB cannot open {name}: {secrets.first_line(error)}.")

    return secrets.call(lambda: duckdb.connect(str(path), read_only=True), told)


def _stream(connection: Any, table: str | None, query: str | None, secrets: Secrets) -> Any:
    relation = _relation(connection, table, query, secrets)
    # Its name until DuckDB 1.4.
    begin = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    return _asked(lambda: begin(_BATCH_ROWS), secrets)


def _relation(connection: Any, table: str | None, query: str | None, secrets: Secrets) -> Any:
    if table is not None:
        _check_table(connection, table)
    statement = query if table is None else f"SELECT * FROM {_quoted(table)}"
    relation = _asked(lambda: connection.sql(statement), secrets)
    double = [name for name, count in Counter(relation.columns).items() if count > 1]
    if double:
        raise BadRequest(
            "data.query_failed",
            f"The query gives several columns the name {double[0]}.",
            hint="Name them apart, as in SELECT a.id AS a_id.",
        )
    return relation


def _check_table(connection: Any, table: str) -> None:
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database()"
    ).fetchall()
    known = {name if schema == "main" else f"{schema}.{name}" for schema, name in found}
    if table.removeprefix("main.") not in known:
        raise BadRequest(
            "data.query_failed",
            f"DuckDB has no table {table}.",
            hint=choices(table, known) if known else "It has none at all.",
        )


def _quoted(table: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


def _asked(function: Callable[[], Answer], secrets: Secrets) -> Answer:
    def told(error: Exception) -> WorkbenchError:
        return BadRequest("data.query_failed", f"DuckDB refuses the query: {secrets.first_line(error)}.")

    return secrets.call(function, told)
