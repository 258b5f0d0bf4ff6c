"""One feeder thread a kernel: reads the store ten times a second and shows what is new, also while a cell runs.

Nothing here is asked for by the browser, so nothing waits for the kernel; and nothing is sent that the browser has.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import Protocol

from workbench import Workbench, WorkbenchError
from workbench.errors import NotFound

TICK_S = 0.1
LOOK_S = 1.0
"""Longest time between two looks, also where nothing in the store has changed."""

log = logging.getLogger("workbench.widgets")


class Fed(Protocol):
    """What the feeder feeds."""

    @property
    def is_out_of_sight(self) -> bool:
        """Whether nobody can see it any more."""
        ...

    def feed(self) -> bool:
        """Show what is new in the store; return whether something new had to wait for the next look."""
        ...


class Feeder:
    """Feeds panels from one thread until it is closed or none of them is left.

    Panels are held weakly: one that the user replaced is not fed for ever.
    """

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self._fed: weakref.WeakSet[Fed] = weakref.WeakSet()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, *panels: Fed) -> None:
        """Feed these panels too; the thread starts with the first."""
        for panel in panels:
            self._fed.add(panel)
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="workbench-feeder", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Look now: something was just done."""
        self._wake.set()

    def close(self, timeout_s: float = 2) -> None:
        """Stop feeding and wait for the thread's end."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        changes = self.workbench.changes()
        looked = 0.0
        waiting = False
        while not self._closed:
            panels = list(self._fed)
            if not panels:
                break
            began = time.monotonic()
            # Asked for first and always: what is written after this look is new at the next.
            if changes.any() or waiting or self._wake.is_set() or began - looked > LOOK_S:
                self._wake.clear()
                looked = began
                fed = [self._feed(panel) for panel in panels if not panel.is_out_of_sight]
                waiting = any(fed)
            del panels
            self._wake.wait(max(0.01, TICK_S - (time.monotonic() - began)))
        changes.close()

    def _feed(self, panel: Fed) -> bool:
        try:
            return panel.feed()
        except NotFound:
            # What it shows was deleted elsewhere; the next look finds what there is instead.
            return True
        except WorkbenchError as error:
            # The store may be away for a moment; the next look tries again.
            log.warning("%s", error)
        except Exception:
            log.exception("a panel could not be fed")
        return False
