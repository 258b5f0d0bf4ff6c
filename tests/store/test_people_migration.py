"""A home that is older than its people: who made something becomes a member, and old lines of the log are chained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from tests.data.servers import postgres  # noqa: F401 - a fixture
from workbench.access.permissions import Role
from workbench.people.identity import HUB_USER
from workbench.settings import Settings
from workbench.store.chain import BEGINNING, link
from workbench.store.database import Database
from workbench.store.schema import config, ensure_schema
from workbench.store.tables import AuditHeadRow, AuditRow, MembershipRow, RunRow, UserRow
from workbench.workbench import connect

BEFORE = "0007"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MADE_BY = ("bob", "ada", "bob", "eve", "service")
"""Who submitted the runs, oldest first."""
LINES = 5


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path) -> Iterator[Database]:
    """A filled database of the schema before."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'home' / 'workbench.db'}"
    else:
        url = request.getfixturevalue("postgres").empty_database()
    database = Database(url)
    to(database, BEFORE)
    fill(database)
    yield database
    database.close()


def to(database: Database, revision: str) -> None:
    with database.without_references() if database.is_sqlite else database.engine.begin() as connection:
        act = command.downgrade if "users" in inspect(connection).get_table_names() else command.upgrade
        act(config(connection), revision)


def fill(database: Database) -> None:
    tables = MetaData()
    tables.reflect(database.engine)
    with database.write() as session:

        def add(table: str, **values: Any) -> None:
            needed = [column for column in tables.tables[table].columns if not column.nullable]
            given = {column.name: BLANK.get(column.type.python_type, {}) for column in needed} | values
            session.execute(insert(tables.tables[table]).values(given))

        add("workspaces", id="w", name="default")
        add("projects", id="p", workspace_id="w", name="default")
        add("data_sources", id="s", workspace_id="w", name="juice", live_name="juice")
        add("experiments", id="e", project_id="p", source_id="s", name="juice")
        for number, name in enumerate(MADE_BY):
            at = MOMENT + timedelta(hours=number)
            add("runs", id=f"r{number}", experiment_id="e", source_id="s", created_by=name, created_at=at)
        for number in range(LINES):
            # Two of them at the same moment, and ids against the order of time.
            at = MOMENT + timedelta(hours=number // 2)
            about = {"by": "ada", "action": "alias.set", "subject": "alias", "subject_id": f"a{number}"}
            add("audit_log", id=f"l{9 - number}", at=at, message=f"line {number}", details={"n": number}, **about)


BLANK = {str: "x", int: 0, float: 0.0, bool: False, datetime: MOMENT}
"""What a column has of which nothing is said, by the type of its values; an empty object where that is JSON."""


def chain(database: Database) -> list[AuditRow]:
    with database.read() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.seq)))


def test_whoever_made_something_is_a_member_and_the_first_an_owner(older):
    ensure_schema(older)
    joined = select(UserRow.name, UserRow.is_administrator, MembershipRow.role, MembershipRow.workspace_id)
    with older.read() as session:
        found = session.execute(joined.join(MembershipRow, MembershipRow.user_id == UserRow.id)).all()
    assert {tuple(row) for row in found} == {
        ("bob", True, Role.OWNER, "w"),
        ("ada", False, Role.EDITOR, "w"),
        ("eve", False, Role.EDITOR, "w"),
    }


def test_runs_are_of_the_workspace_of_their_project(older):
    ensure_schema(older)
    with older.read() as session:
        assert session.scalars(select(RunRow.workspace_id)).all() == ["w"] * len(MADE_BY)


def test_the_lines_of_the_log_are_chained_in_their_order_and_stay_as_they_were(older):
    ensure_schema(older)
    lines = chain(older)
    assert [line.seq for line in lines] == list(range(1, LINES + 1))
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert {(line.message, line.details["n"], line.by, line.workspace_id) for line in lines} == {
        (f"line {number}", number, "ada", "w") for number in range(LINES)
    }
    previous = BEGINNING
    for line in lines:
        values = {column.name: getattr(line, column.name) for column in AuditRow.__table__.columns}
        assert (line.previous, line.sha256) == (previous, link(previous, values))
        previous = line.sha256
    with older.read() as session:
        head = session.get_one(AuditHeadRow, 1)
    assert (head.seq, head.sha256) == (LINES, previous)


def test_the_database_itself_refuses_to_change_the_log(older):
    ensure_schema(older)
    before = [line.sha256 for line in chain(older)]
    for statement in ("UPDATE audit_log SET message = 'x'", "DELETE FROM audit_log WHERE seq = 2"):
        with pytest.raises(DBAPIError, match="only ever added"), older.engine.begin() as connection:
            connection.execute(text(statement))
    assert [line.sha256 for line in chain(older)] == before


def test_the_log_goes_on_where_it_ended_and_is_whole(older, tmp_path, monkeypatch):
    ensure_schema(older)
    monkeypatch.setenv(HUB_USER, "bob")
    url = older.url.render_as_string(hide_password=False)
    opened = connect(Settings(home=tmp_path / "home", database_url=url, artifact_url=""))
    opened.workspaces.set_role("kim", "viewer")
    found = opened.audit.verify()
    assert (found.is_whole, found.lines) == (True, LINES + 1)
    assert [line.action for line in opened.audit.list()] == ["member.role_set"] + ["alias.set"] * LINES
    opened.close()


def test_runs_are_found_as_before(older, tmp_path, monkeypatch):
    ensure_schema(older)
    monkeypatch.setenv(HUB_USER, "eve")
    url = older.url.render_as_string(hide_password=False)
    opened = connect(Settings(home=tmp_path / "home", database_url=url, artifact_url=""))
    assert (opened.workspaces.current().id, opened.projects.current().run_count) == ("w", len(MADE_BY))
    opened.close()


def test_an_upgrade_is_taken_back_and_done_again(older):
    shape = tables_of(older)
    ensure_schema(older)
    first = [(line.seq, line.sha256) for line in chain(older)]
    to(older, BEFORE)
    assert tables_of(older) == shape
    with older.read() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == len(MADE_BY)
        assert session.scalar(text("SELECT count(*) FROM audit_log")) == LINES
    ensure_schema(older)
    assert [(line.seq, line.sha256) for line in chain(older)] == first


def tables_of(database: Database) -> dict[str, tuple[set[str], set[str]]]:
    """Name the columns and indexes of each table."""
    found = inspect(database.engine)
    return {
        name: (
            {column["name"] for column in found.get_columns(name)},
            {str(index["name"]) for index in found.get_indexes(name)},
        )
        for name in found.get_table_names()
    }


def test_a_database_without_anything_is_upgraded_too(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    to(database, BEFORE)
    ensure_schema(database)
    with database.read() as session:
        assert session.get_one(AuditHeadRow, 1).seq == 0
        assert session.scalars(select(UserRow.name)).all() == []
    database.close()
