"""What was answered to requests that may be sent again, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.data.servers import postgres  # noqa: F401 - a fixture
from workbench.errors import Conflict, Malformed
from workbench.people.answered import KEPT, LEASE, Answered, Kept, Repeatable
from workbench.settings import Settings
from workbench.store.store import Store, open_store
from workbench.store.tables import AnsweredRow, ProjectRow
from workbench.workbench import Workbench

SAID = Kept(201, [("content-type", "application/json")], b'{"made": true}')
WORKERS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path) -> Iterator[Store]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").empty_database()
    opened = open_store(Settings(home=tmp_path, database_url=url, artifact_url=""))
    yield opened
    opened.close()


@pytest.fixture
def answered(store) -> Answered:
    return Answered(store)


def change(store: Store, asked: Repeatable, name: str = "changed") -> None:
    """Change something for a request."""
    with store.beginning_with(asked.mark).database.write() as session:
        session.add(ProjectRow(workspace_id=store.workspace_id, name=name))


def aged(answered: Answered, by: timedelta) -> None:
    with answered._store.database.write() as session:
        for row in session.query(AnsweredRow):
            row.until -= by


def asked_again(answered: Answered) -> str:
    """Tell by which code the same is refused."""
    with pytest.raises(Conflict) as raised:
        answered.find(answered.repeatable("k", "f"))
    return str(raised.value.code)


def test_while_one_works_at_it_another_is_told_to_wait(store, answered):
    change(store, answered.repeatable("k", "f"))
    with pytest.raises(Conflict) as raised:
        answered.find(answered.repeatable("k", "f"))
    assert (raised.value.code, raised.value.about) == ("request.in_progress", {"retry_after_s": 1})


def test_what_two_processes_took_on_at_once_is_done_by_one(store, answered):
    first, second = (answered.repeatable("k", "f") for _ in range(2))
    assert answered.find(first) is None
    assert answered.find(second) is None
    change(store, first)
    with pytest.raises(Conflict) as raised:
        change(store, second, "changed again")
    assert raised.value.code == "request.in_progress"
    assert "changed again" not in {project.name for project in Workbench(store).projects.list()}


def test_of_two_processes_that_change_something_in_one_moment_one_does(store, answered):
    barrier = threading.Barrier(WORKERS)

    def try_to(number: int) -> str:
        asked = answered.repeatable("k", "f")
        barrier.wait()
        try:
            change(store, asked, f"changed by {number}")
        except Conflict as refused:
            return str(refused.code)
        return "changed"

    with ThreadPoolExecutor(WORKERS) as threads:
        told = sorted(threads.map(try_to, range(WORKERS)))
    assert told == ["changed", *["request.in_progress"] * (WORKERS - 1)]
    assert sum(project.name.startswith("changed") for project in Workbench(store).projects.list()) == 1


def test_what_failed_leaves_no_mark(store, answered):
    asked = answered.repeatable("k", "f")
    change(store, answered.repeatable("other", "f"))
    with pytest.raises(IntegrityError):
        change(store, asked)
    assert answered.find(answered.repeatable("k", "f")) is None


def test_what_a_dead_worker_had_changed_nothing_of_is_taken_over(store, answered):
    answered.repeatable("k", "f")
    living = answered.repeatable("k", "f")
    assert answered.find(living) is None
    change(store, living)


def test_what_a_dead_worker_had_changed_is_not_changed_again(store, answered):
    change(store, answered.repeatable("k", "f"))
    aged(answered, LEASE)
    assert asked_again(answered) == "request.outcome_unknown"
    answered.sweep()
    assert asked_again(answered) == "request.outcome_unknown"
    with pytest.raises(Conflict):
        change(store, answered.repeatable("k", "f"), "changed again")


def test_a_worker_that_says_so_is_left_its_time(store, answered):
    asked = answered.repeatable("k", "f")
    change(store, asked)
    aged(answered, LEASE)
    answered.renew(asked)
    assert asked_again(answered) == "request.in_progress"


def test_an_answer_that_comes_late_is_kept_nevertheless(store, answered):
    asked = answered.repeatable("k", "f")
    change(store, asked)
    aged(answered, LEASE)
    answered.finish(asked, SAID)
    assert answered.find(answered.repeatable("k", "f")) == SAID


def test_of_what_changed_nothing_no_answer_is_kept(store, answered):
    asked = answered.repeatable("k", "f")
    answered.finish(asked, SAID)
    change(store, answered.repeatable("other", "f"))
    with pytest.raises(IntegrityError):
        change(store, asked)
    answered.finish(asked, SAID)
    answered.leave(asked)
    assert answered.find(answered.repeatable("k", "other")) is None


def test_what_is_told_beside_a_change_is_none(store, answered):
    asked = answered.repeatable("k", "f")
    with store.beginning_with(asked.mark).beside.database.write():
        pass
    assert not asked.is_marked


def test_who_says_too_late_that_it_is_worked_at_takes_no_answer_back(store, answered):
    asked = answered.repeatable("k", "f")
    change(store, asked)
    answered.finish(asked, SAID)
    answered.renew(asked)
    answered.leave(asked)
    aged(answered, LEASE)
    assert answered.find(answered.repeatable("k", "f")) == SAID


def test_of_what_was_left_nobody_is_told_more(store, answered):
    asked = answered.repeatable("k", "f")
    change(store, asked)
    answered.leave(asked)
    assert asked_again(answered) == "request.outcome_unknown"


def test_an_answer_is_kept_a_day_and_then_swept(store, answered):
    asked, other = answered.repeatable("k", "f"), answered.repeatable("other", "f")
    change(store, asked)
    answered.finish(asked, SAID)
    with pytest.raises(Malformed):
        answered.find(answered.repeatable("k", "other"))
    with store.database.read() as session:
        left = session.query(AnsweredRow).one().until - datetime.now(UTC)
    assert timedelta(hours=23) < left <= KEPT
    answered.sweep()
    assert answered.find(answered.repeatable("k", "f")) == SAID
    aged(answered, KEPT)
    assert answered.find(answered.repeatable("k", "f")) is None
    change(store, answered.repeatable("k", "f"), "changed again")
    change(store, other, "changed too")
    answered.finish(other, SAID)
    aged(answered, KEPT)
    answered.sweep()
    with store.database.read() as session:
        assert [row.status for row in session.query(AnsweredRow)] == [None]
    aged(answered, LEASE)
    answered.sweep()
    with store.database.read() as session:
        assert session.query(AnsweredRow).count() == 0
