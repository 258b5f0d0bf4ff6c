"""A run's log from elsewhere: live while it runs, and to its end whatever that is."""

import json
from contextlib import ExitStack

import pytest

from tests.remote.answering import Says, answering
from workbench import errors
from workbench.remote.following import Following
from workbench.remote.workbench import connect
from workbench.runs.events import Event
from workbench.store.tables import now


def lines(*events):
    """Write events as a stream tells them."""
    return b"".join(
        b"id: %d\nevent: run\ndata: %b\n\n" % (one.seq, json.dumps(one.as_dict(), ensure_ascii=False).encode())
        for one in events
    )


def event(seq, kind="unit.scored", message="scored"):
    return Event("r", seq, kind, message, {}, None, now())


@pytest.fixture
def follow():
    """Follow a log that comes in streams, one after the other."""
    with ExitStack() as ends:

        def follow(*streams, **how):
            left = iter(streams)
            api = ends.enter_context(answering(lambda _: next(left)))
            wb = ends.enter_context(connect(api.address, timeout_s=2))
            return Following(wb._api, "r", **{"after": 0, "timeout_s": None, **how}).events(), api

        yield follow


def stream(*events):
    return Says(200, lines(*events), {"Content-Type": "text/event-stream"})


def test_what_comes_twice_is_given_once(follow):
    events, _ = follow(stream(event(1), event(2)), stream(event(2), event(3, "run.closed")))
    assert [one.seq for one in events] == [1, 2, 3]


def test_what_did_not_come_is_asked_for_again(follow):
    events, api = follow(stream(event(1), event(3)), stream(event(2), event(3, "run.closed")))
    assert [one.seq for one in events] == [1, 2, 3]
    assert [one.headers["last-event-id"] for one in api.asked] == ["0", "1"]


def test_texts_keep_the_ends_of_lines_that_they_hold(follow):
    message = "one\u2028two\u0085three\x0bfour\rfive"
    events, _ = follow(stream(event(1, message=message), event(2, "run.closed")))
    assert next(events).message == message


def test_a_service_that_starts_anew_is_waited_for(follow):
    away = Says(503, {"status": 503, "code": "deployment.unavailable", "detail": "Soon.", "title": "x"})
    events, _ = follow(stream(event(1)), away, stream(event(2, "run.closed")))
    assert [one.seq for one in events] == [1, 2]


def test_a_problem_that_the_stream_tells_is_raised(follow):
    told = b'event: problem\ndata: {"status": 401, "code": "key.revoked", "detail": "It was revoked."}\n\n'
    events, _ = follow(Says(200, lines(event(1)) + told, {"Content-Type": "text/event-stream"}))
    assert next(events).seq == 1
    with pytest.raises(errors.Unauthorized) as raised:
        next(events)
    assert raised.value.code == "key.revoked"


def test_where_all_is_known_there_is_nothing_to_follow(follow):
    events, _ = follow(Says(204, b""), after=7)
    assert list(events) == []


def test_a_run_that_is_gone_when_it_is_asked_for_again_is_not_found(follow):
    gone = Says(404, {"status": 404, "code": "run.not_found", "detail": "There is no run 'r'.", "title": "x"})
    events, _ = follow(stream(event(1)), gone)
    assert next(events).seq == 1
    with pytest.raises(errors.NotFound) as raised:
        next(events)
    assert raised.value.code == "run.not_found"


@pytest.fixture
def long(remote):
    """A comparison that takes minutes unless it is ended."""
    run = remote.runs.submit(remote.data.sample("breast_cancer"), target="diagnosis", include=["gbc"], folds=200)
    yield run
    run.cancel()
    run.wait(60)


def test_events_come_while_the_run_goes_on(long):
    assert next(one for one in long.events() if one.kind == "unit.scored").seq > 1
    assert not long.record.is_terminal


def test_a_log_in_which_nothing_comes_is_left(long):
    assert list(long.events(after=100_000, timeout_s=0.3)) == []
    assert not long.record.is_terminal
