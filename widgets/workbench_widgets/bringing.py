"""Tables on their way in: what comes, how far it is, and an end to it where somebody asks for one.

What is under way is told by the kernel and not by the page that began it: a page that is loaded anew sees it too, and
can end it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from workbench.data.ingest.job import Tell
from workbench.data.source import Source
from workbench.data.upload import Upload

SENDING = "sending"
TOLD_EVERY_S = 0.2
IDLE_S = 900.0
"""After so long without a byte, an upload that was begun is dropped when the next one begins: its page is gone."""


class Cancelled(Exception):
    """Somebody asked for an end to it."""


@dataclass(frozen=True, slots=True)
class Work:
    """One table on its way in.

    Attributes
    ----------
    id
        As the page that began it calls it.
    verb
        ``upload``, ``add``, ``refresh`` or ``retype``.
    name
        What comes, as its user calls it.
    stage
        ``sending`` and ``fetching`` count bytes, ``reading`` counts rows; None before the first of them.
    total
        None where it is not known.
    """

    id: str
    verb: str
    name: str
    stage: str | None = None
    done: int = 0
    total: int | None = None


class Bringing:
    """What is under way of one panel.

    Parameters
    ----------
    changed
        Called after each change with what is under way.
    """

    def __init__(self, changed: Callable[[list[dict[str, Any]]], None]) -> None:
        self._changed = changed
        self._lock = threading.RLock()
        self._works: dict[str, Work] = {}
        self._cancelled: set[str] = set()
        self._uploads: dict[str, tuple[Upload, float]] = {}

    def begin(self, id: str, upload: Upload, size: int) -> None:
        """Take an upload, whose bytes are to come."""
        for idle in [each for each, (_, at) in self._uploads.items() if time.monotonic() - at > IDLE_S]:
            self.cancel(idle)
        with self._lock:
            self._uploads[id] = (upload, time.monotonic())
        self._put(Work(id, "upload", upload.file, SENDING, 0, size))

    def take(self, id: str, chunk: memoryview) -> int | None:
        """Take the next bytes of an upload; return how many came by now, None where it was ended meanwhile."""
        with self._lock:
            upload = self._uploads.get(id, (None, 0))[0]
        if upload is None:
            return None
        try:
            upload.write(bytes(chunk))
        except BaseException:
            self.cancel(id)
            raise
        with self._lock:
            if id not in self._uploads:
                return None
            self._uploads[id] = (upload, time.monotonic())
            work = self._works[id]
        self._put(replace(work, done=upload.received))
        return upload.received

    def finish(self, id: str) -> Source:
        """Make a data source of an upload whose bytes are all there.

        Raises
        ------
        Cancelled
        WorkbenchError
            As of `Upload.finish`.
        """
        with self._lock:
            upload, _ = self._uploads.pop(id, (None, 0))
            work = self._works.get(id)
        if upload is None or work is None:
            raise Cancelled
        with upload:
            return self.carry(replace(work, stage=None, done=0, total=None), upload.finish)

    def carry(self, work: Work, bring: Callable[[Tell], Source]) -> Source:
        """Carry a work out that tells how far it is.

        Raises
        ------
        Cancelled
        WorkbenchError
            Whatever `bring` raises.
        """
        with self._under_way(work) as tell:
            return bring(tell)

    def cancel(self, id: str) -> None:
        """End a work, at once where its bytes are on their way, else where it tells of itself next."""
        with self._lock:
            upload, _ = self._uploads.pop(id, (None, 0))
            if upload is None and id in self._works:
                self._cancelled.add(id)
        if upload is not None:
            upload.abort()
            self._forget(id)

    @property
    def names(self) -> list[str]:
        """What is on its way in."""
        with self._lock:
            return [work.name for work in self._works.values()]

    def close(self) -> None:
        """End all."""
        for id in list(self._works):
            self.cancel(id)

    @contextmanager
    def _under_way(self, work: Work) -> Iterator[Tell]:
        told = (work.stage, 0.0)

        def tell(stage: str, done: int, total: int | None) -> None:
            nonlocal told
            if work.id in self._cancelled:
                raise Cancelled
            now = time.monotonic()
            if stage != told[0] or now - told[1] > TOLD_EVERY_S:
                told = (stage, now)
                self._put(replace(work, stage=stage, done=done, total=total))

        self._put(work)
        try:
            yield tell
        except Exception:
            # Whatever came of it on its way here.
            if work.id in self._cancelled:
                raise Cancelled from None
            raise
        finally:
            self._forget(work.id)

    def _put(self, work: Work) -> None:
        with self._lock:
            self._works[work.id] = work
            self._tell()

    def _forget(self, id: str) -> None:
        with self._lock:
            self._works.pop(id, None)
            self._cancelled.discard(id)
            self._tell()

    def _tell(self) -> None:
        self._changed([asdict(work) for work in self._works.values()])
