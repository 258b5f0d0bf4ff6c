"""A database that SQLAlchemy opens: connected to for reading only, its errors told in a sentence without secrets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from workbench.data.origins.secrets import Hidden, Secrets, missing_package
from workbench.errors import BadRequest, Unavailable, WorkbenchError, choices

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

_PATIENCE_S = 10
"""How long a server may take to answer the call."""
_RETRY_AFTER_S = 60
_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite", "mssql": "SQL Server"}
_CONNECTING: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": _PATIENCE_S, "application_name": "workbench"},
    "mysql": {"connect_timeout": _PATIENCE_S},
    "mariadb": {"connect_timeout": _PATIENCE_S},
}
_READ_ONLY: dict[str, str] = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""Said on connecting, where there is no option for it."""
_LOOK_S = 10
"""How long a server may take to look at a query, or wait for a table that somebody has locked."""
_LOOKING: dict[str, str] = {
    "postgresql": f"SET statement_timeout = {_LOOK_S * 1000}",
    "mysql": f"SET SESSION lock_wait_timeout = {_LOOK_S}",
    "mariadb": f"SET SESSION lock_wait_timeout = {_LOOK_S}",
}
_LATE = ("statement timeout", "lock wait timeout")
"""How servers say that this took longer."""
_DENIALS = ("authentication", "access denied", "permission denied", "not permitted", "login failed", "no password")
"""How servers say that somebody is not let in: there is no code for it while a connection is made."""

Answer = TypeVar("Answer")


class Dropped(Exception):
    """A connection broke off; what the server or the driver says of it, without secrets."""


