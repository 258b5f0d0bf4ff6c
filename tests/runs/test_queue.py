"""The queue: who is next, whose run it is, and what is kept of what was asked for."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import StatementError

from workbench.runs import deaths, ending, events, lookup, queue
from workbench.runs.carrier import Carrier
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import Asked, make_spec
from workbench.store.tables import ExperimentRow, RunRow, now

FIRST, SECOND = Carrier(4711, 12.5), Carrier(4712, 12.6)


def kinds(store, run) -> list[str]:
    return [event.kind for event in events.page(store.database, run.id)]


def row(store, run) -> RunRow:
    with store.database.read() as session:
        return session.get_one(RunRow, run.id)


def test_a_submitted_run_is_queued_with_what_was_asked_for(store, submit, iris):
    run = submit(include=["lr"], setup={"normalize": "yes"}, seed=7)
    assert (run.status, run.created_by, run.source_id, run.source_name) == ("queued", "ada", iris.id, "iris")
    assert (run.started_at, run.finished_at, run.duration_ms, run.error, run.summary) == (None,) * 5
    spec = lookup.get(store, run.id).spec
    assert (spec["seed"], spec["include"], spec["setup"], spec["folds"]) == (7, ["lr"], {"normalize": True}, 3)
    assert (spec["source_sha256"], spec["rows"], spec["executor"]) == (iris.sha256, 150, "local")


def test_with_a_warm_service_the_log_begins_with_the_run_alone(store, submit):
    assert kinds(store, submit()) == ["run.queued"]


def test_with_a_cold_service_the_log_says_at_once_what_the_run_waits_for(store, submit):
    run = submit(service_is_warm=False)
    assert kinds(store, run) == ["run.queued", "service.starting"]


def test_a_submission_that_fails_leaves_nothing(store, iris):
    spec = make_spec(Asked(plan="setup", task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    with pytest.raises(StatementError):
        queue.submit(store, identity, spec, by="ada", snapshot={"rows": object()}, service_is_warm=True)
    with store.database.read() as session:
        assert session.query(RunRow).count() == session.query(ExperimentRow).count() == 0


def test_runs_that_ask_for_the_same_share_an_experiment(store, submit):
    def experiment(**request):
        return row(store, submit(**request)).experiment_id

    assert experiment() == experiment(include=["lr"]) == experiment(sort="F1")
    assert len({experiment(), experiment(seed=7), experiment(folds=4), experiment(setup={"normalize": True})}) == 4


def test_the_oldest_is_claimed_first(store, submit):
    runs = [submit() for _ in range(3)]
    assert queue.claim(store, "here:1", most=2) == [runs[0].id, runs[1].id]
    assert queue.claim(store, "here:1", most=2) == [runs[2].id]
    assert queue.claim(store, "here:1", most=2) == []


def test_age_decides_and_not_the_id(store, submit):
    young, old = submit(), submit(created_at=now() - timedelta(hours=1))
    assert queue.claim(store, "here:1", most=2) == [old.id, young.id]


@pytest.mark.parametrize("room", [0, -1])
def test_without_room_nothing_is_claimed(store, submit, room):
    run = submit()
    assert queue.claim(store, "here:1", most=room) == []
    assert lookup.get(store, run.id).status == "queued"


def test_a_claimed_run_is_running_under_a_lease(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    found = row(store, run)
    assert (found.status, found.claimed_by, found.process_id) == ("running", "here:1", None)
    assert found.started_at < found.lease_until
    assert kinds(store, run) == ["run.queued", "run.started"]


def test_no_run_is_claimed_twice(store, submit):
    runs = {submit().id for _ in range(12)}
    taken: list[str] = []

    def take(owner: str) -> None:
        while got := queue.claim(store, owner, most=1):
            taken.extend(got)

    threads = [threading.Thread(target=take, args=(f"here:{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == sorted(runs)


def test_a_cancelled_run_is_not_claimed(store, submit):
    ending.request_cancel(store, submit().id, by="bob")
    assert queue.claim(store, "here:1", most=1) == []


def test_what_is_active_is_what_waits_or_runs(store, submit):
    waits = submit()
    runs, over = submit(created_at=now() - timedelta(hours=2)), submit(created_at=now() - timedelta(hours=1))
    queue.claim(store, "here:1", most=2)
    queue.register(store, runs.id, "here:1", FIRST)
    ending.finish(store, over.id, "failed", "X: y")
    first, second = queue.active(store)
    assert (first.run_id, first.is_queued, first.process_id, first.process_started) == (runs.id, False, 4711, 12.5)
    assert (first.cancel_requested_by, first.is_deleted) == (None, False)
    assert (second.run_id, second.is_queued, second.process_id, second.used_s) == (waits.id, True, None, 0)


def test_renewing_extends_the_lease_and_takes_it_over(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    before = row(store, run).lease_until
    queue.renew(store, [run.id], "here:2")
    found = row(store, run)
    assert found.claimed_by == "here:2"
    assert found.lease_until > before


def test_a_claimed_run_takes_one_process_and_no_second(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    assert queue.register(store, run.id, "here:1", FIRST)
    assert not queue.register(store, run.id, "here:1", SECOND)
    assert row(store, run).process_id == 4711


def test_a_process_of_a_service_that_lost_the_run_is_refused(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    deaths.bury(store, run.id, "Gone.", process_id=None, claimed_by="here:1")
    queue.claim(store, "here:2", most=1)
    assert not queue.register(store, run.id, "here:1", FIRST)
    assert queue.register(store, run.id, "here:2", SECOND)


def test_a_process_of_a_cancelled_run_is_refused(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    ending.request_cancel(store, run.id, by="bob")
    assert not queue.register(store, run.id, "here:1", FIRST)


def test_a_run_that_resumes_another_knows_where_its_scores_were_made(store, submit, iris, started, score):
    before = started(("lr",))
    score(before, "lr", 0.5)
    fitted = {"folds": 3, "versions": {"scikit-learn": "1.4.2"}}
    with store.database.write() as session:
        session.get_one(RunRow, before.id).fitted = fitted
    spec = make_spec(Asked(task="classification", target="species", folds=3))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    heir = queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True, resumes=before.id)
    assert lookup.get(store, heir.id).fitted == fitted
    assert [event.payload.get("units") for event in events.page(store.database, heir.id)] == [None, 1]
