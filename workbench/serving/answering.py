"""A predictor's side of the socket: what came together is predicted together, and each request gets its own answer."""

from __future__ import annotations

import math
import select
import socket
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from workbench.errors import BadRequest, EngineFault, Malformed, TooLarge, WorkbenchError
from workbench.plain import shown
from workbench.serving.wire import Answer, Frames, answers

if TYPE_CHECKING:
    from workbench.predictor.predictor import Predictions, Predictor
    from workbench.predictor.table import Table

ROWS = "rows"
_RECEIVE = 1 << 18


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    table: Table
    parse_ms: float
    validate_ms: float


class Answering:
    """Answers frames of requests.

    Parameters
    ----------
    rows_most
        Most rows that one request may have.
    """

    def __init__(self, predictor: Predictor, *, rows_most: int) -> None:
        self._predictor = predictor
        self._rows_most = rows_most

    def answer(self, frame: Sequence[tuple[int, bytes]]) -> bytes:
        """Answer each request of a frame; none of them can spoil another one's answer."""
        said: list[tuple[int, Answer]] = []
        read: list[_Read] = []
        for number, body in frame:
            started = time.perf_counter()
            try:
                rows = _rows(body)
                parsed = time.perf_counter()
                table = self._predictor.read(self._few(rows))
                checked = time.perf_counter()
                read.append(_Read(number, table, (parsed - started) * 1000, (checked - parsed) * 1000))
            except Exception as error:  # noqa: BLE001 - whatever a request brings about is told to whoever sent it
                said.append((number, _refusal(error)))
        said.extend(self._together(read))
        return answers(said)

    def _few(self, rows: object) -> object:
        if isinstance(rows, list) and len(rows) > self._rows_most:
            raise TooLarge(
                "predict.too_many_rows",
                f"The request has {len(rows):,} rows; {self._rows_most:,} are the most.",
                hint="Send several requests, or predict a data source in a batch.",
            )
        return rows

    def _together(self, read: Sequence[_Read]) -> Iterator[tuple[int, Answer]]:
        if not read:
            return
        started = time.perf_counter()
        try:
            table = read[0].table if len(read) == 1 else self._predictor.join([one.table for one in read])
            predictions = self._predictor.predict(table)
            took_ms = (time.perf_counter() - started) * 1000
            said = list(_shared(read, predictions, took_ms))
        except Exception as error:  # noqa: BLE001 - as above
            if len(read) == 1:
                yield read[0].number, _refusal(error)
                return
            # One of them may be to blame: the others must not suffer for it.
            for one in read:
                yield from self._together([one])
            return
        yield from said


def _shared(read: Sequence[_Read], predictions: Predictions, took_ms: float) -> Iterator[tuple[int, Answer]]:
    """Give each request its own part of what was predicted together."""
    labels, scores, at = predictions.labels, predictions.scores, 0
    for one in read:
        end = at + len(one.table)
        try:
            body = _told(labels[at:end], None if scores is None else scores[at:end])
        except BadRequest as error:
            yield one.number, _refusal(error)
        else:
            yield one.number, Answer(200, end - at, one.parse_ms, one.validate_ms, took_ms, body)
        at = end


def serve(answering: Answering, listener: socket.socket, lifeline: int, wake: int) -> None:
    """Answer whoever connects, until the lifeline breaks or the wake descriptor is written to.

    Parameters
    ----------
    lifeline
        Descriptor that becomes readable when the service is gone.
    wake
        Descriptor that a signal writes to: nobody else is let in, and it ends once all callers have hung up.
    """
    callers: dict[int, tuple[socket.socket, Frames]] = {}
    poller = select.poll()
    for descriptor in (listener.fileno(), lifeline, wake):
        poller.register(descriptor, select.POLLIN)
    listener.setblocking(False)
    is_leaving = False

    def let_in() -> None:
        with suppress(BlockingIOError):
            while True:
                caller, _ = listener.accept()
                caller.setblocking(True)
                callers[caller.fileno()] = caller, Frames()
                poller.register(caller.fileno(), select.POLLIN)

    while callers or not is_leaving:
        for descriptor, _ in poller.poll():
            if descriptor == lifeline:
                return
            if descriptor == wake:
                # Whoever has connected by now counts on an answer.
                let_in()
                poller.unregister(wake)
                poller.unregister(listener)
                listener.close()
                is_leaving = True
            elif descriptor not in callers:
                if not is_leaving:
                    let_in()
            elif not _hear(answering, *callers[descriptor]):
                poller.unregister(descriptor)
                callers.pop(descriptor)[0].close()


def _hear(answering: Answering, caller: socket.socket, frames: Frames) -> bool:
    """Answer what a caller has sent; return whether it is still there."""
    try:
        received = caller.recv(_RECEIVE)
        for frame in frames.requests(received):
            caller.sendall(answering.answer(frame))
    except OSError:
        return False
    return bool(received)


def _rows(body: bytes) -> object:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("request.malformed", f"The body is not JSON: {error}.") from error
    if not isinstance(asked, dict) or ROWS not in asked:
        raise BadRequest(
            "predict.no_rows", f"The body is {shown(asked)}.", hint='It takes {"rows": [{"column": value, …}, …]}.'
        )
    others = [name for name in asked if name != ROWS]
    if others:
        raise BadRequest("predict.no_rows", f"The body has {shown(others[0])} beside its rows, which nothing reads.")
    return asked[ROWS]


def _told(labels: Sequence[Any], scores: Sequence[Any] | None) -> bytes:
    # A sum is finite only where all that it adds is, and costs a fraction of looking at each.
    if isinstance(labels[0], float) and not math.isfinite(sum(labels)):
        _check_finite(labels)
    if scores is None:
        return orjson.dumps([{"index": place, "prediction": label} for place, label in enumerate(labels)])
    return orjson.dumps(
        [
            {"index": place, "prediction": label, "score": score}
            for place, (label, score) in enumerate(zip(labels, scores, strict=True))
        ]
    )


def _check_finite(labels: Sequence[float]) -> None:
    for row, label in enumerate(labels):
        if not math.isfinite(label):
            raise BadRequest(
                "predict.failed", f"For row {row} the pipeline predicts {label}, which is no number.", row=row
            )


def _refusal(error: Exception) -> Answer:
    if not isinstance(error, WorkbenchError):
        traceback.print_exception(error)
        error = EngineFault(
            "predict.failed", f"The pipeline failed: {type(error).__name__}.", hint="Its log says more."
        )
    body = orjson.dumps(error.as_problem(), default=str, option=orjson.OPT_NON_STR_KEYS)
    return Answer(error.status, 0, 0.0, 0.0, 0.0, body)
