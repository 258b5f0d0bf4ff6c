"""The schema's way in: Alembic and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from workbench.errors import EngineFault
from workbench.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
"""Newest revision. A test holds it against the migrations, so that a current schema is recognised without Alembic."""

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x776F726B


def ensure_schema(database: Database, *, upgrade: bool = True) -> None:
    """Bring the database to the newest schema; do nothing where it is there already.

    Parameters
    ----------
    upgrade
        Whether an older schema is upgraded. A server whose owner migrates by hand says False.

    Raises
    ------
    EngineFault
        ``store.schema_ahead`` when the database is newer than this Workbench, or older and `upgrade` is False;
        ``store.schema_unknown`` when it holds tables that are not Workbench's.
    """
    with database.read() as session:
        if _revision(session.connection()) == HEAD:
            return
    with _alone(database) as connection:
        revision = _revision(connection)
        if revision == HEAD:
            return
        _refuse(connection, revision, upgrade=upgrade)
        from alembic import command

        command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's configuration for one open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refuse(connection: Connection, revision: str | None, *, upgrade: bool) -> None:
    if revision is None:
        strangers = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        if strangers:
            raise EngineFault(
                "store.schema_unknown",
                f"The database holds tables that are not Workbench's: {', '.join(sorted(strangers)[:5])}.",
                hint="Name an empty database in WORKBENCH_DATABASE_URL.",
            )
        return
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision not in known:
        raise EngineFault(
            "store.schema_ahead",
            f"The database has schema {revision}, which is newer than this Workbench knows.",
            hint="Upgrade Workbench, or name another database.",
        )
    if not upgrade:
        raise EngineFault(
            "store.schema_ahead",
            f"The database has schema {revision}; this Workbench needs {HEAD}.",
            hint="Whoever owns the database has to upgrade it.",
        )


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """Hold the one lock under which a schema may change."""
    if database.is_sqlite and database.url.database:
        from filelock import FileLock

        with FileLock(f"{database.url.database}.migrate.lock"), database.without_references() as connection:
            yield connection
        return
    with database.write() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield connection