class Database:
    """A database, of which nothing is held open.

    Parameters
    ----------
    url
        With its secrets.
    """

    def __init__(self, url: URL, secrets: Secrets) -> None:
        self._secrets = secrets
        self._backend = url.get_backend_name()
        self.name = _NAMES.get(self._backend, self._backend)
        self._engine = self._made(url)

    def test(self, table: str | None, query: str | None) -> None:
        """Connect, and have a table or query looked at.

        Raises
        ------
        BadRequest
            ``data.source_denied``, ``data.query_failed``.
        Unavailable
            ``data.source_unreachable``.
        """
        connection = self.connect()
        try:
            if self._backend in _LOOKING:
                self.ask(lambda: connection.exec_driver_sql(_LOOKING[self._backend]))
            statement = looking(self.statement(connection, table, query), self._backend)
            self.ask(lambda: self.run(connection, statement).close())
        except Dropped as error:
            raise self.unreachable(str(error)) from None
        finally:
            self.ask(connection.close)

    def connect(self) -> Connection:
        """Connect, for one transaction that only reads.

        Raises
        ------
        BadRequest, Unavailable
            As for `test`.
        """

        def connected() -> Connection:
            connection = self._engine.connect()
            if self._backend in _READ_ONLY:
                connection.exec_driver_sql(_READ_ONLY[self._backend])
            return connection.execution_options(**_options(self._backend))

        return self._secrets.call(connected, self._not_connected)

    def run(self, connection: Connection, statement: str) -> Any:
        """Have a statement carried out, as it is written, by a cursor at the server where there are such."""
        options = {"stream_results": True, "yield_per": 2000, "no_parameters": True}
        return connection.exec_driver_sql(statement, execution_options=options)

    def statement(self, connection: Connection, table: str | None, query: str | None) -> str:
        """Return the query, or the one for all of a table.

        Raises
        ------
        BadRequest
            ``data.query_failed`` when there is no such table, naming the nearest.
        """
        if query is not None or table is None:
            return query or ""
        from sqlalchemy import inspect

        inspector = self.ask(lambda: inspect(connection))
        schema, _, name = table.rpartition(".")
        for within, called in ((None, table), (schema or None, name)):
            if self.ask(lambda called=called, within=within: inspector.has_table(called, schema=within)):  # type: ignore[misc]
                quoted = self._engine.dialect.identifier_preparer
                place = f"{quoted.quote_schema(within)}." if within else ""
                return f"SELECT * FROM {place}{quoted.quote(called)}"
        there = self.ask(
            lambda: [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        )
        known = [f"{schema}.{one}" if schema else one for one in there]
        raise BadRequest(
            "data.query_failed",
            f"{self.name} has no table {table}.",
            hint=choices(table, known) if known else "It has none at all that you may see.",
        )

    def ask(self, function: Callable[[], Answer]) -> Answer:
        """Call the database, once connected.

        Raises
        ------
        BadRequest
            ``data.query_failed``, ``data.source_denied``.
        Dropped
            When the connection broke off.
        """
        dropped: list[str] = []

        def told(error: Exception) -> WorkbenchError:
            if getattr(error, "connection_invalidated", False):
                dropped.append(self._reason(error))
            return self._refusal(error)

        try:
            return self._secrets.call(function, told)
        except WorkbenchError:
            if not dropped:
                raise
        raise Dropped(dropped[0])

    def unreachable(self, reason: str) -> Unavailable:
        """Say that it does not answer."""
        return Unavailable(
            "data.source_unreachable", f"{self.name} does not answer: {reason}.", retry_after_s=_RETRY_AFTER_S
        )

    def _made(self, url: URL) -> Engine:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import NoSuchModuleError
        from sqlalchemy.pool import NullPool

        more: dict[str, Any] = {"connect_args": dict(_CONNECTING.get(self._backend, {}))}
        if self._backend == "sqlite":
            more = {"creator": _only_reading(url.database, self._secrets)}

        def told(error: Exception) -> WorkbenchError:
            if isinstance(error, NoSuchModuleError):
                return BadRequest("data.source_invalid", f"SQLAlchemy knows no database {self._backend}.")
            if isinstance(error, ModuleNotFoundError):
                return missing_package(error.name or url.drivername, f"Reading from {self.name}")
            return BadRequest("data.source_invalid", f"{self.name} cannot be opened: {self._reason(error)}.")

        return self._secrets.call(lambda: create_engine(url, poolclass=NullPool, hide_parameters=True, **more), told)

    def _not_connected(self, error: Exception) -> WorkbenchError:
        reason = self._reason(error)
        if any(denial in reason.lower() for denial in _DENIALS):
            return BadRequest("data.source_denied", f"{self.name} does not let this user in: {reason}.")
        if "does not exist" in reason or "unknown database" in reason.lower():
            return BadRequest("data.source_invalid", f"{self.name} cannot be opened: {reason}.")
        return self.unreachable(reason)

    def _refusal(self, error: Exception) -> WorkbenchError:
        reason = self._reason(error)
        if any(late in reason.lower() for late in _LATE):
            return self.unreachable(reason)
        if any(denial in reason.lower() for denial in _DENIALS):
            return BadRequest("data.source_denied", f"{self.name} does not let this user at it: {reason}.")
        return BadRequest("data.query_failed", f"{self.name} refuses the query: {reason}.")

    def _reason(self, error: Exception) -> str:
        return self._secrets.first_line(getattr(error, "orig", None) or error)


def looking(statement: str, backend: str) -> str:
    """Return what has a database look at a query without giving, or even finding, its rows."""
    if backend == "mssql":
        # It takes neither WITH nor ORDER BY within another query.
        quoted = statement.replace("'", "''")
        return Hidden(f"EXEC sp_describe_first_result_set N'{quoted}'")
    # Oracle takes no AS before the name.
    return Hidden(f"SELECT * FROM (\n{statement}\n) probed WHERE 1 = 0")


def _options(backend: str) -> dict[str, Any]:
    return {"postgresql_readonly": True} if backend == "postgresql" else {}


def _only_reading(database: str | None, secrets: Secrets) -> Callable[[], sqlite3.Connection]:
    """Open a SQLite file such that a missing one is not made, and nothing can be written to it."""
    if not database or database == ":memory:":
        raise BadRequest("data.source_invalid", "A SQLite source is a file, as in sqlite:///PATH.")
    path = Path(database)
    if not path.is_file():
        raise BadRequest("data.file_missing", f"There is no SQLite file {secrets.scrub(str(path))}.")
    # Closed by another thread than it was opened by, where a generator over its rows is.
    return lambda: sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
