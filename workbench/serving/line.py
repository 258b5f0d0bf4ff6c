"""The connection to one predictor: together under load, alone without, and no more than it can bear.

A request goes out as soon as the predictor is free; what comes meanwhile waits and goes out together, so that batches
grow with the load and a lone request waits for nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from workbench.errors import Busy, Unavailable
from workbench.serving import wire
from workbench.serving.deployment import Predictor, PredictorId
from workbench.serving.wire import Answer

TOGETHER_MOST = 64
"""Requests that go out in one frame at most."""
TOGETHER_BYTES = 1 << 20
"""Bodies of more than this in all go out one by one: a large request must not hold up what waits behind it."""
FRAMES_MOST = 2
"""Frames under way to one predictor: while it computes one, the next is there already."""
WAITING_BYTES = 128 << 20
"""Bodies that may wait for one predictor, all together; one that is larger by itself may wait alone."""
RETRY_S = 1


class NotSent(Unavailable):
    """The predictor went before it was sent the request: another one may be asked."""


@dataclass(slots=True, eq=False)
class _Asked:
    body: bytes
    answer: asyncio.Future[Answer]


class Line(asyncio.Protocol):
    """The connection to one predictor.

    Parameters
    ----------
    queue_most
        Requests that may wait for it.
    timeout_s
        Longest that a request waits for its answer, and that the predictor may take over one frame, in seconds.
    hung
        Called with the predictor's id where it has taken longer; the connection is given up then.
    """

    def __init__(
        self, predictor: Predictor, *, queue_most: int, timeout_s: float, hung: Callable[[PredictorId], None]
    ) -> None:
        self.predictor = predictor
        self.is_up = False
        self._queue_most = queue_most
        self._timeout_s = timeout_s
        self._hung = hung
        self._transport: asyncio.Transport | None = None
        self._frames = wire.Frames()
        self._waiting: deque[_Asked] = deque()
        self._waiting_bytes = 0
        self._under_way: dict[int, _Asked] = {}
        self._sent = 0
        self._patience: asyncio.TimerHandle | None = None
        self._number = 0
        self._is_leaving = False
        self._per_request_s = 0.001

    async def connect(self, loop: asyncio.AbstractEventLoop) -> None:
        """Connect to the predictor's socket.

        Raises
        ------
        OSError
            When nobody listens there.
        """
        assert self.predictor.address is not None, "it answers somewhere"
        await loop.create_unix_connection(lambda: self, self.predictor.address)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self.is_up = True

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.answers(data):
            self._sent -= 1
            self._be_patient()
            for number, answer in frame:
                asked = self._under_way.pop(number, None)
                # Whoever asked may have given up since.
                if asked is not None and not asked.answer.done():
                    asked.answer.set_result(answer)
        self._send()
        self._leave_if_done()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever it was, nobody answers any more
        self._lose(gone)

    def check_room(self, size: int) -> None:
        """Check that a request may wait.

        Parameters
        ----------
        size
            Bytes of its body.

        Raises
        ------
        Busy
            ``deployment.busy`` when too many wait already, or too much.
        """
        waiting = len(self._waiting)
        if waiting < self._queue_most and (not waiting or self._waiting_bytes + size <= WAITING_BYTES):
            return
        wait_s = max(1, round(waiting * self._per_request_s))
        raise Busy(
            "deployment.busy",
            f"{waiting} requests wait for an answer already.",
            hint=f"Come again in {wait_s} s.",
            retry_after_s=wait_s,
        )

    async def ask(self, body: bytes) -> Answer:
        """Have a request answered.

        Raises
        ------
        Busy
            As `check_room`.
        NotSent
            ``deployment.unavailable`` when the predictor ends before it was sent the request.
        Unavailable
            ``deployment.unavailable`` when the predictor ends before it has answered, or takes too long.
        """
        if not self.is_up:
            raise _not_sent()
        self.check_room(len(body))
        asked = _Asked(body, asyncio.get_running_loop().create_future())
        started = time.perf_counter()
        self._waiting.append(asked)
        self._waiting_bytes += len(body)
        self._send()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await asked.answer
        except TimeoutError:
            raise self._too_late() from None
        finally:
            if not asked.answer.done() or asked.answer.cancelled():
                self._forget(asked)
        ahead = len(self._waiting) + len(self._under_way) + 1
        self._per_request_s += 0.05 * ((time.perf_counter() - started) / ahead - self._per_request_s)
        return answer

    def leave(self) -> None:
        """Ask nothing more of the predictor, and hang up once it has answered what it was asked."""
        self._is_leaving = True
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._is_leaving and not self._sent and not self._waiting and self._transport is not None:
            self.is_up = False
            self._transport.close()

    def _forget(self, asked: _Asked) -> None:
        """Let go of a request for which nobody waits any more; an answer that comes later is dropped."""
        if asked in self._waiting:
            self._waiting.remove(asked)
            self._waiting_bytes -= len(asked.body)
            self._leave_if_done()
            return
        for number, one in self._under_way.items():
            if one is asked:
                del self._under_way[number]
                return

    def _send(self) -> None:
        while self._waiting and self._sent < FRAMES_MOST and self.is_up and self._transport is not None:
            frame: list[tuple[int, bytes]] = []
            size = 0
            while self._waiting and len(frame) < TOGETHER_MOST:
                asked = self._waiting[0]
                if frame and size + len(asked.body) > TOGETHER_BYTES:
                    break
                self._waiting.popleft()
                self._waiting_bytes -= len(asked.body)
                if asked.answer.done():
                    # Whoever asked has given up.
                    continue
                self._number = (self._number + 1) & 0xFFFFFFFF
                self._under_way[self._number] = asked
                frame.append((self._number, asked.body))
                size += len(asked.body)
            if frame:
                self._sent += 1
                if self._sent == 1:
                    self._be_patient()
                self._transport.write(wire.requests(frame))

    def _be_patient(self) -> None:
        """Give the predictor its time for the frame that it has before it now."""
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(self._timeout_s, self._give_up) if self._sent else None

    def _give_up(self) -> None:
        assert self._transport is not None, "something was sent over it"
        self._transport.abort()
        self._lose(self._too_late)
        self._hung(self.predictor.id)

    def _lose(self, why: Callable[[], Unavailable]) -> None:
        """Tell all who wait that there is no answer, and those who were not sent that another may have one."""
        self.is_up = False
        if self._patience is not None:
            self._patience.cancel()
        for asked in self._under_way.values():
            if not asked.answer.done():
                asked.answer.set_exception(why())
        for asked in self._waiting:
            if not asked.answer.done():
                asked.answer.set_exception(_not_sent())
        self._under_way.clear()
        self._waiting.clear()
        self._sent = self._waiting_bytes = 0

    def _too_late(self) -> Unavailable:
        return Unavailable(
            "deployment.unavailable", f"There was no answer within {self._timeout_s:g} s.", retry_after_s=RETRY_S
        )


_GONE = "The predictor ended and is being started again."
_AGAIN = "Ask again in a second."


def gone() -> Unavailable:
    """Say that a predictor does not answer at the moment."""
    return Unavailable("deployment.unavailable", _GONE, hint=_AGAIN, retry_after_s=RETRY_S)


def _not_sent() -> NotSent:
    return NotSent("deployment.unavailable", _GONE, hint=_AGAIN, retry_after_s=RETRY_S)
