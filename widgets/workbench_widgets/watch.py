"""The run that panels look at together: one choice, followed by every panel that shows a run."""

from __future__ import annotations

import threading

from workbench import Run, Workbench


class Watch:
    """Which run is being watched.

    A fresh kernel starts with the run that is under way, or the newest one; nothing but the store is needed for that.
    """

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._lock = threading.Lock()
        self._run: Run | None = workbench.runs.current()

    @property
    def run(self) -> Run | None:
        with self._lock:
            return self._run

    def turn_to(self, run: Run | None) -> None:
        with self._lock:
            self._run = run
