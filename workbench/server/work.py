"""What takes long: it has threads and places of its own, so that whoever asks for something short is answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Generic, ParamSpec, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Depends
from fastapi.requests import HTTPConnection

from workbench.errors import Busy
from workbench.server.callers import mine
from workbench.waits import Waiting, steps

HEAVY_MOST, HEAVY_OF_ONE = 8, 4
"""Tables and the like that are worked at in one moment, for everybody and for one person; each takes a thread."""
WAITING_MOST, WAITING_OF_ONE = 1000, 200
"""Requests that may wait for something, for everybody and for one person; none of them takes a thread."""
TURN_S = 10.0
"""How long a request waits for its turn, in seconds, before it is told to come again."""
STEPS_MOST = 8
"""Threads that look whether what is waited for is there."""
PAUSE_MOST_S, SLOWER = 0.5, 1.2
"""Longest pause between two looks, and by how much each is longer than the one before."""
RETRY_S = 5

_Asked = ParamSpec("_Asked")
_Told = TypeVar("_Told")


class Places:
    """So many at once, and so many of one person: who comes too many waits for a turn.

    Parameters
    ----------
    most, of_one
        Places for everybody, and for one person.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._most = most
        self._of_one = of_one
        self._taken: Counter[str] = Counter()
        self._turns: list[asyncio.Future[None]] = []

    @contextlib.asynccontextmanager
    async def taken(self, who: str, *, patience_s: float = 0.0) -> AsyncIterator[None]:
        """Hold a place.

        Raises
        ------
        Busy
            ``request.no_place`` where none comes free in time.
        """
        try:
            async with asyncio.timeout(patience_s):
                await self._turn(who)
        except TimeoutError:
            raise _no_place(is_own=self._taken[who] >= self._of_one) from None
        try:
            yield
        finally:
            self._leave(who)

    async def _turn(self, who: str) -> None:
        while self._taken.total() >= self._most or self._taken[who] >= self._of_one:
            turn = asyncio.get_running_loop().create_future()
            self._turns.append(turn)
            try:
                await turn
            finally:
                self._turns.remove(turn)
        self._taken[who] += 1

    def _leave(self, who: str) -> None:
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]
        for turn in self._turns:
            if not turn.done():
                turn.set_result(None)


class Work:
    """What an API does that takes long."""

    def __init__(self) -> None:
        self.heavy = Places(HEAVY_MOST, HEAVY_OF_ONE)
        self.waiting = Places(WAITING_MOST, WAITING_OF_ONE)
        self.heavy_threads = CapacityLimiter(HEAVY_MOST)
        self.step_threads = CapacityLimiter(STEPS_MOST)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one caller has done what takes long.

    Attributes
    ----------
    who
        Whose places are counted: all keys of a person are one.
    """

    work: Work
    who: str

    async def do(self, call: Callable[_Asked, _Told], /, *args: _Asked.args, **kwargs: _Asked.kwargs) -> _Told:
        """Do something that keeps a thread busy.

        Raises
        ------
        Busy
            ``request.no_place``
        """
        async with self.work.heavy.taken(self.who, patience_s=TURN_S):
            return await anyio.to_thread.run_sync(partial(call, *args, **kwargs), limiter=self.work.heavy_threads)

    async def wait(self, call: Callable[_Asked, _Told], /, *args: _Asked.args, **kwargs: _Asked.kwargs) -> _Told:
        """Do something that waits (`workbench.waits`), and take a thread only while it goes on.

        Raises
        ------
        Busy
            ``request.no_place``
        """
        async with self.work.waiting.taken(self.who):
            return await self._gone_through(steps(call, *args, **kwargs))

    async def _gone_through(self, going: Waiting[_Told]) -> _Told:
        # One for all steps: what is set in one is there in the next, whichever thread that is.
        run = partial(copy_context().run, _step, going)
        longest_s = 0.0
        try:
            while True:
                step = await anyio.to_thread.run_sync(run, limiter=self.work.step_threads)
                if isinstance(step, _Over):
                    return step.told
                longest_s = min(PAUSE_MOST_S, max(step, longest_s * SLOWER))
                await asyncio.sleep(longest_s)
        except asyncio.CancelledError:
            # It takes back what it did. Beside this task, which is not to go on; a step that runs still does so itself.
            with contextlib.suppress(ValueError, RuntimeError):
                await asyncio.shield(asyncio.to_thread(run.func, going.close))
            raise


@dataclass(frozen=True, slots=True)
class _Over(Generic[_Told]):
    told: _Told


def _step(going: Waiting[_Told]) -> float | _Over[_Told]:
    try:
        return next(going)
    except StopIteration as over:
        return _Over(over.value)


def _no_place(*, is_own: bool) -> Busy:
    whose = "Your requests that take long are" if is_own else "As many requests that take long as there is room for are"
    return Busy(
        "request.no_place",
        f"{whose} being worked at already.",
        hint=f"Come again in {RETRY_S} s, or once one of them is done.",
        retry_after_s=RETRY_S,
    )


async def _desk(connection: HTTPConnection) -> Desk:
    return Desk(connection.app.state.work, mine(connection).user)


Works = Annotated[Desk, Depends(_desk)]
"""What a route takes that does something which takes long."""
