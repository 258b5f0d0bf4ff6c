"""The database: how it is opened, what a transaction promises, and what its errors become."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from workbench.errors import EngineFault, Unavailable
from workbench.settings import Settings
from workbench.store import database
from workbench.store.database import BUSY_TIMEOUT_MS, Database
from workbench.store.store import open_store
from workbench.store.tables import WorkspaceRow, new_id, now


def test_sqlite_writes_ahead_and_waits_for_its_turn(store):
    with store.database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA busy_timeout")) == BUSY_TIMEOUT_MS
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


@pytest.fixture
def taken(tmp_path):
    """A new database that does not write ahead yet, and somebody who writes to it."""
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        yield f"sqlite:///{path}", writing


def test_a_new_database_that_somebody_writes_to_is_waited_for(taken):
    url, writing = taken
    opened, tries = Database(url), Counter()

    def end_at_second(statement: str) -> None:
        tries[statement] += 1
        if tries["PRAGMA journal_mode = WAL"] == 2 and writing.in_transaction:
            writing.execute("COMMIT")

    @event.listens_for(opened.engine, "connect", insert=True)
    def trace(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(end_at_second)

    with opened.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
    opened.close()


def test_a_new_database_that_somebody_goes_on_writing_to_is_busy(taken, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)
    opened = Database(taken[0])
    with pytest.raises(Unavailable) as raised, opened.read() as session:
        session.execute(text("SELECT 1"))
    assert raised.value.code == "store.busy"
    opened.close()


def test_a_reader_is_not_held_up_by_a_writer(store):
    with store.database.write() as writing:
        writing.add(WorkspaceRow(name="other"))
        writing.flush()
        with store.database.read() as reading:
            assert reading.query(WorkspaceRow).count() == 1
    with store.database.read() as reading:
        assert reading.query(WorkspaceRow).count() == 2


def test_an_error_undoes_the_whole_transaction(store):
    with pytest.raises(LookupError), store.database.write() as session:
        session.add(WorkspaceRow(name="other"))
        session.flush()
        raise LookupError
    with store.database.read() as session:
        assert session.query(WorkspaceRow).count() == 1


def test_writers_take_turns(store):
    """Each reads and then writes, which fails half-way wherever the lock is taken only at the write."""

    def add() -> None:
        for _ in range(20):
            with store.database.write() as session:
                count = session.query(WorkspaceRow).count()
                session.add(WorkspaceRow(name=f"w{count}"))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with store.database.read() as session:
        names = {row.name for row in session.query(WorkspaceRow)}
    assert names == {"default", *(f"w{count}" for count in range(1, 81))}


def test_a_watcher_tells_of_others_commits_once(store):
    changes = store.database.changes()
    assert [changes.any(), changes.any()] == [True, False]
    other = Database(store.settings.database)
    with other.write() as session:
        session.add(WorkspaceRow(name="other"))
        session.flush()
        assert not changes.any()
    assert [changes.any(), changes.any()] == [True, False]
    with other.read() as session:
        assert session.query(WorkspaceRow).count() == 2
    assert not changes.any()
    changes.close()
    other.close()


def test_however_many_wait_for_news_others_read_and_write(store):
    database = Database(store.settings.database, most=1, patience_s=0.1)
    waiting = [database.changes() for _ in range(100)]
    with database.write() as session:
        session.add(WorkspaceRow(name="other"))
    with database.read() as session:
        assert session.query(WorkspaceRow).count() == 2
    assert all(changes.any() for changes in waiting)
    for changes in waiting:
        changes.close()
    database.close()


def test_a_thread_that_finds_no_free_connection_is_told_to_come_again(store):
    database = Database(store.settings.database, most=1, patience_s=0.1)
    with database.read() as reading:
        assert reading.query(WorkspaceRow).count() == 1
        with pytest.raises(Unavailable) as caught, database.read() as another:
            another.query(WorkspaceRow).count()
    assert (caught.value.code, caught.value.about) == ("store.busy", {"retry_after_s": 1})
    database.close()


def test_as_many_threads_as_an_api_has_read_at_once(store):
    together = threading.Barrier(40, timeout=30)
    seen = []

    def read() -> None:
        with store.database.read() as session:
            count = session.query(WorkspaceRow).count()
            together.wait()
            seen.append(count)

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [1] * 40


def test_times_come_back_in_utc(store):
    moment = now()
    with store.database.write() as session:
        session.add(WorkspaceRow(id="w", name="other", created_at=moment))
    with store.database.read() as session:
        assert session.get_one(WorkspaceRow, "w").created_at == moment


def test_later_keys_sort_after_earlier_ones():
    keys = [new_id() for _ in range(1000)]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("url", ["no url", "nosuchdatabase://x/y"])
def test_a_url_that_cannot_be_used_is_refused(url):
    with pytest.raises(EngineFault) as caught:
        Database(url)
    assert caught.value.code == "store.unreachable"


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "workbench.db").write_bytes(b"this is a letter, not a database, and long enough to be looked at" * 20)
    with pytest.raises(EngineFault) as caught:
        open_store(Settings(home=tmp_path, database_url="", artifact_url=""))
    assert caught.value.code == "store.unreachable"


def test_a_home_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineFault) as caught:
        open_store(Settings(home=tmp_path / "file" / "home", database_url="", artifact_url=""))
    assert caught.value.code == "store.unreachable"
    assert str(tmp_path / "file" / "home") in caught.value.message


def test_a_password_in_the_url_is_not_told(tmp_path):
    with pytest.raises(EngineFault) as caught:
        open_store(Settings(home=tmp_path, database_url="postgresql+nosuchdriver://me:secret@nowhere/db"))
    assert "secret" not in str(caught.value)


def test_an_error_that_bears_no_code_of_sqlite_tells_that_the_database_does_not_answer(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/codeless.db")
    with pytest.raises(EngineFault) as raised, database.read():
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("it is gone"))
    assert raised.value.code == "store.unreachable"
    assert "it is gone" in raised.value.message
    database.close()


def test_a_database_that_somebody_else_writes_to_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)
    one, other = (Database(f"sqlite:///{tmp_path}/busy.db") for _ in range(2))
    with one.write() as writing, pytest.raises(Unavailable) as raised, other.write() as waiting:
        writing.execute(text("SELECT 1"))
        waiting.execute(text("SELECT 1"))
    assert (raised.value.code, raised.value.about) == ("store.busy", {"retry_after_s": database.RETRY_S})
    one.close()
    other.close()
