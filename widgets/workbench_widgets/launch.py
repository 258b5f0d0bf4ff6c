"""The launch panel: what to run on which table or from which run, what it will cost, and go."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench import Run
from workbench.catalogue import FOLDS_LEAST, FOLDS_MOST, PLANS, SEED, SEED_MOST, TASKS, Task
from workbench.data.source import Column, Source
from workbench.errors import NotFound, WorkbenchError
from workbench.preflight.refusals import suggest_task
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.follow import TAKEN_OPTIONS, TOP, can_follow, filled_in, models_to_follow
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow
from workbench_widgets.advising import Question
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script
from workbench_widgets.trials import short_name

OUTSIDE = ("data", "override")
"""Arguments of `Runs.submit` that are no fields of a request."""
TRUTH = "ground_truth"
"""Option of a plan without which some metrics are not there."""


class LaunchPanel(Panel):
    """A form over the catalogue. The engine checks what it sends; the panel shows what the engine answers."""

    _esm = script("forms", "options", "findings", "advice", "wishes", "launch")

    beside = frozenset({"check", "design"})

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._mark: tuple[Any, ...] | None = None
        self._checking = threading.Lock()
        self._newest: dict[str, int] = {}
        desk.has_form = True
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
            wish=None,
            project=None,
            cards=[],
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "choose": self._choose,
            "values": self._values,
            "estimate": self._estimate,
            "check": self._check,
            "launch": self._launch,
            "design": self._design,
            "open_advice": self._desk.advising.commands(self._feeder.wake)["open_advice"],
        }

    def feed(self) -> bool:
        with self._feeding:
            wish = self._new_wish()
            if wish is not None and wish.get("source"):
                self._desk.choose(wish["source"])
            chosen = self._desk.source_id
            sources = [{"id": line.id, "name": line.name} for line in self.workbench.data.lines()]
            if chosen not in {source["id"] for source in sources}:
                older = self._older(chosen)
                # Deleted: the data panel chooses another one.
                chosen = None if older is None else older.id
                sources += [] if older is None else [{"id": older.id, "name": f"{older.name}@{older.version}"}]
            self.show(sources=sources)
            if (self._view["source"] or {}).get("id") != chosen:
                self.show(source=None if chosen is None else self._table(self.workbench.data.get(chosen)))
            project = self._desk.project.value
            self.show(project=None if project is None else project.name)
            self._look_at(self._desk.run)
            asked = [] if chosen is None else [Question("experiment_designer", "source", chosen)]
            self.show(cards=self._desk.advising.cards(asked))
            if wish is not None:
                self.show(wish=wish)
            return False

    def _older(self, id: str | None) -> Source | None:
        """Find a version that is not the newest; None where it is not there any more."""
        try:
            return None if id is None else self.workbench.data.get(id)
        except NotFound:
            return None

    def _look_at(self, run: Run | None) -> None:
        """Offer to go on from the watched run once it has ended with scored models."""
        found = None if run is None else run.record
        mark = None if found is None else (found.id, found.status)
        if mark != self._mark:
            follow = None
            if run is not None and found is not None and found.is_terminal:
                follow = self._followed(run, found)
            self.show(follow=follow)
            self._mark = mark

    def _new_wish(self) -> dict[str, Any] | None:
        """Return a wish that the form does not show yet, as it takes it; one that cannot be shown says why."""
        wish = self._desk.wish
        if wish is None or wish.number == (self._view["wish"] or {}).get("number"):
            return None
        told: dict[str, Any] = {"number": wish.number, "by": wish.by, "follow": None, "source": None}
        try:
            return told | self._laid_out(wish.request)
        except WorkbenchError as error:
            return told | {"request": None, "problem": str(error)}

    def _laid_out(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Say of which table or run the form is to be, and what it is to hold.

        The form goes on from a run where the plan works on models of that run; else it shows the run's own request with
        the changes in it, so that all of it can be seen.
        """
        asked = dict(request)
        if asked.get("from_run") is not None:
            run = self.workbench.runs.get(asked["from_run"])
            found = run.record
            follow = self._followed(run, found)
            if follow is not None and asked.get("plan", "compare") in follow["takes"]:
                return {"request": asked | {"from_run": found.id}, "follow": follow}
            asked = _as_asked_of_a_table(asked, found, run.rows())
            # What holds anyway is not said.
            asked = {name: value for name, value in asked.items() if self._view["defaults"].get(name) != value}
        source = self.workbench.data.get(asked["data"])
        return {"request": asked | {"data": source.id}, "source": source.id}

    def _design(self, source: str, goal: str, target: str | None = None) -> dict[str, Any]:
        """Have a run designed, and the form filled in where there is one to launch."""
        advising = self._desk.advising
        with advising.under_way(Question("experiment_designer", "source", source), self._feeder.wake):
            made = self.workbench.advisors.design(
                self.workbench.data.get(source), goal, target=target, narrate=False, wait=False
            )
        advice = made.given
        if advice.suggested_config is not None:
            self._desk.wish_for(advice.suggested_config, by="the experiment designer")
        self._feeder.wake()
        return {"id": made.id, "fills": advice.suggested_config is not None}

    def _values(self, id: str, column: str) -> list[Any]:
        return self.workbench.data.values(self.workbench.data.get(id), column)

    def _choose(self, id: str) -> None:
        self._desk.choose(self.workbench.data.get(id).id)
        self.feed()
        self._feeder.wake()

    def _estimate(self, **request: Any) -> dict[str, Any]:
        return asdict(self.workbench.runs.estimate(**request))

    def _check(self, page: str, number: int, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Tell what pre-flight finds; None where the page has asked anew meanwhile."""
        self._newest[page] = max(number, self._newest.get(page, 0))
        source = request.get("data")
        if source:
            self._desk.profiling.aim(source, request.get("target"))
        # One at a time: looking at a large table takes all processors.
        with self._checking:
            if number < self._newest[page]:
                return None
            return self.workbench.runs.check(**request).as_dict()

    def _launch(self, **request: Any) -> dict[str, Any]:
        run = self._desk.launching().runs.submit(**request)
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
                _column(column)
                | {"task": sample.task if sample is not None and column.name == target else suggest_task(column)}
                for column in source.columns
            ],
        }

    def _followed(self, run: Run, found: RunRecord) -> dict[str, Any] | None:
        """Tell what the form shows of a run that it goes on from; None where there is nothing to go on from."""
        sort = found.spec["sort"]
        board = run.rows()
        models = [row for row in board if can_follow(row)]
        if not models:
            return None
        plans = [PLANS[name] for name in TASKS[found.task].plans if PLANS[name].least]
        takes = {plan.name: _takes(board, plan.name) for plan in plans}
        own = found.spec.get("options") or {}
        source = self.workbench.data.get(found.source_id, hidden=True)
        return {
            "id": found.id,
            "short": found.short_id,
            "title": f"{found.plan} of {found.subject}",
            "task": found.task,
            "columns": [_column(column) for column in source.columns],
            "models": [
                {
                    "id": row.model,
                    "name": short_name(row.model, row.name),
                    "full": row.name,
                    "value": row.metrics[sort],
                }
                for row in models
            ],
            "takes": {plan.name: takes[plan.name] for plan in plans if len(takes[plan.name]["models"]) >= plan.least},
            "limits": {name: found.spec.get(name) for name in LIMITS},
            "options": {name: own[name] for name in TAKEN_OPTIONS if name in own},
        }


def _as_asked_of_a_table(
    request: Mapping[str, Any], before: RunRecord, board: Sequence[LeaderboardRow]
) -> dict[str, Any]:
    """Return a request that follows a run as one that follows none, and asks for the same."""
    filled = asdict(
        filled_in(Asked.of({name: value for name, value in request.items() if name not in OUTSIDE}), before, board)
    )
    # By their ids, as the form knows models: another run's recipes are that run's.
    named = {name: request.get(name) for name in ("model", "include", "exclude")}
    kept = {name: value for name, value in (filled | named).items() if value is not None and name != "from_run"}
    outside = {name: request[name] for name in OUTSIDE if name in request}
    return {"data": before.source_id, "plan": "compare"} | kept | outside


def _takes(board: Sequence[LeaderboardRow], plan: str) -> dict[str, Any]:
    """Return the models that a plan can work on, in the order in which it takes them, and how many it takes unasked."""
    best = [row.model for row in models_to_follow(board, plan)]
    others = [row.model for row in board if can_follow(row, plan) and row.model not in best]
    return {"models": best + others, "ranked": len(best)}


def _column(column: Column) -> dict[str, Any]:
    return {"name": column.name, "kind": column.kind, "distinct": column.distinct}


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
