"""The end of a run's log as its readers share it: each event is written out once, and each reader goes at its pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from workbench.runs.events import CLOSED, Event
from workbench.server.answering import encoded
from workbench.server.frames import text_frame

KEPT_MOST, KEPT_BYTES = 512, 512 << 10
"""Events of a run that are kept at hand, and bytes of them; whoever is further behind reads the store."""
BATCH_BYTES = 32 << 10
"""About as much as is sent at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event, written out."""

    seq: int
    kind: str
    text: bytes

    @classmethod
    def of(cls, event: Event) -> Line:
        return cls(event.seq, event.kind, encoded(event.as_dict()))


class Batch:
    """Consecutive events, at least one, as all readers are sent them who are at the same place."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    @property
    def last(self) -> int:
        """Number of the last event."""
        return self.lines[-1].seq

    @property
    def is_end(self) -> bool:
        """Whether nothing will come after it."""
        return self.lines[-1].kind == CLOSED

    @cached_property
    def frames(self) -> bytes:
        """WebSocket frames, one an event."""
        return b"".join(text_frame(line.text) for line in self.lines)

    @cached_property
    def messages(self) -> bytes:
        """Server-sent events."""
        told = (b"id: %d\nevent: %b\ndata: %b\n\n" % (line.seq, line.kind.encode(), line.text) for line in self.lines)
        return b"".join(told)


class Tail:
    """What has come to a run since its first reader came. Lives on one event loop.

    Attributes
    ----------
    last
        Number of the newest event.
    seen
        The same, as the thread knows it that looks at the store.
    is_new
        Whether that has not looked yet.
    readers
        How many there are.
    is_closed
        Whether nothing else will come.
    is_deleted
        Whether the run is not there any more.
    """

    def __init__(self, run_id: str, last: int) -> None:
        self.run_id = run_id
        self.last = self.seen = last
        self.is_new = True
        self.readers = 0
        self.is_closed = self.is_deleted = False
        self._kept: deque[Line] = deque()
        self._bytes = 0
        self._batches: dict[int, Batch] = {}
        self._woken = asyncio.Event()

    def take(self, lines: Sequence[Line], *, is_closed: bool = False, is_deleted: bool = False) -> None:
        """Add what came, and wake whoever waits for it."""
        for line in lines:
            self._kept.append(line)
            self._bytes += len(line.text)
            self.last = line.seq
        while len(self._kept) > KEPT_MOST or (self._bytes > KEPT_BYTES and len(self._kept) > 1):
            self._bytes -= len(self._kept.popleft().text)
        self._batches.clear()
        self.is_closed |= is_closed
        self.is_deleted |= is_deleted
        self.wake()

    def lacks(self, cursor: int) -> bool:
        """Whether what follows an event is not at hand any more, or was not from the start."""
        return cursor < self.last - len(self._kept)

    def after(self, cursor: int) -> Batch | None:
        """Return what follows an event, or the first part of it; None where there is nothing yet."""
        if cursor >= self.last:
            return None
        batch = self._batches.get(cursor)
        if batch is None:
            batch = self._batches[cursor] = Batch(self._cut(cursor))
        return batch

    def wake(self) -> None:
        """Have whoever waits look around."""
        self._woken.set()
        self._woken = asyncio.Event()

    async def woken(self) -> None:
        """Wait until there may be something new."""
        await self._woken.wait()

    def _cut(self, cursor: int) -> list[Line]:
        return next(_parts(islice(self._kept, cursor - (self.last - len(self._kept)), None)))


def batches(events: Sequence[Event]) -> list[Batch]:
    """Write out what was read from the store."""
    return [Batch(lines) for lines in _parts(Line.of(event) for event in events)]


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Share lines out into what is sent at once."""
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + len(line.text) > BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.text)
    if part:
        yield part
