"""From a request's body to a predictor's answer: who may ask, which predictor answers, and no more than it can bear.

Everything here lives on one event loop. A request goes out as soon as its predictor is free; what comes meanwhile
waits and goes out together, so that batches grow with the load and a lone request waits for nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workbench.errors import Busy, Conflict, NotFound, Unavailable
from workbench.serving import wire
from workbench.serving.deployment import LIVE, READY, SHADOW, DeploymentRecord, Predictor
from workbench.serving.wire import Answer

if TYPE_CHECKING:
    from workbench.serving.predictors import Served

TOGETHER_MOST = 64
"""Requests that go out in one frame at most."""
TOGETHER_BYTES = 1 << 20
"""Bodies of more than this in all go out one by one: a large request must not hold up what waits behind it."""
FRAMES_MOST = 2
"""Frames under way to one predictor: while it computes one, the next is there already."""
RETRY_S = 1


@dataclass(slots=True)
class _Asked:
    body: bytes
    answer: asyncio.Future[Answer]


class Line(asyncio.Protocol):
    """The connection to one predictor.

    Parameters
    ----------
    queue_most
        Requests that may wait for it.
    """

    def __init__(self, predictor: Predictor, *, queue_most: int) -> None:
        self.predictor = predictor
        self.is_up = False
        self._queue_most = queue_most
        self._transport: asyncio.Transport | None = None
        self._frames = wire.Frames()
        self._waiting: deque[_Asked] = deque()
        self._under_way: dict[int, _Asked] = {}
        self._sent: deque[int] = deque()
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
            self._sent.popleft()
            for number, answer in frame:
                asked = self._under_way.pop(number)
                if not asked.answer.done():
                    asked.answer.set_result(answer)
        self._send()
        self._leave_if_done()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever it was, nobody answers any more
        self.is_up = False
        self._sent.clear()
        for asked in (*self._under_way.values(), *self._waiting):
            if not asked.answer.done():
                asked.answer.set_exception(_gone())
        self._under_way.clear()
        self._waiting.clear()

    async def ask(self, body: bytes, timeout_s: float) -> Answer:
        """Have a request answered.

        Raises
        ------
        Busy
            ``deployment.busy`` when too many wait already.
        Unavailable
            ``deployment.unavailable`` when the predictor ends before it has answered, or takes too long.
        """
        if not self.is_up:
            raise _gone()
        if len(self._waiting) >= self._queue_most:
            wait_s = max(1, round(len(self._waiting) * self._per_request_s))
            raise Busy(
                "deployment.busy",
                f"{len(self._waiting)} requests wait for an answer already.",
                hint=f"Come again in {wait_s} s.",
                retry_after_s=wait_s,
            )
        asked = _Asked(body, asyncio.get_running_loop().create_future())
        started = time.perf_counter()
        self._waiting.append(asked)
        self._send()
        try:
            async with asyncio.timeout(timeout_s):
                answer = await asked.answer
        except TimeoutError:
            raise Unavailable(
                "deployment.unavailable", f"There was no answer within {timeout_s:g} s.", retry_after_s=RETRY_S
            ) from None
        ahead = len(self._waiting) + len(self._under_way) + 1
        self._per_request_s += 0.05 * ((time.perf_counter() - started) / ahead - self._per_request_s)
        return answer

    def leave(self) -> None:
        """Ask nothing more of the predictor, and hang up once it has answered what it was asked."""
        self._is_leaving = True
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._is_leaving and not self._under_way and not self._waiting and self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        while self._waiting and len(self._sent) < FRAMES_MOST and self._transport is not None:
            frame: list[tuple[int, bytes]] = []
            size = 0
            while self._waiting and len(frame) < TOGETHER_MOST:
                asked = self._waiting[0]
                if asked.answer.done():
                    # Whoever asked has given up.
                    self._waiting.popleft()
                    continue
                if frame and size + len(asked.body) > TOGETHER_BYTES:
                    break
                self._waiting.popleft()
                self._number = (self._number + 1) & 0xFFFFFFFF
                self._under_way[self._number] = asked
                frame.append((self._number, asked.body))
                size += len(asked.body)
            if frame:
                self._sent.append(len(frame))
                self._transport.write(wire.requests(frame))


@dataclass(slots=True)
class Route:
    """A deployment as the gateway knows it.

    Attributes
    ----------
    live
        The connection over which its requests are answered; None where there is none at the moment.
    shadow
        The connection to the pipeline that answers unheard.
    """

    deployment: DeploymentRecord
    live: Line | None = None
    shadow: Line | None = None

    def line(self) -> Line:
        """Return the connection that answers.

        Raises
        ------
        Conflict
            ``deployment.not_ready`` with the state.
        Unavailable
            ``deployment.unavailable`` while its predictor is being replaced.
        """
        record = self.deployment
        if record.status != READY:
            raise Conflict(
                "deployment.not_ready",
                f"{record.slug} is {record.status}{f': {record.error}' if record.error else ''}.",
                deployment_id=record.id,
                state=record.status,
            )
        if self.live is None or not self.live.is_up:
            raise _gone()
        return self.live


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer and what a caller is told beside it.

    Attributes
    ----------
    pipeline_id
        Pipeline that answered.
    total_ms
        From the whole request being there to the answer being there, in milliseconds.
    """

    deployment: DeploymentRecord
    pipeline_id: str
    answer: Answer
    total_ms: float


