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

TICK_S = 0.1
QUIET_S = 0.5
"""Time between looks while no run is under way."""

log = logging.getLogger("workbench.widgets")


class Fed(Protocol):
    """What the feeder feeds."""

    def feed(self) -> bool:
        """Show what is new; return whether more is to be expected soon."""
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
        while not self._closed:
            began = time.monotonic()
            panels = list(self._fed)
            if not panels:
                return
            more = [self._feed(panel) for panel in panels]
            del panels
            pause = TICK_S if any(more) else QUIET_S
            self._wake.wait(max(0.01, pause - (time.monotonic() - began)))
            self._wake.clear()

    def _feed(self, panel: Fed) -> bool:
        try:
            return panel.feed()
        except WorkbenchError as error:
            # The store may be away for a moment; the next look tries again.
            log.warning("%s", error)
        except Exception:
            log.exception("a panel could not be fed")
        return False
