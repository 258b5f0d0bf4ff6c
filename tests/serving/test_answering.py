"""A predictor's side of the socket: each request its own answer, and nobody is left without one."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbench.serving import wire
from workbench.serving.answering import Answering, serve
from workbench.serving.wire import Answer, Frames


@dataclass
class Said:
    labels: list[Any]
    scores: list[float] | None = None


class Echo:
    """Predicts of each row the number that the row is."""

    def read(self, rows: list[float]) -> list[float]:
        return [float(row) for row in rows]

    def join(self, tables: list[list[float]]) -> list[float]:
        return [row for table in tables for row in table]

    def predict(self, table: list[float]) -> Said:
        return Said(table)


@pytest.fixture
def answering() -> Answering:
    return Answering(Echo(), rows_most=10)  # type: ignore[arg-type]


def body(*rows: Any) -> bytes:
    return json.dumps({"rows": rows}).encode()


def answers(answering: Answering, *bodies: bytes) -> list[Answer]:
    (frame,) = Frames().answers(answering.answer(list(enumerate(bodies))))
    return [answer for _, answer in sorted(frame)]


def predicted(answer: Answer) -> list[float]:
    return [one["prediction"] for one in json.loads(answer.body)]


@pytest.mark.parametrize("label", ["nan", "inf", "-inf"])
def test_a_prediction_that_is_no_number_is_refused_with_its_row(answering, label):
    (answer,) = answers(answering, body(1, label))
    told = json.loads(answer.body)
    assert (answer.status, told["code"], told["row"]) == (400, "predict.failed", 1)
    assert label in told["detail"]


def test_numbers_whose_sum_is_beyond_all_bounds_are_numbers(answering):
    (answer,) = answers(answering, body(1e308, 1e308))
    assert predicted(answer) == [1e308, 1e308]


def test_one_that_is_refused_spoils_no_other_answer(answering):
    first, second, third = answers(answering, body(1, 2), body("nan"), body(3))
    assert (predicted(first), second.status, predicted(third)) == ([1, 2], 400, [3])


def test_a_label_that_json_has_no_word_for_is_told_of(answering, monkeypatch):
    monkeypatch.setattr(Echo, "predict", lambda _, table: Said([object() if row == 7 else row for row in table]))
    first, second = answers(answering, body(1), body(7))
    assert (predicted(first), second.status, json.loads(second.body)["code"]) == ([1], 500, "predict.failed")


@dataclass
class Serving:
    """A predictor that serves on a thread; ``wake`` tells it to leave."""

    path: Path
    thread: threading.Thread
    wake: int

    def connect(self) -> socket.socket:
        caller = socket.socket(socket.AF_UNIX)
        caller.settimeout(10)
        caller.connect(str(self.path))
        return caller


@pytest.fixture
def serving(answering, tmp_path) -> Iterator[Serving]:
    path = tmp_path / "p.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    (lifeline, life), (woken, wake) = os.pipe(), os.pipe()
    thread = threading.Thread(target=serve, args=(answering, listener, lifeline, woken), daemon=True)
    thread.start()
    yield Serving(path, thread, wake)
    os.close(life)
    thread.join(10)
    listener.close()
    for descriptor in (lifeline, woken, wake):
        with suppress(OSError):
            os.close(descriptor)


def heard(caller: socket.socket, reader: Frames) -> Answer:
    while True:
        for frame in reader.answers(caller.recv(65536)):
            return frame[0][1]


def test_told_to_leave_it_answers_whoever_is_still_there_and_lets_nobody_in(serving):
    with serving.connect() as caller:
        reader, asked = Frames(), wire.requests([(1, body(1))])
        # Half a frame has come when it is told to leave.
        caller.sendall(asked + asked[:10])
        assert heard(caller, reader).status == 200
        os.write(serving.wake, b"x")
        caller.sendall(asked[10:])
        assert predicted(heard(caller, reader)) == [1]
        with pytest.raises(OSError, match="refused"):
            serving.connect()
    serving.thread.join(10)
    assert not serving.thread.is_alive()


def test_told_to_leave_it_answers_who_has_just_connected(serving):
    callers = [serving.connect() for _ in range(5)]
    os.write(serving.wake, b"x")
    for caller in callers:
        with caller:
            caller.sendall(wire.requests([(1, body(2))]))
            assert predicted(heard(caller, Frames())) == [2]
    serving.thread.join(10)
    assert not serving.thread.is_alive()


def test_alone_it_leaves_at_once(serving):
    os.write(serving.wake, b"x")
    serving.thread.join(10)
    assert not serving.thread.is_alive()
