"""The events panel: a run's log, replayed and then live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.runs.events import Event
from workbench.runs.record import RunRecord
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel, script
from workbench_widgets.trials import short_name

BATCH = 500


class EventsPanel(Panel):
    """Every event of the watched run, in order; filtering and following happen in the browser."""

    _esm = script("events")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:  # noqa: ARG002 - panels are made alike
        self._desk = desk
        self._last_seq = 0
        self._trials: list[tuple[str, str]] = []
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
            self._trials = _trials(found)
            title = f"{found.plan} of {found.subject}"
            self.show(run=run.id, title=title, closed=False, events=[])
        if self._view["closed"]:
            return False
        batch = run.log(after=self._last_seq, limit=BATCH)
        if any(event.kind == "experiment.fitted" for event in batch):
            # The field is known from here on.
            self._trials = _trials(run.record)
        if batch:
            self._last_seq = batch[-1].seq
            lines = [_line(event, self._trials) for event in batch]
            self.show(append={"events": lines}, closed=batch[-1].kind == "run.closed")
        return len(batch) == BATCH


def _trials(run: RunRecord) -> list[tuple[str, str]]:
    """Return the names of a search's trials, which tell all parameters, and a short word for each; longest first."""
    if run.plan != "tune":
        return []
    named = [(name, short_name(model, name)) for model, name in run.field]
    return sorted((pair for pair in named if pair[0] != pair[1]), key=lambda pair: -len(pair[0]))


def _line(event: Event, trials: Sequence[tuple[str, str]]) -> dict[str, Any]:
    line = {
        "seq": event.seq,
        "at": event.emitted_at.isoformat(),
        "kind": event.kind,
        "message": event.message,
        "ms": event.duration_ms,
    }
    for name, short in trials:
        if name in event.message:
            return line | {"short": event.message.replace(name, short)}
    return line
