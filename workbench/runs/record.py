"""A run as it stands: a frozen copy of its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from workbench.catalogue import TASKS
from workbench.decoding import rebuilt
from workbench.recipe import Recipe
from workbench.store.tables import RunRow, now

RunId = NewType("RunId", str)

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = "queued", "running", "succeeded", "failed", "cancelled"
TERMINAL = (SUCCEEDED, FAILED, CANCELLED)
STATUSES = (QUEUED, RUNNING, *TERMINAL)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the store knows of a run.

    Attributes
    ----------
    experiment_id
        What it is compared under with others like it.
    field
        Models in the field as ``(id, name)``; empty until set-up is fitted.
    recipes
        How each of them is made, as `Recipe.as_dict` tells it: a list of runs makes no objects of them.
    fitted
        What else set-up found out where the scores were made: ``folds``, ``test_ratio`` of their rows, ``versions``
        of libraries; empty before that.
    error
        ``Type: message`` of a failed run, who cancelled a cancelled one, else None.
    summary
        Rows, best model and sort metric of a succeeded run, else None.
    started_at, claimed_at, finished_at
        None while that has not happened. A run is claimed anew whenever it goes on after a process was lost.
    """

    id: RunId
    experiment_id: str
    source_id: str
    source_name: str
    plan: str
    task: str
    target: str | None
    status: str
    spec: Mapping[str, Any]
    field: tuple[tuple[str, str], ...]
    recipes: Mapping[str, Mapping[str, Any]]
    fitted: Mapping[str, Any]
    error: str | None
    summary: Mapping[str, Any] | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    claimed_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        return self.source_name if self.target is None else f"{self.source_name} for {self.target}"

    @property
    def folds(self) -> int:
        """How many folds each model is scored on: as many as were asked for, until set-up says how many there are."""
        return int(self.fitted.get("folds") or self.spec["folds"])

    @property
    def versions(self) -> Mapping[str, str]:
        """Python and the libraries that the scores depend on; empty until set-up is fitted."""
        return self.fitted.get("versions") or {}

    @property
    def best(self) -> str | None:
        """Id of the model that a succeeded run fitted."""
        return None if self.summary is None else self.summary.get("best")

    @property
    def short_id(self) -> str:
        """The id's last eight digits: its first ones are the time, alike for neighbours."""
        return self.id[-8:]

    def recipe(self, model_id: str) -> Recipe | None:
        """How a model of the field is made; None where it is not in it, or set-up is not fitted."""
        told = self.recipes.get(model_id)
        return None if told is None else Recipe.of(told)

    def model_name(self, model_id: str) -> str:
        """Name of a model, also before the field is known."""
        known = TASKS[self.task].model(model_id)
        return dict(self.field).get(model_id) or (known.name if known else model_id)

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds from start to finish, or until now; None before the start."""
        if self.started_at is None:
            return None
        return ((self.finished_at or now()) - self.started_at).total_seconds() * 1000

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "plan": self.plan,
            "task": self.task,
            "target": self.target,
            "experiment_id": self.experiment_id,
            "source": {"id": self.source_id, "name": self.source_name},
            "error": self.error,
            "summary": None if self.summary is None else dict(self.summary),
            "duration_ms": self.duration_ms,
            "created_at": self.created_at.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "created_by": self.created_by,
            "cancel_requested": self.cancel_requested,
            "spec": dict(self.spec),
            "fitted": dict(self.fitted),
            "claimed_at": self.claimed_at.isoformat() if self.claimed_at else None,
            "field": [{"id": model, "name": name, "recipe": self.recipes.get(model)} for model, name in self.field],
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> RunRecord:
        """Rebuild what `as_dict` gave."""
        field, source = told["field"], told["source"]
        own = {
            "source_id": source["id"],
            "source_name": source["name"],
            "field": [(entry["id"], entry["name"]) for entry in field],
            "recipes": {entry["id"]: entry["recipe"] for entry in field if entry["recipe"]},
        }
        return rebuilt(cls, {**told, **own})


def record(row: RunRow, source_name: str) -> RunRecord:
    return RunRecord(
        id=RunId(row.id),
        experiment_id=row.experiment_id,
        source_id=row.source_id,
        source_name=source_name,
        plan=row.plan,
        task=row.task,
        target=row.target,
        status=row.status,
        spec=row.spec,
        field=tuple((entry[0], entry[1]) for entry in row.field or ()),
        recipes={entry[0]: entry[2] for entry in row.field or () if len(entry) > 2},
        fitted=row.fitted or {},
        error=row.error,
        summary=row.summary,
        created_by=row.created_by,
        created_at=row.created_at,
        started_at=row.started_at,
        claimed_at=row.claimed_at,
        finished_at=row.finished_at,
        cancel_requested=row.cancel_requested_at is not None,
    )
