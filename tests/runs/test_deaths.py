"""What becomes of a run that has lost its process, and how the time that it took is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.runs import deaths, ending, events, lookup, queue
from workbench.runs.carrier import Carrier
from workbench.store.tables import EventRow, RunRow, now

FIRST, SECOND = Carrier(4711, 12.5), Carrier(4712, 12.6)


@pytest.fixture
def row(store):
    def row(run) -> RunRow:
        with store.database.read() as session:
            return session.get_one(RunRow, run.id)

    return row


@pytest.fixture
def last(store):
    """The newest event of a run."""
    return lambda run: events.page(store.database, run.id)[-1]


@pytest.fixture
def carry(store):
    """Claim the one run that waits, and let a process register for it."""

    def carry(run, carrier: Carrier = FIRST) -> None:
        assert queue.claim(store, "here:1", most=1) == [run.id]
        assert queue.register(store, run.id, "here:1", carrier)

    return carry


@pytest.fixture
def bury(store):
    def bury(run, process: Carrier | None = FIRST, **how):
        process_id = None if process is None else process.process_id
        return deaths.bury(store, run.id, "It died.", process_id=process_id, **{"claimed_by": "here:1"} | how)

    return bury


@pytest.fixture
def shift(store):
    """Move what a run told so far, and what is known of its process, into the past."""

    def shift(run, hours: float) -> None:
        by = timedelta(hours=hours)
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            for name in ("created_at", "claimed_at", "lease_until"):
                setattr(row, name, getattr(row, name) - by)
            for event in session.query(EventRow).filter_by(run_id=run.id):
                event.emitted_at -= by

    return shift


def test_a_run_whose_process_died_goes_back_and_says_where_it_goes_on(submit, carry, bury, score, row, last):
    run = submit()
    carry(run)
    score(run, "lr", 0.5, 0.6)
    assert bury(run) == "requeued"
    found = row(run)
    assert (found.status, found.claimed_by, found.lease_until) == ("queued", None, None)
    assert (found.process_id, found.process_started) == (None, None)
    assert found.started_at is not None
    assert last(run).message == "It died. It goes on at the next unit; 2 have an outcome."


def test_the_death_of_another_process_does_not_touch_a_run(submit, carry, bury, row, last):
    run = submit()
    carry(run)
    before = last(run)
    assert bury(run, SECOND) is None
    assert bury(run, None) is None
    assert (row(run).status, row(run).process_id, row(run).deaths) == ("running", 4711, 0)
    assert last(run) == before


def test_a_claimed_run_without_a_process_goes_back_as_if_it_had_never_begun(store, submit, bury, row, last):
    run = submit()
    queue.claim(store, "here:1", most=1)
    assert bury(run, None) == "requeued"
    assert (row(run).status, row(run).started_at, row(run).claimed_by) == ("queued", None, None)
    assert last(run).message == "It died. It starts again."


def test_a_process_that_died_before_it_registered_costs_its_own_claim_alone(store, submit, bury, row):
    run = submit()
    queue.claim(store, "here:1", most=1)
    assert bury(run, FIRST, claimed_by="here:2") is None
    assert bury(run, FIRST) == "requeued"


def test_a_run_that_never_gets_a_process_is_given_up(store, submit, bury, row):
    run = submit()
    became = []
    for _ in range(deaths.MOST + 1):
        assert queue.claim(store, "here:1", most=1) == [run.id]
        became.append(bury(run, None))
    assert became == ["requeued", "requeued", "failed"]
    assert row(run).error == "NotStarted: It died."


def test_a_new_score_starts_the_count_of_deaths_anew(submit, carry, bury, score, row):
    run = submit()
    for model in ("lr", "dt", "knn", "nb"):
        carry(run)
        score(run, model, 0.5)
        assert bury(run) == "requeued"
    for became in ("requeued", "failed"):
        carry(run)
        assert bury(run) == became
    assert row(run).error == "ProcessDied: It died."


def test_a_run_that_was_to_end_is_cancelled_whenever_the_wish_came(store, submit, carry, bury):
    run = submit()
    carry(run)
    ending.request_cancel(store, run.id, by="bob")
    assert bury(run) == "cancelled"
    found = lookup.get(store, run.id)
    assert found.status == "cancelled"
    assert found.error.startswith("Cancelled by bob at ")


def test_a_run_that_told_its_own_end_keeps_it(store, submit, carry, bury):
    run = submit()
    carry(run)
    ending.finish(store, run.id, "succeeded", "It is over.")
    assert bury(run) is None
    assert lookup.get(store, run.id).status == "succeeded"


def test_the_time_while_nothing_carried_a_run_is_not_its_own(store, submit, carry, bury, shift):
    run = submit()
    carry(run)
    shift(run, hours=10)
    with store.database.write() as session:
        session.get_one(RunRow, run.id).lease_until -= timedelta(hours=1)
        events.append(session, run.id, "unit.scored", "a score")
        session.get_one(EventRow, (run.id, 3)).emitted_at = now() - timedelta(hours=9, minutes=50)
    # The machine was off since; the next service finds it so.
    assert bury(run, was_seen=False) == "requeued"
    carry(run, SECOND)
    (found,) = queue.active(store)
    assert found.used_s == pytest.approx(600, abs=30)


def test_a_process_that_was_last_seen_alive_counts_until_then(store, submit, carry, bury, shift):
    run = submit()
    carry(run)
    shift(run, hours=2)
    # Its lease was renewed for an hour, and it told nothing.
    with store.database.write() as session:
        session.get_one(RunRow, run.id).lease_until += timedelta(hours=1)
    assert bury(run, was_seen=False) == "requeued"
    assert queue.active(store)[0].used_s == pytest.approx(3600, abs=30)


def test_a_process_that_was_seen_to_end_counts_to_its_end(store, submit, carry, bury, shift):
    run = submit()
    carry(run)
    shift(run, hours=2)
    assert queue.active(store)[0].used_s == pytest.approx(7200, abs=30)
    assert bury(run) == "requeued"
    assert queue.active(store)[0].used_s == pytest.approx(7200, abs=30)
