"""What panels look at together: one run and one data source, chosen in one panel and followed by the others."""

from __future__ import annotations

import threading

from workbench import Run, Workbench


class Desk:
    """The choices that panels share.

    A fresh kernel starts with the run that is under way, or the newest one, and with the newest data source; nothing
    but the store is needed for that.
    """

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self._lock = threading.Lock()
        self._run: Run | None = workbench.runs.current()
        sources = workbench.data.list()
        self._source_id: str | None = sources[0].id if sources else None

    @property
    def run(self) -> Run | None:
        with self._lock:
            return self._run

    def watch(self, run: Run | None) -> None:
        with self._lock:
            self._run = run

    @property
    def source_id(self) -> str | None:
        with self._lock:
            return self._source_id

    def choose(self, source_id: str | None) -> None:
        with self._lock:
            self._source_id = source_id
