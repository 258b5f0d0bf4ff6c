"""The audit log: who did what to what, as part of doing it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from workbench.access.actor import owner
from workbench.store import audit, proof
from workbench.store.audit import About
from workbench.store.tables import AuditRow, now


def write(store, number: int, *, subject: str = "alias", subject_id: str = "champion") -> None:
    with store.database.write() as session:
        audit.record(
            session,
            by="ada",
            action=f"{subject}.set",
            subject=subject,
            subject_id=subject_id,
            message=f"number {number}",
            details={"number": number, "pair": (1, 2)},
        )


def test_what_was_written_is_read_newest_first(store):
    before = now()
    for number in range(3):
        write(store, number)
    found = audit.entries(store.database)
    assert [entry.message for entry in found] == ["number 2", "number 1", "number 0"]
    assert (found[0].by, found[0].action, found[0].details) == ("ada", "alias.set", {"number": 2, "pair": [1, 2]})
    assert before <= found[-1].at <= found[0].at <= now()


def act(store, by: str = "ada", *, origin: str = "python", key_id: str | None = None, **about) -> None:
    """Add a line on behalf of somebody; what is not said of it is as of others."""
    acting = store.on_behalf_of(replace(owner(by, origin), key_id=key_id))
    told = {"action": "run.submitted", "subject": "run", "subject_id": "1", "message": "…"} | about
    with acting.database.write() as session:
        audit.record(session, by=by, **told)


def test_a_line_tells_from_where_by_which_key_and_in_which_workspace_it_was_done(store):
    act(store, "eda", origin="http 192.0.2.7", key_id="key-1", outcome="failed")
    (entry,) = audit.entries(store.database)
    assert (entry.by, entry.origin, entry.key_id, entry.outcome) == ("eda", "http 192.0.2.7", "key-1", "failed")
    assert (entry.workspace_id, entry.seq) == (store.workspace_id, 1)


@pytest.mark.parametrize(
    "about",
    [
        {"by": "eda"},
        {"origin": "http 192.0.2.7"},
        {"key_id": "key-1"},
        {"action": "key.issued"},
        {"subject": "key"},
        {"subject_id": "2"},
        {"outcome": "denied"},
    ],
    ids=lambda about: next(iter(about)),
)
def test_lines_are_found_by_what_they_tell_exactly(store, about):
    act(store, **about)
    act(store)
    ((name, value),) = about.items()
    assert [getattr(entry, name) for entry in audit.entries(store.database, About(**about))] == [value]
    assert audit.entries(store.database, About(**{name: value[:-1]})) == []


def test_lines_are_found_by_all_that_is_said(store):
    for by in ("ada", "eda"):
        for outcome in ("done", "failed"):
            act(store, by, outcome=outcome)
    (entry,) = audit.entries(store.database, About(by="eda", outcome="failed"))
    assert (entry.by, entry.outcome) == ("eda", "failed")


def test_lines_are_found_by_the_workspace_they_were_done_in(store):
    act(store, workspace_id="elsewhere")
    act(store)
    assert [entry.seq for entry in audit.entries(store.database, About(workspace_id="elsewhere"))] == [1]


def test_lines_are_found_by_time_from_the_first_moment_up_to_the_last(store):
    for number in range(3):
        write(store, number)
    newest, middle, oldest = audit.entries(store.database)
    since = audit.entries(store.database, About(since=middle.at))
    until = audit.entries(store.database, About(until=middle.at))
    assert (since, until) == ([newest, middle], [oldest])
    assert audit.entries(store.database, About(since=middle.at, until=newest.at)) == [middle]
    assert audit.entries(store.database, About(since=newest.at + timedelta(seconds=1))) == []


def test_a_page_goes_on_before_a_line(store):
    for number in range(5):
        write(store, number)
    first = audit.entries(store.database, limit=2)
    rest = audit.entries(store.database, before=first[-1].seq)
    assert [entry.seq for entry in first + rest] == [5, 4, 3, 2, 1]
    assert audit.entries(store.database, before=10**30) == first + rest


@pytest.mark.parametrize("text", ["' OR 1=1 --", "\0", "\ud800", "%", "a" * 10_000])
def test_strange_texts_find_nothing_and_do_no_harm(store, text):
    act(store)
    assert audit.entries(store.database, About(by=text, subject_id=text)) == []


def test_what_a_database_cannot_hold_is_told_all_the_same(store):
    act(store, subject_id="x" * 500, message="half \ud800 and zero \0", details={"name": "\0"})
    (entry,) = audit.entries(store.database)
    assert (len(entry.subject_id), entry.message, entry.details) == (100, "half ? and zero ␀", {"name": "␀"})
    assert proof.verify(store.database).is_whole


def test_all_lines_come_oldest_first_whatever_their_number(store, monkeypatch):
    monkeypatch.setattr(audit, "ROWS_MOST", 2)
    for number in range(5):
        act(store, "ada" if number % 2 else "eda")
    assert [entry.seq for entry in audit.stream(store.database)] == [1, 2, 3, 4, 5]
    assert [entry.seq for entry in audit.stream(store.database, About(by="eda"))] == [1, 3, 5]


def test_lines_that_come_while_all_are_read_are_not_read(store):
    write(store, 0)
    lines = audit.stream(store.database)
    first = next(lines)
    write(store, 1)
    assert [first.seq, *(entry.seq for entry in lines)] == [1]


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (0, 1), (10**9, 5)])
def test_a_look_is_bounded(store, limit, count):
    for number in range(5):
        write(store, number)
    assert len(audit.entries(store.database, limit=limit)) == count


def test_what_was_not_done_is_not_told(store):
    with pytest.raises(RuntimeError), store.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…")
        raise RuntimeError
    assert audit.entries(store.database) == []


def test_details_that_json_cannot_hold_are_refused(store):
    with pytest.raises(TypeError), store.database.write() as session:
        audit.record(session, by="ada", action="a.b", subject="a", subject_id="1", message="…", details={"x": object()})
    with store.database.read() as session:
        assert session.query(AuditRow).count() == 0


def test_an_entry_is_told_as_json_and_as_a_line(store):
    write(store, 7)
    (entry,) = audit.entries(store.database)
    assert json.loads(json.dumps(entry.as_dict()))["details"] == {"number": 7, "pair": [1, 2]}
    assert str(entry).endswith("ada          alias.set                number 7")
