"""The process that carries a run, and those that do not any more."""

from __future__ import annotations

import pytest

from workbench.runs import deaths, ending, events, lookup, queue
from workbench.runs.carrier import Carrier, NotHeld, hold

FIRST, REUSED = Carrier(4711, 12.5), Carrier(4711, 99.5)


@pytest.fixture
def carried(store, submit):
    run = submit()
    queue.claim(store, "here:1", most=1)
    assert queue.register(store, run.id, "here:1", FIRST)
    return run


@pytest.fixture
def may_write(store, carried):
    def may_write(carrier: Carrier) -> bool:
        try:
            with store.database.write() as session:
                hold(session, carried.id, carrier)
        except NotHeld:
            return False
        return True

    return may_write


def test_only_the_process_that_carries_a_run_holds_it(may_write):
    assert may_write(FIRST)
    assert not may_write(Carrier(4712, 12.5))
    assert not may_write(REUSED)


def test_what_it_writes_goes_on_where_the_log_ends(store, carried):
    with store.database.write() as session:
        log = hold(session, carried.id, FIRST)
        numbers = [log.append("unit.scored", "one"), log.append("model.scored", "two")]
    assert numbers == [3, 4]
    assert [event.message for event in events.page(store.database, carried.id)][2:] == ["one", "two"]


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_nobody_holds_a_run_that_has_ended(store, carried, may_write, status):
    ending.finish(store, carried.id, status, "It is over.")
    assert not may_write(FIRST)


def test_a_process_loses_its_run_to_the_next_one_for_good(store, carried, may_write):
    deaths.bury(store, carried.id, "Gone.", process_id=FIRST.process_id, claimed_by="here:1")
    assert not may_write(FIRST)
    queue.claim(store, "here:1", most=1)
    assert queue.register(store, carried.id, "here:1", REUSED)
    assert not may_write(FIRST)
    assert may_write(REUSED)


def test_a_process_that_lost_its_run_cannot_tell_its_end(store, carried):
    assert not ending.finish(store, carried.id, "failed", "ValueError: no", carrier=REUSED)
    assert lookup.get(store, carried.id).status == "running"
    assert ending.finish(store, carried.id, "succeeded", "It is over.", carrier=FIRST)
