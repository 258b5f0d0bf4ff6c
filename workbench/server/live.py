"""Runs as they go, told to many readers: one thread looks at the store, and nobody is pushed anything.

Each reader holds the number of the last event that it was sent, and takes what follows from its run's `Tail` when it
has room for it. So what a reader sees does not hang on the moment at which it joins: whatever is not at hand it reads
from the store. A reader that does not read costs its own task and its socket's buffers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from workbench.errors import NotFound, WorkbenchError
from workbench.runs import events
from workbench.runs.record import RunId
from workbench.runs.watch import Watch
from workbench.server.callers import Caller
from workbench.server.tail import Batch, Line, Tail, batches
from workbench.workbench import Workbench

BEAT_S = 2.5
"""How often readers look around though nothing comes."""
CHECK_S = 5.0
"""How long a reader is told a run before it is found out anew whether it may be."""
SAME_S = 1.0
"""How long what was found out for one reader holds for others of the same caller."""
READS = 2
"""Readers that are behind read the store by so many threads, however many they are."""
GATHER_S, GATHER_MOST_S = 1e-4, 0.2
"""How long events are let gather, by reader: many readers are told several at once rather than one after another."""

log = logging.getLogger("workbench.server")
Found = TypeVar("Found")


class Live:
    """Follows the runs that somebody reads. Lives on one event loop, from `start` to `stop`.

    Parameters
    ----------
    home
        The home; whom it tells of what, is found out by each caller's own.
    """

    def __init__(self, home: Workbench) -> None:
        self._home = home
        self._watch = home.runs.watch()
        self._tails: dict[str, Tail] = {}
        self._guard = threading.Lock()
        self._is_watched = threading.Event()
        self._stopping = threading.Event()
        self._pages = Shared()
        self._found = Shared(SAME_S)
        self._checks = Shared(SAME_S)
        self._threads: ThreadPoolExecutor | None = None
        self._watcher: threading.Thread | None = None
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(READS, thread_name_prefix="events")
        self._watcher = threading.Thread(target=self._look_on, args=(loop,), name="live", daemon=True)
        self._watcher.start()
        self._beating = asyncio.create_task(self._beat())

    @property
    def is_ending(self) -> bool:
        """Whether the service ends, and nothing is told any more."""
        return self._stopping.is_set()

    def end(self) -> None:
        """Have all readers end soon."""
        self._stopping.set()
        self._is_watched.set()
        self._wake()

    async def stop(self) -> None:
        """End, and let go of everything."""
        self.end()
        if self._beating is not None:
            self._beating.cancel()
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.join, 5)
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    async def find(self, caller: Caller, reference: str) -> tuple[RunId, int, bool]:
        """Find a run for a caller.

        Returns
        -------
        tuple
            Its id, the number of its newest event, and whether nothing will come after that.

        Raises
        ------
        WorkbenchError
            As `Runs.get`.
        """

        def find() -> Awaitable[tuple[RunId, int, bool]]:
            return self._read(_find, caller.workbench, reference)

        try:
            found: tuple[RunId, int, bool] = await self._found.get(_of(caller, reference), find)
        except WorkbenchError:
            # What was not there for somebody else may have come since.
            found = await find()
        return found

    async def follow(self, caller: Caller, run_id: str, *, after: int, last: int) -> AsyncGenerator[Batch | None, None]:
        """Replay a run's log from `after` and follow it to its end; every now and then a None, so that others look up.

        Parameters
        ----------
        last
            Number of an event that there is.

        Raises
        ------
        Gone
            ``run.not_found`` when the run is deleted meanwhile.
        Unauthorized, Forbidden
            When the caller may not read it any more.
        """
        cursor, checked = after, time.monotonic()
        with self._watched(run_id, last) as tail:
            while not self.is_ending:
                if time.monotonic() - checked >= CHECK_S:
                    await self._check(caller, run_id)
                    checked = time.monotonic()
                found = await self._next(tail, cursor)
                for batch in found:
                    cursor = batch.last
                    yield batch
                    if batch.is_end:
                        return
                if found:
                    continue
                if tail.is_deleted:
                    raise events.deleted(run_id)
                if tail.is_closed and cursor >= tail.last:
                    return
                await tail.woken()
                if cursor >= tail.last:
                    yield None

    async def _next(self, tail: Tail, cursor: int) -> Sequence[Batch]:
        if tail.lacks(cursor) and not tail.is_deleted:
            # Whoever else is at the same place reads it along.
            found: list[Batch] = await self._pages.get(
                (tail.run_id, cursor), lambda: self._read(_page, self._watch, tail.run_id, cursor)
            )
            return found
        batch = tail.after(cursor)
        return () if batch is None else (batch,)

    async def _check(self, caller: Caller, run_id: str) -> None:
        """See that a caller may still read a run."""
        try:
            await self._checks.get(_of(caller, run_id), lambda: self._check_now(caller, run_id))
        except NotFound as error:
            raise events.deleted(run_id) from error

    async def _check_now(self, caller: Caller, run_id: str) -> None:
        workbench = await caller.again()
        await self._read(workbench.runs.get, run_id)

    async def _read(self, read: Callable[..., Found], *arguments: Any) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._threads, read, *arguments)

    @contextmanager
    def _watched(self, run_id: str, last: int) -> Iterator[Tail]:
        tail = self._tails.get(run_id)
        if tail is None:
            tail = Tail(run_id, last)
            with self._guard:
                self._tails[run_id] = tail
            self._is_watched.set()
        tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            if not tail.readers:
                with self._guard:
                    del self._tails[run_id]
                    if not self._tails and not self._stopping.is_set():
                        self._is_watched.clear()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self._wake()

    def _wake(self) -> None:
        for tail in self._tails.values():
            tail.wake()

    def _look_on(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._is_watched.wait() and not self._stopping.is_set():
                try:
                    readers = self._look(loop)
                    pause_s = max(self._watch.pace_s, min(readers * GATHER_S, GATHER_MOST_S))
                except Exception as error:  # noqa: BLE001 - a store that is away for a moment is looked at again
                    log.warning("runs could not be followed: %s", error)
                    pause_s = BEAT_S
                self._stopping.wait(pause_s)
        finally:
            self._watch.close()

    def _look(self, loop: asyncio.AbstractEventLoop) -> int:
        """Look at all runs that are read; return how many readers have something new to read."""
        with self._guard:
            tails = dict(self._tails)
        has_new = any(tail.is_new for tail in tails.values())
        news = self._watch.look({run_id: tail.seen for run_id, tail in tails.items()}, has_new=has_new)
        lines: dict[str, list[Line]] = {run_id: [] for run_id in news.closed | news.deleted}
        for event in news.events:
            lines.setdefault(event.run_id, []).append(Line.of(event))
            tails[event.run_id].seen = event.seq
        for tail in tails.values():
            tail.is_new = False
        told = [(tails[of], some, of in news.closed, of in news.deleted) for of, some in lines.items()]
        if told:
            loop.call_soon_threadsafe(_take, told)
        return sum(tail.readers for tail, some, *_ in told if some)


class Shared:
    """Answers to questions that several ask at once, found once.

    Parameters
    ----------
    kept_s
        How long an answer holds for those who ask afterwards, in seconds.
    """

    def __init__(self, kept_s: float = 0) -> None:
        self._kept_s = kept_s
        self._asked: dict[Any, asyncio.Task[Any]] = {}

    async def get(self, question: Any, find: Callable[[], Awaitable[Any]]) -> Any:
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.ensure_future(_await(find))
            task.add_done_callback(lambda task: self._answered(question, task))
        # Who asked first may leave while others wait.
        return await asyncio.shield(task)

    def _answered(self, question: Any, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            # Whoever asked may have left, and hears of no failure.
            task.exception()
        if self._kept_s > 0:
            asyncio.get_running_loop().call_later(self._kept_s, self._asked.pop, question)
        else:
            del self._asked[question]


async def _await(find: Callable[[], Awaitable[Any]]) -> Any:
    return await find()


def _take(told: Sequence[tuple[Tail, list[Line], bool, bool]]) -> None:
    for tail, lines, is_closed, is_deleted in told:
        tail.take(lines, is_closed=is_closed, is_deleted=is_deleted)


def _find(workbench: Workbench, reference: str) -> tuple[RunId, int, bool]:
    # The state before the number: once a log is closed, its last number stays.
    run = workbench.runs.get(reference)
    record = run.record
    return record.id, run.last_seq(), record.is_terminal


def _of(caller: Caller, run: str) -> Hashable:
    """Tell apart what is asked by those who may see different things."""
    return caller.workspace_id, caller.workbench.actor, run


def _page(watch: Watch, run_id: str, after: int) -> list[Batch]:
    return batches(watch.page(run_id, after=after))
