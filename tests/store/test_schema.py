"""The schema's one way in: created, recognised, upgraded or refused, and never by two at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from workbench.errors import EngineFault
from workbench.store.database import Database
from workbench.store.schema import HEAD, MIGRATIONS, config, ensure_schema
from workbench.store.tables import Base, RunRow, ScoreRow

SPEC = '{"include": ["lr"], "folds": 3, "versions": {"numpy": "1"}}'
"""What the first Workbench kept of a run: what was asked for, and what set-up found out."""


@pytest.fixture
def empty(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'new' / 'workbench.db'}")
    yield database
    database.close()


def revision(database: Database) -> str | None:
    with database.read() as session:
        return session.scalar(text("SELECT version_num FROM alembic_version"))


def execute(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


def test_models_and_migrations_agree(store):
    with store.database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_head_that_is_recognised_without_alembic_is_the_newest_migration():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_an_empty_database_gets_every_table(empty):
    ensure_schema(empty)
    with empty.read() as session:
        assert set(inspect(session.connection()).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    assert revision(empty) == HEAD


def test_a_current_database_is_recognised_without_alembic(settings):
    code = (
        "import sys; from workbench.store.store import open_store; from workbench.settings import load\n"
        "open_store(load()).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=settings.environment(), check=False).returncode == 0


def test_a_current_database_is_left_as_it_is(store):
    before = schema_of(store.database)
    ensure_schema(store.database)
    assert schema_of(store.database) == before


def schema_of(database: Database) -> list[tuple[str, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))]


def test_an_older_schema_is_upgraded_and_what_it_holds_stays(empty):
    with empty.write() as session:
        command.upgrade(config(session.connection()), "0001")
    moment = "2026-01-01 00:00:00.000000"
    execute(
        empty,
        f"INSERT INTO workspaces VALUES ('w', 'default', '{moment}')",
        f"INSERT INTO projects (id, workspace_id, name, created_at) VALUES ('p', 'w', 'default', '{moment}')",
        "INSERT INTO data_sources VALUES "
        f"('s', 'w', 'juice', 'juice', 'upload', 's.csv', 'abc', 9, 2, '{{}}', '[]', '[]', '{moment}', NULL)",
        "INSERT INTO experiments VALUES "
        f"('e', 'p', 's', 'juice', 'classification', 'Purchase', '{{}}', 'f', '{moment}')",
        "INSERT INTO runs (id, experiment_id, source_id, plan, task, target, spec, status, created_by, created_at) "
        f"VALUES ('r', 'e', 's', 'create', 'classification', 'Purchase', '{SPEC}', "
        f"'succeeded', 'ada', '{moment}')",
        "INSERT INTO scores (run_id, model, fold, status, metrics, created_at) "
        f"VALUES ('r', 'lr', 0, 'scored', '{{\"Accuracy\": 0.5}}', '{moment}')",
    )
    ensure_schema(empty)
    assert revision(empty) == HEAD
    with empty.read() as session:
        run = session.get_one(RunRow, "r")
        score = session.get_one(ScoreRow, ("r", "lr", 0))
    assert (run.target, run.deaths, score.metrics, score.pycaret) == ("Purchase", 0, {"Accuracy": 0.5}, None)
    assert run.spec["bases"] == [{"kind": "model", "model": "lr"}]
    assert ("versions" in run.spec, run.fitted) == (False, {"folds": 3, "versions": {"numpy": "1"}})


def test_references_are_held_again_after_an_upgrade(empty):
    ensure_schema(empty)
    with pytest.raises(IntegrityError):
        execute(empty, "INSERT INTO projects (id, workspace_id, name, created_at) VALUES ('p', 'nobody', 'x', '2026')")


def test_a_database_with_tables_of_others_is_refused_and_named(empty):
    execute(empty, "CREATE TABLE customers (id INTEGER)", "CREATE TABLE orders (id INTEGER)")
    with pytest.raises(EngineFault) as caught:
        ensure_schema(empty)
    assert caught.value.code == "store.schema_unknown"
    assert "customers, orders" in caught.value.message
    with empty.read() as session:
        assert set(inspect(session.connection()).get_table_names()) == {"customers", "orders"}


def test_a_newer_schema_is_refused_and_left_as_it_is(store):
    execute(store.database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(EngineFault) as caught:
        ensure_schema(store.database)
    assert caught.value.code == "store.schema_ahead"
    assert "9999" in caught.value.message
    assert revision(store.database) == "9999"


def test_processes_that_open_a_new_home_at_once_migrate_it_once(tmp_path):
    home = tmp_path / "home"
    code = (
        "import sys, workbench\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"wb = workbench.connect(home={str(home)!r})\n"
        "print(wb.runs.list(), wb._store.project_id)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=60)[0] for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(answers)) == 1
    database = Database(f"sqlite:///{home / 'workbench.db'}")
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        assert session.scalar(text("SELECT count(*) FROM projects")) == 1
    database.close()