class Gateway:
    """The routes of one process.

    Parameters
    ----------
    identity
        Machine and home whose predictors can be reached from here.
    """

    def __init__(self, identity: str, *, queue_most: int, timeout_s: float) -> None:
        self._identity = identity
        self._queue_most = queue_most
        self.timeout_s = timeout_s
        self._routes: dict[str, Route] = {}
        self._lines: dict[str, Line] = {}

    @property
    def routes(self) -> Iterable[Route]:
        return self._routes.values()

    def answers(self, slug: str) -> bool:
        """Whether a deployment has a predictor that can be asked."""
        route = self._routes.get(slug)
        return route is not None and route.live is not None and route.live.is_up

    def route(self, slug: str) -> Route:
        """Find a deployment by its slug.

        Raises
        ------
        NotFound
            ``deployment.not_found``
        """
        route = self._routes.get(slug)
        if route is None:
            raise NotFound("deployment.not_found", f"There is no deployment '{slug}'.")
        return route

    async def take(self, deployments: Iterable[DeploymentRecord], served: Iterable[Served]) -> None:
        """Learn what the store says; connections that are not needed any more are left, none is cut."""
        predictors = {one.deployment.id: one for one in served}
        routes: dict[str, Route] = {}
        wanted: set[str] = set()
        for record in deployments:
            before = self._routes.get(record.slug)
            route = Route(record)
            if before is not None and before.deployment.id == record.id:
                route.live, route.shadow = before.live, before.shadow
            found = predictors.get(record.id)
            if found is not None:
                route.live = await self._line(self._reachable(found, record.pipeline_id, LIVE)) or route.live
                route.shadow = await self._line(self._reachable(found, record.shadow_pipeline_id, SHADOW))
            if record.status != READY:
                route.live = None
            routes[record.slug] = route
            wanted.update(line.predictor.id for line in (route.live, route.shadow) if line is not None)
        self._routes = routes
        for predictor_id in [known for known, line in self._lines.items() if known not in wanted or not line.is_up]:
            self._lines.pop(predictor_id).leave()

    def _reachable(self, served: Served, pipeline_id: str | None, role: str) -> Predictor | None:
        found = served.answering(pipeline_id, role)
        return found if found is not None and found.served_by == self._identity else None

    async def _line(self, predictor: Predictor | None) -> Line | None:
        """Return the connection to a predictor, made where there is none; None where it cannot be made."""
        if predictor is None:
            return None
        line = self._lines.get(predictor.id)
        if line is None or not line.is_up:
            line = Line(predictor, queue_most=self._queue_most)
            try:
                await line.connect(asyncio.get_running_loop())
            except OSError:
                # It has gone since; the service brings another.
                return None
            self._lines[predictor.id] = line
        return line


def _gone() -> Unavailable:
    return Unavailable(
        "deployment.unavailable",
        "The predictor ended and is being started again.",
        hint="Ask again in a second.",
        retry_after_s=RETRY_S,
    )
