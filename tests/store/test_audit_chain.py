"""The chain of the audit log: what was done to a line, or to many, shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workbench.errors import EngineFault
from workbench.store import audit, proof
from workbench.store.chain import BEGINNING, link
from workbench.store.tables import AuditRow


@pytest.fixture
def log(store):
    """A store whose audit log has five lines."""
    for number in range(1, 6):
        write(store, number)
    return store


def write(store, number: int) -> None:
    with store.database.write() as session:
        audit.record(
            session,
            by="ada",
            action="alias.set",
            subject="alias",
            subject_id=f"a{number}",
            message=f"number {number}",
            details={"é": [1.1, None, {"b": 1, "a": "𝄞"}]},
        )


def meddle(store, *statements: str) -> None:
    """Carry out statements as somebody would who can write the database's file."""
    with store.database.write() as session:
        guards = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for guard in guards:
            session.execute(text(f"DROP TRIGGER {guard}"))
        for statement in statements:
            session.execute(text(statement))


def rewritten(store, upto: int) -> tuple[int, str]:
    """Chain all lines anew, up to one, as somebody would who knows how it is done; return the new end."""
    with store.database.read() as session:
        rows = [dict(row._mapping) for row in session.execute(text("SELECT * FROM audit_log ORDER BY seq"))]
        typed = {row.seq: row for row in session.query(AuditRow)}
    previous, statements = BEGINNING, []
    for row in rows[:upto]:
        line = {column.name: getattr(typed[row["seq"]], column.name) for column in AuditRow.__table__.c}
        sha256 = link(previous, line)
        statements.append(f"UPDATE audit_log SET previous='{previous}', sha256='{sha256}' WHERE seq={row['seq']}")
        previous = sha256
    statements.append(f"DELETE FROM audit_log WHERE seq > {upto}")
    statements.append(f"UPDATE audit_head SET seq={upto}, sha256='{previous}'")
    meddle(store, *statements)
    return upto, previous


def test_a_log_without_lines_is_whole(store):
    assert proof.verify(store.database) == proof.Verified(True, 0, 0, BEGINNING)


def test_a_log_that_nobody_meddled_with_is_whole(log):
    told = proof.verify(log.database)
    (newest,) = audit.entries(log.database, limit=1)
    assert told == proof.Verified(True, 5, 5, newest.sha256)


def test_each_line_bears_the_hash_of_the_one_before(log):
    lines = list(audit.stream(log.database))
    assert [line.previous for line in lines] == [BEGINNING, *(line.sha256 for line in lines[:-1])]


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_line_that_was_removed_shows(log, seq):
    meddle(log, f"DELETE FROM audit_log WHERE seq = {seq}")
    told = proof.verify(log.database)
    assert (told.is_whole, told.first_bad_seq) == (False, seq)
    assert "gone" in told.problem


@pytest.mark.parametrize(
    "change",
    [
        "message='x'",
        "by='x'",
        "origin='x'",
        "outcome='x'",
        "key_id='x'",
        "details='{}'",
        "at='2020-01-01 00:00:00'",
        "workspace_id='x'",
        "subject_id='x'",
    ],
)
@pytest.mark.parametrize("seq", [1, 5])
def test_a_line_that_was_changed_shows(log, change, seq):
    meddle(log, f"UPDATE audit_log SET {change} WHERE seq = {seq}")
    told = proof.verify(log.database)
    assert (told.is_whole, told.first_bad_seq) == (False, seq)
    assert "not as it was written" in told.problem


def test_two_lines_that_changed_places_show(log):
    meddle(
        log,
        "UPDATE audit_log SET seq = 100 WHERE seq = 2",
        "UPDATE audit_log SET seq = 2 WHERE seq = 3",
        "UPDATE audit_log SET seq = 3 WHERE seq = 100",
    )
    assert (proof.verify(log.database).is_whole, proof.verify(log.database).first_bad_seq) == (False, 2)


