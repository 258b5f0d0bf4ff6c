"""The leaderboard panel: the field, ranked live."""

from __future__ import annotations

import time
from typing import Any

from workbench.catalogue import TASKS
from workbench.runs.scores import LeaderboardRow
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel, script

PACE_S = 0.25
"""Shortest time between two readings of the scores of one run."""


class LeaderboardPanel(Panel):
    """Rows as the store ranks them; sorting by another column and export happen in the browser."""

    _esm = script("leaderboard")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:  # noqa: ARG002 - panels are made alike
        self._desk = desk
        self._read_at = 0.0
        self._mark: tuple[Any, ...] = ()
        super().__init__(desk.workbench, run=None, rows={}, order=[], metrics=[], sort=None, status=None)
        self.feed()

    def feed(self) -> bool:
        run = self._desk.run
        if run is None:
            self.show(run=None, rows={}, order=[], status=None)
            return False
        if run.id == self._view["run"] and time.monotonic() - self._read_at < PACE_S:
            return True
        found = run.record
        mark = (run.id, found.status, run.last_seq())
        if mark == self._mark:
            return False
        self._read_at = time.monotonic()
        self._mark = mark
        if run.id != self._view["run"]:
            task = TASKS[found.task]
            metrics = [{"name": metric.name, "greater": metric.greater_is_better} for metric in task.metrics]
            title = f"{found.source_name} · {found.target}"
            self.show(run=run.id, rows={}, order=[], metrics=metrics, sort=found.spec["sort"], title=title)
        rows = run.rows()
        before = self._view["rows"]
        lines = {row.model: _line(row, found.spec["sort"]) for row in rows}
        self.show(
            put={"rows": {model: line for model, line in lines.items() if before.get(model) != line}},
            order=[row.model for row in rows],
            status=found.status,
            plan=found.plan,
        )
        return False


def _line(row: LeaderboardRow, sort: str) -> dict[str, Any]:
    return row.as_dict() | {"folds": row.folds[sort]}
