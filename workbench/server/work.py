"""What takes long: it has threads and places of its own, so that whoever asks for something short is answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Generic, ParamSpec, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Depends
from fastapi.requests import HTTPConnection

from workbench.errors import Busy
from workbench.server.callers import mine
from workbench.waits import GivenUp, Waiting, steps

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

        Where the request ends before, it takes back what it did, and keeps its place until it has.

        Raises
        ------
        Busy
            ``request.no_place``
        """
        async with self.work.waiting.taken(self.who):
            going = _Going(steps(call, *args, **kwargs), self.work.step_threads)
            try:
                return await going.on()
            except asyncio.CancelledError:
                # Beside this task, which is not to go on.
                await asyncio.shield(going.back())
                raise


class _Going(Generic[_Told]):
    """A call that is gone through by its steps.

    Parameters
    ----------
    threads
        In which they are taken.
    """

    def __init__(self, call: Waiting[_Told], threads: CapacityLimiter) -> None:
        self._call = call
        self._threads = threads
        # One for all steps: what is set in one is there in the next, whichever thread that is.
        self._context = copy_context()
        self._step: asyncio.Future[float | _Over[_Told]] | None = None

    async def on(self, why: BaseException | None = None) -> _Told:
        """Go on to the end; `why` is thrown into the call first."""
        take = partial(next, self._call) if why is None else partial(self._call.throw, why)
        longest_s = 0.0
        while True:
            step = anyio.to_thread.run_sync(self._context.run, _taken, take, limiter=self._threads)
            self._step = asyncio.ensure_future(step)
            # One that is being taken is taken to its end, whatever becomes of the request.
            came = await asyncio.shield(self._step)
            if isinstance(came, _Over):
                return came.told
            longest_s = min(PAUSE_MOST_S, max(came, longest_s * SLOWER))
            await asyncio.sleep(longest_s)
            take = partial(next, self._call)

    async def back(self) -> None:
        """Have it take back what it did, where it is not over."""
        # What it would tell, nobody hears.
        with contextlib.suppress(Exception, GivenUp):
            if self._step is not None and not isinstance(await self._step, _Over):
                await self.on(GivenUp("The request ended before."))


@dataclass(frozen=True, slots=True)
class _Over(Generic[_Told]):
    told: _Told


def _taken(step: Callable[[], float]) -> float | _Over[Any]:
    try:
        return step()
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
