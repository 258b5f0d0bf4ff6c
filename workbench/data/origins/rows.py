"""The rows of a query: read in stretches, and from the start again where the connection broke off."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from workbench.data.formats.normal import Begun
from workbench.data.formats.reader import Asked, Limits, Widened
from workbench.data.formats.values import ValuesReader
from workbench.data.origins.database import Database, Dropped
from workbench.errors import BadRequest, Unavailable

_PAUSES_S = (0.5, 3.0)
"""How long to wait before each new try, where a connection broke off."""
_STRETCH_CELLS = 256 * 1024
_MOST_ROWS = 16 * 1024
_SCALE = 5
"""Place of the digits after the point in what a driver tells of a column (PEP 249)."""


def reader(
    database: Database, table: str | None, query: str | None, called: str, limits: Limits, asked: Asked
) -> ValuesReader:
    """Begin to read a table or a query.

    Raises
    ------
    BadRequest
        ``data.no_rows`` when nothing comes, ``data.query_failed`` when two columns have one name; whatever `Database`
        and `ValuesReader` refuse.
    Unavailable
        ``data.source_unreachable``.
    """
    rows = _Rows(database, table, query)
    names = rows.begin()
    told = {"type": "sql", "database": database.name}
    return ValuesReader(names, Begun(rows.stretches), called, limits, asked, format=told)


class _Rows:
    """Runs a query, again where it has to be."""

    def __init__(self, database: Database, table: str | None, query: str | None) -> None:
        self._database, self._table, self._query = database, table, query
        self._failures = 0
        self._begun: Iterator[list[tuple[Any, ...]]] | None = None
        self._names: list[str] = []
        self._wholes: list[int] = []

    def begin(self) -> list[str]:
        """Run it until its first rows are there, and return the names of its columns."""
        while True:
            stretches = self._run()
            try:
                first = next(stretches, None)
            except Dropped as error:
                self._wait(error)
                continue
            if first is None:
                what = f"The table {self._table}" if self._table else "The query"
                raise BadRequest("data.no_rows", f"{what} gives no rows.")
            self._begun = _again(first, stretches)
            return self._names

    def stretches(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Read the values of the columns, a stretch of rows at a time.

        Raises
        ------
        Widened
            When the connection broke off: what was read is void, and another try may be made.
        Unavailable
            When it broke off once more than is tried.
        """
        rows, self._begun = self._begun or self._run(), None
        try:
            for stretch in rows:
                columns: list[Sequence[Any]] = list(zip(*stretch, strict=True))
                for at in self._wholes:
                    columns[at] = [int(value) if isinstance(value, Decimal) else value for value in columns[at]]
                yield columns
        except Dropped as error:
            self._wait(error)
            raise Widened from None

    def _run(self) -> Iterator[list[tuple[Any, ...]]]:
        database = self._database
        connection = self._connect()
        try:
            statement = database.statement(connection, self._table, self._query)
            result = database.ask(lambda: database.run(connection, statement))
            self._names = list(result.keys())
            _check_names(self._names)
            self._wholes = [at for at, about in enumerate(result.cursor.description) if about[_SCALE] == 0]
            size = max(1, min(_MOST_ROWS, _STRETCH_CELLS // max(1, len(self._names))))
            while rows := database.ask(lambda: result.fetchmany(size)):
                yield rows
        finally:
            _close(database, connection)

    def _connect(self) -> Any:
        try:
            return self._database.connect()
        except Unavailable as error:
            if self._failures == 0:
                raise
            # It broke off before, and is not back yet.
            raise Dropped(error.message) from None

    def _wait(self, error: Dropped) -> None:
        """Wait before the next try.

        Raises
        ------
        Unavailable
            When there were enough.
        """
        if self._failures == len(_PAUSES_S):
            raise Unavailable(
                "data.source_unreachable",
                f"{self._database.name} broke off {self._failures + 1} times while it was read; at last: {error}.",
                retry_after_s=60,
            ) from None
        time.sleep(_PAUSES_S[self._failures])
        self._failures += 1


def _again(first: list[tuple[Any, ...]], rest: Iterator[list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
    yield first
    yield from rest


def _close(database: Database, connection: Any) -> None:
    try:
        database.ask(connection.close)
    except (Dropped, BadRequest):
        return  # It is gone already.


def _check_names(names: Sequence[str]) -> None:
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        raise BadRequest(
            "data.query_failed",
            f"The query gives several columns the name {double[0]}.",
            hint="Name them apart, as in SELECT a.id AS a_id.",
        )
