"""A table or a query of a database that SQLAlchemy opens, or of a DuckDB file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.data.formats.reader import Asked, Limits, Reader
from workbench.data.origins import address
from workbench.data.origins.literals import check_query
from workbench.data.origins.origin import Opened, Tell
from workbench.data.origins.patience import promptly
from workbench.data.origins.secrets import Secrets, in_mysql, in_sql
from workbench.data.origins.statement import one_reading, texts
from workbench.errors import BadRequest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


@dataclass(frozen=True, slots=True)
class Sql:
    """What a table or a query of a database gives; only read.

    Parameters
    ----------
    url
        As for SQLAlchemy, with the names of secrets in place of them; ``duckdb:///PATH`` for a DuckDB file.
    table
        Its name, with the schema's and a point before it where it has one.
    query
        One statement that reads, where it is no table; with the names of secrets in place of them, within its texts.

    Raises
    ------
    BadRequest
        ``data.secret_literal`` when a secret stands in the address or the query, ``data.source_invalid`` when it is no
        address, or not one of table and query is given, ``data.query_failed`` when the query is no single one that
        reads.
    """

    url: str
    table: str | None = None
    query: str | None = None
    kind = "sql"

    def __post_init__(self) -> None:
        # The only way to give a frozen instance what was checked and completed.
        object.__setattr__(self, "url", address.check(self.url))
        if (self.table is None) == (self.query is None):
            raise BadRequest("data.source_invalid", "A database is read by a table or by a query: name one of them.")
        if self.query is not None:
            query = one_reading(self.query)
            check_query(query, texts(query))
            object.__setattr__(self, "query", query)

    @property
    def called(self) -> str:
        return self.table or "query"

    def told(self) -> dict[str, Any]:
        return {"kind": self.kind, "url": self.url, "table": self.table, "query": self.query}

    def test(self) -> None:
        """Connect, and have the database look at the table or query without running it to its end.

        Raises
        ------
        BadRequest
            ``data.secret_missing``, ``data.driver_missing``, ``data.source_denied``, ``data.query_failed``, and
            ``data.file_missing`` where the database is a file.
        Unavailable
            ``data.source_unreachable``.
        """
        secrets = Secrets()
        url = address.resolve(self.url, secrets)
        query = self._filled(url, secrets)
        if url.get_backend_name() == "duckdb":
            from workbench.data.origins import duck

            promptly(lambda: duck.test(url, self.table, query, secrets), "DuckDB")
        else:
            from workbench.data.origins.database import Database

            database = Database(url, secrets)
            promptly(lambda: database.test(self.table, query), database.name)

    def open(self, limits: Limits, asked: Asked, tell: Tell) -> Opened:
        """Begin to read, a stretch of rows at a time.

        Raises
        ------
        BadRequest
            As for `test`; ``data.no_rows`` when nothing comes, and whatever the kinds asked for do not fit.
        Unavailable
            As for `test`; while it is read, where the connection broke off three times.
        """
        from workbench.data.formats.recognise import check_options

        del tell  # Rows are told by whoever takes them.
        check_options(self.called, asked, ())
        secrets = Secrets()
        return Opened(self._reader(address.resolve(self.url, secrets), secrets, limits, asked), None)

    def stamp(self) -> str | None:
        return None

    def _filled(self, url: URL, secrets: Secrets) -> str | None:
        """Put its secrets into the query."""
        write = in_mysql if url.get_backend_name() in ("mysql", "mariadb") else in_sql
        return None if self.query is None else secrets.fill(self.query, write)

    def _reader(self, url: URL, secrets: Secrets, limits: Limits, asked: Asked) -> Reader:
        query = self._filled(url, secrets)
        if url.get_backend_name() == "duckdb":
            from workbench.data.origins import duck

            return duck.reader(url, self.table, query, secrets, self.called, limits, asked)
        from workbench.data.origins.database import Database
        from workbench.data.origins.rows import reader

        return reader(Database(url, secrets), self.table, query, self.called, limits, asked)