def test_a_line_whose_hash_was_made_anew_shows_by_the_next_one(log):
    meddle(log, "UPDATE audit_log SET message = 'x' WHERE seq = 3")
    with log.database.read() as session:
        row = session.query(AuditRow).where(AuditRow.seq == 3).one()
        line = {column.name: getattr(row, column.name) for column in AuditRow.__table__.c}
    meddle(log, f"UPDATE audit_log SET sha256 = '{link(row.previous, line)}' WHERE seq = 3")
    told = proof.verify(log.database)
    assert (told.first_bad_seq, told.problem) == (4, "Line 4 does not follow the one that stands before it.")


def test_a_tail_that_was_cut_off_shows(log):
    meddle(log, "DELETE FROM audit_log WHERE seq > 3")
    told = proof.verify(log.database)
    assert (told.first_bad_seq, told.problem) == (4, "The lines from 4 to 5 are gone.")


def test_an_emptied_log_shows(log):
    meddle(log, "DELETE FROM audit_log")
    assert proof.verify(log.database).first_bad_seq == 1


def test_a_line_that_was_put_in_at_the_end_shows(log):
    meddle(
        log,
        "INSERT INTO audit_log SELECT 'x', at, by, action, subject, subject_id, message, details, 6, workspace_id, "
        "origin, key_id, outcome, sha256, sha256 FROM audit_log WHERE seq = 5",
    )
    told = proof.verify(log.database)
    assert (told.is_whole, told.first_bad_seq) == (False, 6)


def test_an_end_that_was_rewritten_shows(log):
    meddle(log, "UPDATE audit_head SET sha256 = 'x'")
    assert not proof.verify(log.database).is_whole


INSERTED = (
    "INSERT INTO audit_log SELECT 'x', at, by, action, subject, subject_id, message, details, {seq}, workspace_id, "
    "origin, key_id, outcome, previous, sha256 FROM audit_log WHERE audit_log.seq = 5"
)
"""Puts a copy of the fifth line in, under another number."""


@pytest.mark.parametrize(
    ("statement", "first_bad_seq", "problem"),
    [
        (INSERTED.format(seq=-5), -5, "Line -5 was put in"),
        (INSERTED.format(seq=0), 0, "Line 0 was put in"),
        (INSERTED.format(seq="-9e999"), 0, "was put in"),
        (INSERTED.format(seq=2.5), 3, "comes after line 2"),
        (INSERTED.format(seq="'abc'"), 6, "holds 6 lines"),
        (INSERTED.format(seq=2**63 - 1), 6, "Line 6 is gone"),
        ("UPDATE audit_log SET seq = 'abc' WHERE seq = 3", 3, "Line 3 is gone"),
        ("UPDATE audit_log SET id = 'x' WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET details = '{' WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET details = replace(hex(zeroblob(5000)), '0', '[') WHERE seq = 3", 3, "not as it was"),
        ("UPDATE audit_log SET at = 'yesterday' WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET at = 5 WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET message = x'00ff' WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET message = CAST(x'ff' AS TEXT) WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET sha256 = x'00' WHERE seq = 3", 3, "not as it was written"),
        ("UPDATE audit_log SET previous = x'00' WHERE seq = 3", 3, "not as it was written"),
        ("DELETE FROM audit_head", 6, "does not tell any more which line was written last"),
        ("UPDATE audit_head SET seq = 'abc'", 6, "does not tell any more"),
        ("UPDATE audit_head SET sha256 = CAST(x'ff' AS TEXT)", 6, "does not tell any more"),
        ("UPDATE audit_head SET id = 2", 6, "does not tell any more"),
        ("UPDATE audit_head SET seq = 3", 4, "goes on behind line 3"),
        ("UPDATE audit_head SET seq = 9", 6, "The lines from 6 to 9 are gone"),
    ],
)
def test_whatever_was_done_to_the_log_is_told(log, statement, first_bad_seq, problem):
    meddle(log, statement)
    told = proof.verify(log.database)
    assert (told.is_whole, told.first_bad_seq) == (False, first_bad_seq)
    assert problem in told.problem
    assert (type(told.head_seq), type(told.head_sha256)) == (int, str)


