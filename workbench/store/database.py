"""Engine and sessions. Short writes, one at a time on SQLite; foreign errors become ours here and nowhere else."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from workbench.errors import EngineFault

BUSY_TIMEOUT_MS = 15_000
LAST = "last"
"""Where a session's ``info`` has what is to be done at the end of its transaction, such as what others wait for."""


class Database:
    """A database that speaks the store's schema.

    Not to be carried over a fork: a forked process opens its own.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url: URL = make_url(url)
            self.engine = _engine(self.url)
        except (ArgumentError, ImportError, OSError) as error:
            raise EngineFault("store.unreachable", f"The database URL cannot be used: {error}.") from error
        self._writer = self.engine.execution_options(workbench_writes=True)
        self._noted: dict[str, Any] = {}

    def noting(self, **noted: Any) -> Database:
        """Return the same database, whose sessions carry something along in their ``info``."""
        other = copy.copy(self)
        other._noted = self._noted | noted
        return other

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one consistent state and writes nothing."""
        with _foreign_errors(self.url), Session(self.engine, expire_on_commit=False) as session:
            session.info.update(self._noted)
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session in a transaction: committed at the end, rolled back on any error.

        What its ``info`` holds under `LAST` is called with it before it is committed.
        """
        with _foreign_errors(self.url), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.info.update(self._noted)
            yield session
            for step in session.info.pop(LAST, ()):
                step(session)

    @contextmanager
    def without_references(self) -> Iterator[Connection]:
        """Open a writing transaction in which SQLite lets tables be rebuilt that others refer to.

        References are checked before it is committed.

        Raises
        ------
        EngineFault
            ``store.schema_unknown`` when rows refer to nothing at the end; nothing is changed then.
        """
        with _foreign_errors(self.url), self._writer.connect() as connection:
            # Within a transaction SQLite would not hear of it.
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                        raise EngineFault(
                            "store.schema_unknown", "The database holds rows that refer to rows which are not there."
                        )
            finally:
                raw.execute("PRAGMA foreign_keys = ON")

    def changes(self) -> Changes:
        """Return a watcher that starts now."""
        return Changes(self)

    def close(self) -> None:
        self.engine.dispose()


class Changes:
    """Tells in microseconds whether there can be anything new to read.

    SQLite counts the commits of all other connections; where a database has no such count, there may always be news.
    Not to be shared between threads.
    """

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.raw_connection() if database.is_sqlite else None
        self._version: int | None = None

    @property
    def pace_s(self) -> float:
        """Seconds to leave between two looks, by what a look costs."""
        return 0.05 if self._connection is None else 0.03

    def any(self) -> bool:
        """Whether somebody may have written since the last call; True at the first."""
        if self._connection is None:
            return True
        try:
            cursor = self._connection.cursor()
            version: int = cursor.execute("PRAGMA data_version").fetchone()[0]
            cursor.close()
        except sqlite3.Error:
            # Whoever reads next is told what is wrong.
            return True
        before, self._version = self._version, version
        return version != before

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


@contextmanager
def _foreign_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        # These are about a statement, not about the place.
        raise
    except DBAPIError as error:
        place = url.render_as_string(hide_password=True)
        raise EngineFault("store.unreachable", f"The database {place} does not answer: {_reason(error)}.") from error


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling is off: it would begin late and never with IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer takes the lock at once, so that it never fails half-way for having read first.
        writes = connection.get_execution_options().get("workbench_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
