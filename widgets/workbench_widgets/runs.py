"""The runs panel: what is under way and what was, one of them watched; cancel works whatever the kernel does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import Run
from workbench.runs.asked import LIMITS
from workbench.runs.record import CANCELLED, FAILED, RunRecord
from workbench_widgets.advising import BESIDE, Question
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script
from workbench_widgets.trials import short_name

RUNS_SHOWN = 30
BEACON_S = 1.0
"""How often the page is told where the API is, so that it knows before it needs it."""


class RunsPanel(Panel):
    """Runs, newest first, with the progress of the one that is watched.

    Parameters
    ----------
    read_only
        Nothing can be changed or written, and there is no way to the API: for dashboards.
    """

    _esm = script("forms", "advice", "runs")
    beside = BESIDE

    def __init__(self, desk: Desk, feeder: Feeder, *, read_only: bool = False) -> None:
        self._desk = desk
        self._feeder = feeder
        self._read_only = read_only
        self._told_api = 0.0
        super().__init__(
            desk.workbench, read_only=read_only, runs=[], watched=None, progress=None, service=None, cards=[]
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        if self._read_only:
            return {"watch": self._watch}
        return {
            "watch": self._watch,
            "cancel": self._cancel,
            "resume": self._resume,
            "reproduce": self._reproduce,
            "delete": self._delete,
            "api": self._tell_api,
            **self._desk.advising.commands(self._feeder.wake),
        }

    def feed(self) -> bool:
        with self._feeding:
            # Before the list is read: a run that is launched afterwards may not be in it.
            watched = self._desk.run
            records = self.workbench.runs.records(limit=RUNS_SHOWN)
            known = {found.id for found in records}
            if (watched is not None and watched.id not in known) or (watched is None and records):
                watched = self._desk.replace_run(watched, self.workbench.runs.current())
            self.show(
                runs=[_line(found) for found in records],
                watched=watched.id if watched else None,
                progress=None if watched is None else _progress(watched),
                cards=self._cards(next((found for found in records if watched and found.id == watched.id), None)),
            )
            self._beacon()
            return False

    def _cards(self, watched: RunRecord | None) -> list[dict[str, Any]]:
        asked = [Question("failure_debugger", "run", watched.id)] if watched and watched.status == FAILED else []
        return self._desk.advising.cards(asked, read_only=self._read_only)

    def _beacon(self) -> None:
        if self._read_only or time.monotonic() - self._told_api < BEACON_S:
            return
        self._told_api = time.monotonic()
        # By message, not by trait: a saved notebook must not hold the token.
        self.send({"api": self._tell_api()})

    def _tell_api(self) -> dict[str, Any] | None:
        told = self.workbench.service.state()
        if told is None and any(run["status"] in ("queued", "running") for run in self._view["runs"]):
            # The service was stopped or killed; the next one takes its runs over.
            self.workbench.service.start()
        self.show(service=None if told is None else told.phase)
        if told is None or told.api_port is None:
            return None
        return {"port": told.api_port, "token": told.api_token}

    def _watch(self, id: str) -> None:
        self._desk.watch(self.workbench.runs.get(id))
        self.feed()
        self._feeder.wake()

    def _cancel(self, id: str) -> dict[str, Any]:
        found = self.workbench.runs.get(id).cancel()
        self._feeder.wake()
        return {"status": found.status}

    def _resume(self, id: str, **limits: Any) -> dict[str, Any]:
        run = self._desk.launching().runs.resume(id, **limits)
        self._desk.watch(run)
        self.feed()
        self._feeder.wake()
        return {"id": run.id}

    def _reproduce(self, id: str) -> dict[str, Any]:
        made = self.workbench.runs.get(id).reproduce()
        return {"path": str(made.save(Path(made.name)))}

    def _delete(self, id: str) -> None:
        self.workbench.runs.get(id).delete()
        self.feed()
        self._feeder.wake()


def _line(found: RunRecord) -> dict[str, Any]:
    can_resume = found.status in (CANCELLED, FAILED) and found.plan != "setup"
    return {
        "id": found.id,
        "short": found.short_id,
        "plan": found.plan,
        "source": found.source_name,
        "target": found.target,
        "task": found.task,
        "status": found.status,
        "error": found.error,
        "best": found.model_name(found.best) if found.best else None,
        "best_short": short_name(found.best, found.model_name(found.best)) if found.best else None,
        "note": (found.summary or {}).get("note"),
        "created": found.created_at.isoformat(),
        "started": found.started_at.isoformat() if found.started_at else None,
        "finished": found.finished_at.isoformat() if found.finished_at else None,
        "cancelling": found.cancel_requested and not found.is_terminal,
        "limits": {name: found.spec.get(name) for name in LIMITS} if can_resume else None,
    }


def _progress(run: Run) -> dict[str, Any]:
    told = run.progress()
    return {"done": told.done, "total": told.total, "remaining_s": told.remaining_s, "doing": told.doing}
