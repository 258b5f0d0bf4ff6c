"""Engine and sessions. Short writes, one at a time on SQLite; foreign errors become ours here and nowhere else."""

from __future__ import annotations

import copy
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from workbench.errors import EngineFault, Unavailable

BUSY_TIMEOUT_MS = 15_000
KEPT, MOST = 8, 64
"""Connections that are kept open, and that one process has at once: the API's threads each take one, and no more."""
PATIENCE_S = 15.0
"""Longest that a thread waits for one of them, in seconds."""
RETRY_S = 1
_LOOK_S = 0.01
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
FIRST, LAST = "first", "last"
"""Where a session's ``info`` has what is to be done at the beginning of its transaction, and at the end of it, such as
what others wait for."""


class Database:
    """A database that speaks the store's schema.

    Not to be carried over a fork: a forked process opens its own.

    Parameters
    ----------
    most
        Most connections for reading and writing.
    patience_s
        Longest to wait for one of them, in seconds.
    """

    def __init__(self, url: str, *, most: int = MOST, patience_s: float = PATIENCE_S) -> None:
        try:
            self.url: URL = make_url(url)
            self.engine = _engine(self.url, most, patience_s)
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

        What its ``info`` holds under `FIRST` is called with it before anything else, and what it holds under `LAST`
        before it is committed.
        """
        with _foreign_errors(self.url), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.info.update(self._noted)
            for step in session.info.get(FIRST, ()):
                step(session)
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
    Not to be shared between threads. Its connection is its own: however many wait, others read and write.
    """

    def __init__(self, database: Database) -> None:
        self._connection: Connection | None = None
        self._version: int | None = None
        if database.is_sqlite:
            with _foreign_errors(database.url):
                self._connection = database.engine.connect()
                self._connection.detach()

    @property
    def pace_s(self) -> float:
        """Seconds to leave between two looks, by what a look costs."""
        return 0.05 if self._connection is None else 0.03

    def any(self) -> bool:
        """Whether somebody may have written since the last call; True at the first."""
        if self._connection is None:
            return True
        try:
            # Beside SQLAlchemy, which would begin a transaction: within one the count stands still.
            cursor = self._connection.connection.cursor()
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
    except NoneFree as error:
        raise Unavailable(
            "store.busy",
            "More is asked of the database at once than it has connections for.",
            hint="Come again in a moment.",
            retry_after_s=RETRY_S,
        ) from error
    except DBAPIError as error:
        if _is_busy(error.orig):
            raise Unavailable(
                "store.busy",
                "Somebody else writes to the database, and does not end.",
                hint="Come again in a moment.",
                retry_after_s=RETRY_S,
            ) from error
        place = url.render_as_string(hide_password=True)
        raise EngineFault("store.unreachable", f"The database {place} does not answer: {_reason(error)}.") from error


def _is_busy(error: BaseException | None) -> bool:
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Have SQLite write ahead, once others let a new database be changed so: for that it does not wait by itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_S)
        else:
            return


def _engine(url: URL, most: int, patience_s: float) -> Engine:
    kept = min(KEPT, most)
    pool: dict[str, Any] = {"pool_size": kept, "max_overflow": most - kept, "pool_timeout": patience_s}
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, **pool)
    in_file = url.database not in (None, "", ":memory:")
    if in_file:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    # One in memory has a connection a thread.
    engine = create_engine(url, **(pool if in_file else {}))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling is off: it would begin late and never with IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer takes the lock at once, so that it never fails half-way for having read first.
        writes = connection.get_execution_options().get("workbench_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
