"""The way to a predictor: together under load, alone without, and never more than it can bear."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.errors import Busy, Unavailable
from workbench.serving import wire
from workbench.serving.deployment import DeploymentId, Predictor, PredictorId
from workbench.serving.gateway import Line
from workbench.serving.wire import Answer, Frames


@dataclass
class Listener:
    """Answers each request with its own body, a frame each time it is let to."""

    path: Path
    frames: list[list[bytes]] = field(default_factory=list)
    lets: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    answers: bool = True

    def __post_init__(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        self.caller, _ = self.listener.accept()
        reader = Frames()
        with self.caller as caller, suppress(ConnectionError):
            while received := caller.recv(65536):
                for frame in reader.requests(received):
                    self.frames.append([body for _, body in frame])
                    self.lets.acquire()
                    if not self.answers:
                        return
                    caller.sendall(wire.answers((number, Answer(200, 1, 0, 0, 0, body)) for number, body in frame))

    def close(self) -> None:
        self.listener.close()
        with suppress(OSError):
            self.caller.shutdown(socket.SHUT_RDWR)
        self.lets.release(1000)
        self.thread.join(10)


@pytest.fixture
def listener(tmp_path):
    made = Listener(tmp_path / "p.sock")
    yield made
    made.close()


def talk(listener: Listener, act: Callable[[Line], Awaitable[object]], *, queue_most: int = 100) -> object:
    """Do something with a line to the listener, within ten seconds."""

    async def connected() -> object:
        predictor = Predictor(
            PredictorId("p"),
            DeploymentId("d"),
            "x",
            "live",
            "here",
            "ready",
            None,
            str(listener.path),
            None,
            None,
            None,
        )
        line = Line(predictor, queue_most=queue_most)
        await line.connect(asyncio.get_running_loop())
        return await asyncio.wait_for(act(line), 10)

    return asyncio.run(connected())


def ask(line: Line, *bodies: bytes, timeout_s: float = 10) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(line.ask(body, timeout_s)) for body in bodies]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_a_request_gets_its_own_answer(listener):
    async def act(line: Line) -> bytes:
        listener.lets.release()
        return (await line.ask(b"one", 10)).body

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
    monkeypatch.setattr("workbench.serving.gateway.TOGETHER_BYTES", 5)

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
            await line.ask(b"5", 10)
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
    assert [(type(one), one.code) for one in told] == [(Unavailable, "deployment.unavailable")] * 3


def test_an_answer_that_takes_too_long_is_not_waited_for(listener):
    async def act(line: Line) -> None:
        with pytest.raises(Unavailable, match=r"no answer within 0\.05 s"):
            await line.ask(b"1", 0.05)

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
