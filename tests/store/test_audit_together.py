"""The audit log, added to by many processes at once, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.data.servers import postgres  # noqa: F401 - a fixture
from workbench.errors import EngineFault
from workbench.settings import Settings
from workbench.store import audit, proof
from workbench.store.store import Store, open_store

_WRITES = """
import sys
from workbench.store import audit
from workbench.store.database import Database

database = Database(sys.argv[1])
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    with database.write() as session:
        about = {"subject": "alias", "subject_id": sys.argv[2], "message": str(number)}
        audit.record(session, by=sys.argv[2], action="alias.set", **about)
        if number % 5 == 0:
            audit.record(session, by=sys.argv[2], action="alias.unset", **about)
"""


@pytest.fixture
def on_server(postgres, tmp_path) -> Iterator[Store]:  # noqa: F811 - the fixture that is imported
    opened = open_store(Settings(home=tmp_path, database_url=postgres.empty_database(), artifact_url=""))
    yield opened
    opened.close()


def write_together(store: Store, processes: int, lines: int) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITES, url, f"writer {number}", str(lines)], stdin=subprocess.PIPE, text=True
        )
        for number in range(processes)
    ]
    try:
        # All are there before the first begins.
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.close()
        assert [writer.wait(timeout=240) for writer in writers] == [0] * processes
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()


def check(store: Store, processes: int, lines: int) -> None:
    """Each line is there, once, in the order in which its writer added it, and the chain is whole."""
    told = proof.verify(store.database)
    assert (told.problem, told.lines) == (None, processes * (lines + -(-lines // 5)))
    for number in range(processes):
        found = list(audit.stream(store.database, audit.About(by=f"writer {number}")))
        assert [entry.message for entry in found if entry.action == "alias.set"] == [str(n) for n in range(lines)]


def test_eight_processes_add_to_one_chain_in_a_file(store):
    write_together(store, 8, 200)
    check(store, 8, 200)


def test_four_processes_add_to_one_chain_on_a_server(on_server):
    write_together(on_server, 4, 200)
    check(on_server, 4, 200)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET message = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_a_server_refuses_to_change_or_remove_a_line(on_server, statement):
    with on_server.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…")
    with pytest.raises((EngineFault, DBAPIError), match="only ever added"), on_server.database.write() as session:
        session.execute(text(statement))
    assert proof.verify(on_server.database).lines == 1


INSERTED = (
    "INSERT INTO audit_log SELECT 'x', at, by, action, subject, subject_id, message, details, {seq}, workspace_id, "
    "origin, key_id, outcome, previous, sha256 FROM audit_log WHERE audit_log.seq = 1"
)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (INSERTED.format(seq=-5), "only ever added"),
        (INSERTED.format(seq=3), "only ever added"),
        ("UPDATE audit_head SET seq = 0", "only ever moves on"),
        ("UPDATE audit_head SET seq = 3", "only ever moves on"),
        ("UPDATE audit_head SET sha256 = 'x'", "only ever moves on"),
        ("INSERT INTO audit_head VALUES (2, 1, 'x')", "only ever moves on"),
        ("DELETE FROM audit_head", "only ever moves on"),
        ("TRUNCATE audit_head", "only ever moves on"),
    ],
)
def test_a_server_refuses_all_but_the_next_line(on_server, statement, why):
    with on_server.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…")
    with pytest.raises((EngineFault, DBAPIError), match=why), on_server.database.write() as session:
        session.execute(text(statement))
    assert proof.verify(on_server.database) == told_of(on_server)


def told_of(store) -> proof.Verified:
    (line,) = audit.stream(store.database)
    return proof.Verified(True, 1, 1, line.sha256)


def test_lines_are_found_on_a_server_as_in_a_file(on_server):
    with on_server.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="half \ud800, zero \0")
    (entry,) = audit.entries(on_server.database)
    since, until = audit.About(since=entry.at, by="ada"), audit.About(until=entry.at)
    assert audit.entries(on_server.database, since) == [entry]
    assert audit.entries(on_server.database, until) == []
    assert audit.entries(on_server.database, before=10**30) == [entry]
    assert entry.message == "half ?, zero ␀"


def test_the_chain_of_details_with_all_kinds_of_values_is_whole_on_a_server(on_server):
    values = {"é": [1.1, 1e300, -0.0, None, True], "z": {"b": 1, "a": "𝄞\u2028"}}
    with on_server.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…", details=values)
    assert proof.verify(on_server.database).is_whole
