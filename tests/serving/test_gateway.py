"""The way to a predictor: together under load, alone without, and never more than it can bear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tests.serving.listener import Listener
from workbench.errors import Busy, Unavailable
from workbench.serving.deployment import DeploymentId, Predictor, PredictorId
from workbench.serving.line import Line, NotSent
from workbench.serving.wire import Answer


@pytest.fixture
def listener(tmp_path):
    made = Listener(tmp_path / "p.sock")
    yield made
    made.close()


def talk(
    listener: Listener,
    act: Callable[[Line], Awaitable[object]],
    *,
    queue_most: int = 100,
    timeout_s: float = 10,
    hung: Callable[[str], None] = lambda _: None,
) -> object:
    """Do something with a line to the listener, within ten seconds."""

    async def connected() -> object:
        predictor = Predictor(
            id=PredictorId("p"),
            deployment_id=DeploymentId("d"),
            pipeline_id="x",
            role="live",
            served_by="here",
            status="ready",
            error=None,
            address=str(listener.path),
            engine=None,
            process_id=None,
            process_started=None,
            created_at=datetime.now(UTC),
        )
        line = Line(predictor, queue_most=queue_most, timeout_s=timeout_s, hung=hung)
        await line.connect(asyncio.get_running_loop())
        return await asyncio.wait_for(act(line), 10)

    return asyncio.run(connected())


def ask(line: Line, *bodies: bytes) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(line.ask(body)) for body in bodies]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_a_request_gets_its_own_answer(listener):
    async def act(line: Line) -> bytes:
        listener.lets.release()
        return (await line.ask(b"one")).body

    assert talk(listener, act) == b"one"


def test_what_comes_while_the_predictor_is_busy_goes_out_together(listener):
    async def act(line: Line) -> list[bytes]:
        first = ask(line, b"1", b"2")
        await until(lambda: len(listener.frames) == 1)
        later = ask(line, b"3", b"4", b"5")
        await asyncio.sleep(0)
        listener.lets.release(10)
        return [answer.body for answer in await asyncio.gather(*first, *later)]

    assert talk(listener, act) == [b"1", b"2", b"3", b"4", b"5"]
    assert listener.frames == [[b"1"], [b"2"], [b"3", b"4", b"5"]]


def test_large_requests_do_not_go_out_together(listener, monkeypatch):
    monkeypatch.setattr("workbench.serving.line.TOGETHER_BYTES", 5)

    async def act(line: Line) -> None:
        tasks = ask(line, b"1", b"2", b"large", b"3", b"4")
        await until(lambda: len(listener.frames) == 1)
        listener.lets.release(10)
        await asyncio.gather(*tasks)

    talk(listener, act)
    assert listener.frames == [[b"1"], [b"2"], [b"large"], [b"3", b"4"]]


def test_more_than_may_wait_are_told_to_come_again(listener):
    async def act(line: Line) -> Busy:
        tasks = ask(line, b"1", b"2", b"3", b"4")
        await until(lambda: len(listener.frames) == 1)
        with pytest.raises(Busy) as raised:
            await line.ask(b"5")
        listener.lets.release(10)
        await asyncio.gather(*tasks)
        return raised.value

    error = talk(listener, act, queue_most=2)
    assert (error.code, error.about["retry_after_s"]) == ("deployment.busy", 1)


def test_those_who_wait_are_told_when_the_predictor_ends(listener):
    async def act(line: Line) -> list[object]:
        tasks = ask(line, b"1", b"2", b"3")
        await until(lambda: len(listener.frames) == 1)
        listener.answers = False
        listener.lets.release(10)
        return await asyncio.gather(*tasks, return_exceptions=True)

    told = talk(listener, act)
    assert [(type(one), one.code) for one in told] == [
        (Unavailable, "deployment.unavailable"),
        (Unavailable, "deployment.unavailable"),
        (NotSent, "deployment.unavailable"),
    ]


def test_a_predictor_that_does_not_answer_is_given_up_and_nobody_waits_for_it_any_more(listener):
    hung: list[str] = []

    async def act(line: Line) -> list[BaseException | Answer]:
        told = await asyncio.gather(*ask(line, b"1", b"2", b"3"), return_exceptions=True)
        assert not line.is_up
        return told

    told = talk(listener, act, timeout_s=0.2, hung=hung.append)
    assert [isinstance(one, Unavailable) for one in told] == [True] * 3
    assert "no answer within 0.2 s" in str(told[0])
    assert hung == ["p"]


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(listener):
    async def act(line: Line) -> bytes:
        first, second = ask(line, b"1", b"2")
        await until(lambda: len(listener.frames) == 1)
        first.cancel()
        listener.lets.release(2)
        return (await second).body

    assert talk(listener, act) == b"2"


def test_whoever_gives_up_leaves_room_for_others(listener):
    async def act(line: Line) -> bytes:
        tasks = ask(line, b"1", b"2", b"3")
        await until(lambda: len(listener.frames) == 1)
        tasks.pop().cancel()
        await asyncio.sleep(0)
        (another,) = ask(line, b"4")
        await asyncio.sleep(0)
        listener.lets.release(10)
        return (await another).body

    assert talk(listener, act, queue_most=1) == b"4"


def test_more_bytes_than_may_wait_are_told_to_come_again(listener, monkeypatch):
    monkeypatch.setattr("workbench.serving.line.WAITING_BYTES", 10)

    async def act(line: Line) -> None:
        # Two are under way; of those that wait, the first may be as large as it likes.
        tasks = ask(line, b"1", b"2", b"larger than all")
        await until(lambda: len(listener.frames) == 1)
        with pytest.raises(Busy):
            line.check_room(1)
        listener.lets.release(10)
        await asyncio.gather(*tasks)
        line.check_room(1)

    talk(listener, act)


def test_a_line_that_is_left_hangs_up_after_its_last_answer(listener):
    async def act(line: Line) -> bytes:
        (task,) = ask(line, b"last")
        await until(lambda: len(listener.frames) == 1)
        line.leave()
        assert line.is_up
        listener.lets.release()
        body = (await task).body
        await until(lambda: not line.is_up)
        return body

    assert talk(listener, act) == b"last"
