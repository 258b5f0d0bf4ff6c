"""The launch panel: what to run on which table, what it will cost, and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workbench.catalogue import FOLDS, FOLDS_LEAST, FOLDS_MOST, PLANS, SEED, SEED_MOST, TASKS, Task
from workbench.data.preflight import suggest_task
from workbench.data.source import Source
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script


class LaunchPanel(Panel):
    """A form over the catalogue. The engine checks what it sends; the panel shows what the engine answers."""

    _esm = script("launch")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        super().__init__(
            desk.workbench,
            tasks={name: _task(task) for name, task in TASKS.items()},
            plans=[{"name": plan.name, "about": plan.about} for plan in PLANS.values() if plan.is_runnable],
            defaults={"folds": FOLDS, "seed": SEED},
            bounds={"folds": [FOLDS_LEAST, FOLDS_MOST], "seed": [0, SEED_MOST]},
            sources=[],
            source=None,
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {"choose": self._choose, "estimate": self._estimate, "launch": self._launch}

    def feed(self) -> bool:
        with self._feeding:
            chosen = self._desk.source_id
            sources = self.workbench.data.lines()
            self.show(sources=[{"id": source.id, "name": source.name} for source in sources])
            if chosen not in {source.id for source in sources}:
                # Deleted: the data panel chooses another one.
                chosen = None
            if (self._view["source"] or {}).get("id") != chosen:
                self.show(source=None if chosen is None else _table(self.workbench.data.get(chosen)))
            return False

    def _choose(self, id: str) -> None:
        self._desk.choose(self.workbench.data.get(id).id)
        self.feed()
        self._feeder.wake()

    def _estimate(self, **request: Any) -> dict[str, Any]:
        return asdict(self.workbench.runs.estimate(**request))

    def _launch(self, **request: Any) -> dict[str, Any]:
        run = self.workbench.runs.submit(**request)
        self._desk.watch(run)
        self._feeder.wake()
        return {"id": run.id}


def _task(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "sort": task.sort,
        "metrics": [metric.name for metric in task.metrics],
        "models": [asdict(model) for model in task.models],
        "options": [asdict(option) for option in task.options.values()],
    }


def _table(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "rows": source.row_count,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "distinct": column.distinct,
                "missing": column.missing,
                "task": suggest_task(column),
            }
            for column in source.columns
        ],
    }
