"""The audit log: who did what to what, as part of doing it."""

from __future__ import annotations

import json

import pytest

from workbench.store import audit
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


def test_it_is_read_by_subject_id_and_action(store):
    write(store, 0)
    write(store, 1, subject="deployment", subject_id="shop")
    write(store, 2, subject="deployment", subject_id="night")
    assert [entry.message for entry in audit.entries(store.database, subject="deployment")] == ["number 2", "number 1"]
    assert [entry.message for entry in audit.entries(store.database, subject_id="shop")] == ["number 1"]
    assert [entry.message for entry in audit.entries(store.database, action="alias.set")] == ["number 0"]


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
