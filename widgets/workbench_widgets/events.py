"""The events panel: a run's log, replayed and then live."""

from __future__ import annotations

from typing import Any

from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel, script

BATCH = 500


class EventsPanel(Panel):
    """Every event of the watched run, in order; filtering and following happen in the browser."""

    _esm = script("events")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:  # noqa: ARG002 - panels are made alike
        self._desk = desk
        self._last_seq = 0
        super().__init__(desk.workbench, run=None, title=None, closed=False, events=[])
        self.feed()

    def feed(self) -> bool:
        run = self._desk.run
        if run is None:
            self.show(run=None, title=None, closed=False, events=[])
            return False
        if self._view["run"] != run.id:
            found = run.record
            self._last_seq = 0
            title = f"{found.plan} of {found.subject}"
            self.show(run=run.id, title=title, closed=False, events=[])
        if self._view["closed"]:
            return False
        batch = run.log(after=self._last_seq, limit=BATCH)
        if batch:
            self._last_seq = batch[-1].seq
            self.show(append={"events": [_line(event) for event in batch]}, closed=batch[-1].kind == "run.closed")
        return len(batch) == BATCH


def _line(event: Any) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.emitted_at.isoformat(),
        "kind": event.kind,
        "message": event.message,
        "ms": event.duration_ms,
    }
