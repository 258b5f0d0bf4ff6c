"""The event log: numbered without a gap whoever writes, and the same for whoever reads."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from workbench.runs import ending, events
from workbench.runs.events import CLOSED, Event
from workbench.store.tables import EventRow


def say(store, run, *messages: str, kind: str = "test.said") -> list[int]:
    with store.database.write() as session:
        return [events.append(session, run.id, kind, message) for message in messages]


class Reader(threading.Thread):
    """Somebody who joins a run's log at some moment and follows it to its end."""

    def __init__(self, store, run, after: int = 0) -> None:
        super().__init__(daemon=True)
        self.seen: list[Event] = []
        self._log = events.follow(store.database, run.id, after=after)

    def run(self) -> None:
        for event in self._log:
            self.seen.append(event)

    def told(self) -> list[Event]:
        self.join(30)
        assert not self.is_alive()
        return self.seen


def test_events_are_numbered_from_one(store, submit):
    run = submit()
    assert say(store, run, "a", "b") == [2, 3]
    log = events.page(store.database, run.id)
    assert [(event.seq, event.kind, event.message) for event in log] == [
        (1, "run.queued", "compare of iris for species"),
        (2, "test.said", "a"),
        (3, "test.said", "b"),
    ]
    assert events.last_seq(store.database, run.id) == 3


def test_each_run_counts_for_itself(store, submit):
    first, second = submit(), submit()
    assert say(store, first, "a") == say(store, second, "a") == [2]


def test_an_event_that_was_undone_leaves_no_gap(store, submit):
    run = submit()
    with pytest.raises(LookupError), store.database.write() as session:
        events.append(session, run.id, "test.said", "never")
        raise LookupError
    assert say(store, run, "a") == [2]


WRITER = """
import sys
from workbench.runs import events
from workbench.store.database import Database
url, run_id, name = sys.argv[1:]
database = Database(url)
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    with database.write() as session:
        events.append(session, run_id, "test.said", f"{name} {number}")
"""


def test_four_processes_that_write_at_once_leave_no_gap_and_lose_nothing(store, submit):
    run = submit()
    url = str(store.database.url)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, run.id, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in "abcd"
    ]
    try:
        assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 4
        for writer in writers:
            writer.stdin.write("\n")
            writer.stdin.flush()
        assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    log = events.page(store.database, run.id, after=1)
    assert [event.seq for event in log] == list(range(2, 162))
    for name in "abcd":
        said = [event.message for event in log if event.message.startswith(name)]
        assert said == [f"{name} {number}" for number in range(40)]


def test_a_page_begins_after_a_number_and_ends_at_its_limit(store, submit):
    run = submit()
    say(store, run, *"abcdef")
    assert [event.seq for event in events.page(store.database, run.id, after=2, limit=3)] == [3, 4, 5]
    assert [event.seq for event in events.page(store.database, run.id, after=5)] == [6, 7]
    assert events.page(store.database, run.id, after=7) == []


def test_a_page_is_five_hundred_unless_asked_and_never_over_five_thousand(store, submit):
    run = submit()
    row = {"run_id": run.id, "kind": "test.said", "message": "", "payload": {}}
    with store.database.write() as session:
        session.execute(EventRow.__table__.insert(), [row | {"seq": seq} for seq in range(2, 5002)])
    assert len(events.page(store.database, run.id)) == 500
    assert len(events.page(store.database, run.id, limit=9999)) == 5000
    assert len(events.page(store.database, run.id, limit=0)) == 1


def test_following_replays_and_then_goes_on_to_the_end(store, submit):
    run = submit()
    say(store, run, "before")
    log = events.follow(store.database, run.id)
    assert [next(log).seq, next(log).message] == [1, "before"]
    say(store, run, "after")
    assert next(log).message == "after"
    ending.request_cancel(store, run.id, by="bob")
    assert [event.kind for event in log] == ["run.cancelled", CLOSED]


def test_following_ends_at_once_where_the_run_has_ended(store, submit):
    run = submit()
    ending.request_cancel(store, run.id, by="bob")
    kinds = [event.kind for event in events.follow(store.database, run.id)]
    assert kinds == ["run.queued", "run.cancelled", CLOSED]


def test_following_reads_on_over_many_pages(store, submit):
    run = submit()
    say(store, run, *("x" for _ in range(2 * events.PAGE + 1)))
    ending.request_cancel(store, run.id, by="bob")
    seen = [event.seq for event in events.follow(store.database, run.id)]
    assert seen == list(range(1, 2 * events.PAGE + 5))


def test_following_may_begin_in_the_middle(store, submit):
    run = submit()
    say(store, run, "a", "b")
    ending.request_cancel(store, run.id, by="bob")
    assert [event.seq for event in events.follow(store.database, run.id, after=2)] == [3, 4, 5]


def test_following_gives_up_where_it_stays_quiet_for_as_long_as_asked(store, submit):
    run = submit()
    assert [event.seq for event in events.follow(store.database, run.id, timeout_s=0.1)] == [1]


def test_readers_who_join_at_different_moments_see_the_same(store, submit, eventually):
    run = submit()
    early = Reader(store, run)
    early.start()
    say(store, run, *(f"first {number}" for number in range(30)))
    eventually(lambda: len(early.seen) > 10)
    late = Reader(store, run)
    late.start()
    for number in range(30):
        say(store, run, f"second {number}")
    ending.request_cancel(store, run.id, by="bob")
    last = Reader(store, run)
    last.start()
    kept = events.page(store.database, run.id)
    assert [event.seq for event in kept] == list(range(1, 64))
    assert early.told() == late.told() == last.told() == kept


def test_an_event_is_plain_data_for_json(store, submit):
    run = submit()
    with store.database.write() as session:
        events.append(session, run.id, "unit.scored", "lr", payload={"metrics": {"AUC": None}}, duration_ms=1.5)
    event = events.page(store.database, run.id, after=1)[0]
    told = json.loads(json.dumps(event.as_dict(), allow_nan=False))
    assert told | {"emitted_at": ""} == {
        "run_id": run.id,
        "seq": 2,
        "kind": "unit.scored",
        "message": "lr",
        "payload": {"metrics": {"AUC": None}},
        "duration_ms": 1.5,
        "emitted_at": "",
    }
    assert told["emitted_at"].endswith("+00:00")