def test_a_line_that_cannot_be_read_is_named_and_those_before_it_are_looked_at(log):
    for number in range(6, 40):
        write(log, number)
    meddle(log, "UPDATE audit_log SET details = '{' WHERE seq IN (30, 35)")
    told = proof.verify(log.database)
    assert (told.first_bad_seq, told.lines) == (30, 30)


def test_a_database_that_does_not_answer_is_no_broken_log(log):
    meddle(log, "ALTER TABLE audit_head RENAME TO elsewhere")
    with pytest.raises(EngineFault) as raised:
        proof.verify(log.database)
    assert raised.value.code == "store.unreachable"


@pytest.mark.parametrize("statement", ["DELETE FROM audit_head", "UPDATE audit_head SET seq = 3"])
def test_no_line_follows_an_end_that_was_meddled_with(log, statement):
    meddle(log, statement)
    with pytest.raises(EngineFault) as raised:
        write(log, 6)
    assert raised.value.code == "store.log_broken"
    with log.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_log")) == 5


def test_lines_are_shown_where_the_end_is_gone(log):
    meddle(log, "DELETE FROM audit_head")
    assert [line.seq for line in audit.stream(log.database)] == [1, 2, 3, 4, 5]


def test_a_log_that_was_cut_with_its_end_shows_by_a_note_taken_elsewhere(log):
    before = proof.verify(log.database)
    rewritten(log, 3)
    assert proof.verify(log.database).is_whole
    told = proof.verify(log.database, (before.head_seq, before.head_sha256))
    assert (told.first_bad_seq, told.problem) == (4, "Line 5, which was noted, is gone.")


def test_a_log_that_was_rewritten_as_a_whole_shows_by_a_note_taken_elsewhere(log):
    before = proof.verify(log.database)
    meddle(log, "UPDATE audit_log SET by = 'somebody' WHERE seq = 2")
    rewritten(log, 5)
    assert proof.verify(log.database).is_whole
    told = proof.verify(log.database, (before.head_seq, before.head_sha256))
    assert (told.first_bad_seq, "rewritten" in told.problem) == (5, True)


def test_a_log_that_went_on_is_whole_by_a_note_taken_earlier(log):
    before = proof.verify(log.database)
    write(log, 6)
    told = proof.verify(log.database, (before.head_seq, before.head_sha256))
    assert (told.is_whole, told.lines) == (True, 6)


def test_the_log_is_walked_a_page_at_a_time(log, monkeypatch):
    monkeypatch.setattr(proof, "_PAGE", 2)
    assert proof.verify(log.database).lines == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET by = 'x'",
        "DELETE FROM audit_log WHERE seq = 1",
        INSERTED.format(seq=-5),
        INSERTED.format(seq=7),
        "REPLACE INTO audit_log SELECT * FROM audit_log WHERE seq = 5",
        INSERTED.replace("'x'", "id").replace("INSERT", "REPLACE").format(seq=6),
    ],
)
def test_the_database_itself_refuses_all_but_the_next_line(log, statement):
    with pytest.raises((EngineFault, DBAPIError), match="only ever added"), log.database.write() as session:
        session.execute(text(statement))
    assert proof.verify(log.database).is_whole


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 3",
        "UPDATE audit_head SET seq = 7",
        "UPDATE audit_head SET sha256 = 'x'",
        "UPDATE audit_head SET id = 2, seq = 6",
        "INSERT INTO audit_head VALUES (2, 5, 'x')",
        "REPLACE INTO audit_head VALUES (1, 5, 'x')",
    ],
)
def test_the_database_itself_refuses_to_move_the_end_but_by_a_line(log, statement):
    with pytest.raises((EngineFault, DBAPIError), match="only ever moves on"), log.database.write() as session:
        session.execute(text(statement))
    assert proof.verify(log.database).is_whole


def test_a_line_without_its_transaction_leaves_the_chain_as_it_was(log):
    with pytest.raises(RuntimeError), log.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…")
        raise RuntimeError
    write(log, 6)
    assert proof.verify(log.database).lines == 6
