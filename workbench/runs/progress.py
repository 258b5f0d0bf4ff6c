"""How far a run is, and what a run would cost, judged by what earlier runs took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from workbench.runs.record import RunRecord
from workbench.runs.spec import RunSpec
from workbench.store.database import Database
from workbench.store.tables import EventRow, RunRow, ScoreRow, now

_DOING = {
    "run.queued": "waiting for the service",
    "service.starting": "the service is starting",
    "run.started": "loading the table",
    "data.loaded": "setting up",
    "experiment.fitted": "preparing the first fold",
    "run.cancelling": "being cancelled",
}
SETUP_S = 1.0
"""Seconds that a run takes beside its units: claim, set-up, final fit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total
        Units with an outcome, and units in all; total is 0 until the field is known.
    remaining_s
        Seconds to the last unit at the pace so far; None where there is no pace yet.
    doing
        What it does now, in a few words.
    """

    done: int
    total: int
    remaining_s: float | None
    doing: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request would cost.

    Attributes
    ----------
    units
        Models × folds; 0 for a set-up.
    seconds
        Wall time on this machine's workers; None where no earlier run tells.
    words
        The same in one line.
    """

    units: int
    workers: int
    seconds: float | None
    words: str


def progress(database: Database, run: RunRecord) -> Progress:
    total = len(run.field) * int(run.spec["folds"]) if run.plan != "setup" else 0
    last = select(EventRow.kind).where(EventRow.run_id == run.id).order_by(EventRow.seq.desc()).limit(1)
    counted = select(func.count(), func.min(ScoreRow.created_at)).where(ScoreRow.run_id == run.id)
    with database.read() as session:
        kind = session.scalar(last) or ""
        done, first = session.execute(counted).one()
    remaining = None
    if not run.is_terminal and done > len(run.field) / 2 and first is not None:
        remaining = max(0.0, (now() - first).total_seconds() / done * (total - done))
    doing = "fitting the best on all training rows" if total and done >= total else _DOING.get(kind, "scoring")
    return Progress(done, total, remaining, doing)


def estimate(
    database: Database, spec: RunSpec, models: Sequence[str], *, source_id: str, rows: int, workers: int
) -> Estimate:
    """Judge what a request would cost by what its models took before, on this table or scaled from others by rows."""
    if spec.plan == "setup":
        return Estimate(0, workers, SETUP_S, "set-up only, about a second")
    units = len(models) * spec.folds
    head = f"{len(models)} model{'s' if len(models) != 1 else ''} × {spec.folds} folds = {units:,} units"
    costs = _costs(database, spec.task, source_id, rows)
    known = [costs[model] for model in models if model in costs]
    if not known:
        return Estimate(units, workers, None, f"{head}; no earlier run to judge the time by")
    mean = sum(known) / len(known)
    seconds = SETUP_S + (sum(known) + mean * (len(models) - len(known))) * spec.folds / workers
    return Estimate(units, workers, seconds, f"{head}, about {_words(seconds)}")


def _costs(database: Database, task: str, source_id: str, rows: int) -> dict[str, float]:
    """Mean seconds a model took on one fold, on this table, or else on others in proportion to their rows."""
    cost = func.avg(ScoreRow.fit_s + ScoreRow.score_s).label("cost")
    means = (
        select(ScoreRow.run_id, ScoreRow.model, cost)
        .where(ScoreRow.status == "scored")
        .group_by(ScoreRow.run_id, ScoreRow.model)
        .subquery()
    )
    query = (
        select(means.c.model, RunRow.source_id, RunRow.spec, means.c.cost)
        .join(means, means.c.run_id == RunRow.id)
        .where(RunRow.task == task)
        .order_by(RunRow.created_at.desc())
        .limit(400)
    )
    same: dict[str, float] = {}
    scaled: dict[str, float] = {}
    with database.read() as session:
        for model, source, spec, seconds in session.execute(query):
            if source == source_id:
                same.setdefault(model, seconds)
            scaled.setdefault(model, seconds * max(1.0, rows / max(1, int(spec.get("rows", rows)))))
    return scaled | same


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
