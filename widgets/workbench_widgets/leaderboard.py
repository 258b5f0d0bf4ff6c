"""The leaderboard panel: the field, ranked live, and what can be done with a model of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from workbench import Run
from workbench.catalogue import PLANS, TASKS
from workbench.runs.follow import can_follow
from workbench.runs.record import CANCELLED, SUCCEEDED
from workbench.runs.scores import LeaderboardRow
from workbench_widgets import advising, deploying
from workbench_widgets.advising import Question
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script

PACE_S = 0.25
"""Shortest time between two readings of the scores of one run."""
TITLES = {"create": "Fit this model"}
"""Plans that go by another word where one model stands before the reader."""


class LeaderboardPanel(Panel):
    """Rows as the store ranks them; sorting by another column and export happen in the browser.

    Parameters
    ----------
    read_only
        Nothing can be launched from a row: for dashboards.
    """

    _esm = script("forms", "attempts", "access", "deployform", "advice", "leaderboard")
    beside = deploying.BESIDE | advising.BESIDE

    def __init__(self, desk: Desk, feeder: Feeder, *, read_only: bool = False) -> None:
        self._desk = desk
        self._feeder = feeder
        self._read_only = read_only
        self._read_at = 0.0
        self._mark: tuple[Any, ...] = ()
        super().__init__(
            desk.workbench,
            read_only=read_only,
            run=None,
            rows={},
            order=[],
            metrics=[],
            sort=None,
            status=None,
            actions=[],
            attempts=[],
            cards=[],
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        if self._read_only:
            return {}
        return {
            "launch": self._launch,
            "prepare": self._prepare,
            **self._desk.deploying.commands(self._feeder.wake),
            **self._desk.advising.commands(self._feeder.wake),
        }

    def feed(self) -> bool:
        run = self._desk.run
        self.show(attempts=self._desk.deploying.lines())
        if run is None:
            self.show(run=None, rows={}, order=[], status=None, actions=[], cards=[])
            return False
        has_to_wait = self._tell_board(run)
        self._tell_cards(run)
        return has_to_wait

    def _tell_board(self, run: Run) -> bool:
        if run.id == self._view["run"] and time.monotonic() - self._read_at < PACE_S:
            return True
        found = run.record
        mark = (run.id, found.status, run.last_seq())
        if mark == self._mark:
            return False
        self._read_at = time.monotonic()
        self._mark = mark
        if run.id != self._view["run"]:
            title = found.source_name if found.target is None else f"{found.source_name} · {found.target}"
            self.show(run=run.id, rows={}, order=[], metrics=[], sort=found.spec["sort"], title=title)
        rows = run.rows()
        before = self._view["rows"]
        actions = _actions(found.task, asks=self._desk.has_form) if found.is_terminal and not self._read_only else []
        plans = [action["plan"] for action in actions]
        can_deploy = found.is_terminal and not self._read_only
        lines = {
            row.model: _line(row, found.spec["sort"], [plan for plan in plans if can_follow(row, plan)])
            | {"deploys": can_deploy and _can_promote(row), "no_new_rows": _no_new_rows(found.task, row)}
            for row in rows
        }
        self.show(
            put={"rows": {model: line for model, line in lines.items() if before.get(model) != line}},
            order=[row.model for row in rows],
            metrics=[_metric(found.task, name) for name in (rows[0].metrics if rows else ())],
            status=found.status,
            plan=found.plan,
            actions=actions,
        )
        return False

    def _tell_cards(self, run: Run) -> None:
        """Offer to explain a board that stays as it is, and to say why models of it failed."""
        asked = []
        if run.id == self._view["run"] and self._view["status"] in (SUCCEEDED, CANCELLED):
            statuses = {row["status"] for row in self._view["rows"].values()}
            asked += [Question("run_explainer", "run", run.id)] if "scored" in statuses else []
            asked += [Question("failure_debugger", "run", run.id)] if statuses & {"failed", "timed_out"} else []
        self.show(cards=self._desk.advising.cards(asked, read_only=self._read_only))

    def _launch(self, run: str, plan: str, model: str) -> dict[str, Any]:
        launched = self._desk.launching().runs.submit(from_run=run, plan=plan, model=model)
        self._desk.watch(launched)
        self._feeder.wake()
        return {"id": launched.id}

    def _prepare(self, run: str, plan: str, model: str) -> None:
        self._desk.wish_for({"from_run": self.workbench.runs.get(run).id, "plan": plan, "model": model})
        self._feeder.wake()


def _actions(task: str, *, asks: bool) -> list[dict[str, Any]]:
    """Plans that work on one model.

    Parameters
    ----------
    asks
        Whether a form can be asked for the options of those that have any.
    """
    plans = [PLANS[name] for name in TASKS[task].plans if PLANS[name].least == PLANS[name].most == 1]
    return [
        {
            "plan": plan.name,
            "title": TITLES.get(plan.name, plan.name.capitalize()),
            "about": plan.about,
            "asks": asks and bool(plan.options_of(task)),
        }
        for plan in plans
    ]


def _can_promote(row: LeaderboardRow) -> bool:
    return row.status == "scored" and can_follow(row)


def _no_new_rows(task: str, row: LeaderboardRow) -> str:
    """Say why a model answers for no rows that it has not seen; empty where it does."""
    known = TASKS[task].model((row.recipe or {}).get("model") or "")
    return "" if known is None else known.new_rows


def _metric(task: str, name: str) -> dict[str, Any]:
    known = TASKS[task].metric(name)
    assert known is not None, name
    return {
        "name": name,
        "greater": known.greater_is_better,
        "ranks": known.ranks,
        "nearest_zero": known.nearest_zero,
        "about": known.about,
        "is_minor": known.is_minor,
    }


def _line(row: LeaderboardRow, sort: str, plans: list[str]) -> dict[str, Any]:
    return {
        "model": row.model,
        "name": row.name,
        "rank": row.rank,
        "status": row.status,
        "reason": row.reason,
        "metrics": dict(row.metrics),
        "std": dict(row.std),
        "interval": dict(row.interval),
        "remarks": row.remarks,
        "pycaret": dict(row.pycaret),
        "folds": row.folds[sort],
        "folds_scored": row.folds_scored,
        "folds_total": row.folds_total,
        "is_separable": row.is_separable,
        "fit_s": row.fit_s,
        "score_s": row.score_s,
        "plans": plans,
    }
