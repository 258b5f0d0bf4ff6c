"""The launch panel: what to run on which table or from which run, what it will cost, and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workbench import Run
from workbench.catalogue import FOLDS_LEAST, FOLDS_MOST, PLANS, SEED, SEED_MOST, TASKS, Task
from workbench.data.preflight import suggest_task
from workbench.data.source import Source
from workbench.runs.follow import TOP
from workbench.runs.record import RunRecord
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script

TRUTH = "ground_truth"
"""Option of a plan without which some metrics are not there."""
LIMITS = ("model_timeout_s", "run_timeout_s", "unit_memory", "executor")


class LaunchPanel(Panel):
    """A form over the catalogue. The engine checks what it sends; the panel shows what the engine answers."""

    _esm = script("launch")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._mark: tuple[Any, ...] | None = None
        settings = desk.workbench.settings
        super().__init__(
            desk.workbench,
            tasks={name: _task(task) for name, task in TASKS.items()},
            plans={name: {"about": plan.about, "least": plan.least, "most": plan.most} for name, plan in PLANS.items()},
            defaults={"seed": SEED} | {name: getattr(settings, name) for name in LIMITS},
            bounds={"folds": [FOLDS_LEAST, FOLDS_MOST], "seed": [0, SEED_MOST]},
            top=TOP,
            sources=[],
            source=None,
            follow=None,
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
                self.show(source=None if chosen is None else self._table(self.workbench.data.get(chosen)))
            self._look_at(self._desk.run)
            return False

    def _look_at(self, run: Run | None) -> None:
        """Offer to go on from the watched run once it has ended with scored models."""
        found = None if run is None else run.record
        mark = None if found is None else (found.id, found.status)
        if mark != self._mark:
            self.show(follow=None if run is None or found is None or not found.is_terminal else _followed(run, found))
            self._mark = mark

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

    def _table(self, source: Source) -> dict[str, Any]:
        known = {sample.name: sample for sample in self.workbench.data.samples() if sample.task in TASKS}
        sample = known.get(source.name) if source.kind == "sample" else None
        target = None if sample is None else sample.target
        return {
            "id": source.id,
            "name": source.name,
            "rows": source.row_count,
            "target": target,
            "columns": [
                {
                    "name": column.name,
                    "kind": column.kind,
                    "distinct": column.distinct,
                    "missing": column.missing,
                    "task": sample.task if sample is not None and column.name == target else suggest_task(column),
                }
                for column in source.columns
            ],
        }


def _followed(run: Run, found: RunRecord) -> dict[str, Any] | None:
    sort = found.spec["sort"]
    models = [
        {"id": row.model, "name": row.name, "value": row.metrics[sort]}
        for row in run.rows()
        if row.rank is not None and row.recipe is not None
    ]
    if not models:
        return None
    title = f"{found.plan} of {found.subject}"
    return {"id": found.id, "short": found.short_id, "title": title, "task": found.task, "models": models}


def _task(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "sort": task.sort,
        "sort_by_truth": task.sort_by_truth,
        "folds": task.folds,
        "has_target": task.has_target,
        "metrics": [
            {"name": metric.name, "needs": metric.needs_setup or (TRUTH if metric.needs_ground_truth else None)}
            for metric in task.metrics
            if metric.ranks
        ],
        "models": [asdict(model) for model in task.models],
        "options": [asdict(option) for option in task.options.values()],
        "plans": {
            name: [asdict(option) for option in PLANS[name].options_of(task.name).values()] for name in task.plans
        },
    }
