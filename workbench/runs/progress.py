"""How far a run is, and what a run would cost, judged by what earlier runs took."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.runs.record import RUNNING, RunRecord
from workbench.runs.spec import RunSpec
from workbench.store.database import Database
from workbench.store.tables import EventRow, RunRow, ScoreRow, now

_DOING = {
    "run.queued": "waiting for the service",
    "service.starting": "the service is starting",
    "run.resumed": "waiting for the service",
    "run.requeued": "waiting for a new process",
    "run.started": "loading the table",
    "memory.awaited": "waiting for room in memory",
    "workers.fewer": "loading the table",
    "data.loaded": "setting up",
    "run.restarted": "setting up",
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
        Seconds to the last unit at the pace of the process that carries it; None where there is no pace yet.
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
        Candidates × folds; 0 for a set-up, and where only PyCaret knows how many candidates there are.
    workers
        Processes of this machine that share them; 0 where a cluster does.
    seconds
        Wall time on those; None where no earlier run tells, and on a cluster.
    words
        The same in one line.
    """

    units: int
    workers: int
    seconds: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """What a plan would score.

    Attributes
    ----------
    candidates
        How many rows the leaderboard would have; 0 where only PyCaret's own grid tells.
    models
        Ids of the library models that are fitted on each fold, with repetitions: what a fold costs.
    """

    candidates: int
    models: tuple[str, ...]


def field_of(spec: RunSpec) -> Field:
    """Judge what a plan would score, from the catalogue alone."""
    if not spec.bases:
        models = TASKS[spec.task].field(spec.include, spec.exclude)
        return Field(len(models), models)
    parts = [_fitted(base) for base in spec.bases]
    together = tuple(model for part in parts for model in part)
    beside = len(parts) if spec.options.get("choose_better") else 0
    options = spec.options
    match spec.plan:
        case "tune":
            trials = _trials(options)
            return Field(trials + 1, together * (trials + 1)) if trials else Field(0, together)
        case "ensemble":
            made = together * options["n_estimators"]
        case "stack":
            made = together * (options["meta_model_fold"] + 1) + (options["meta_model"],)
        case "calibrate":
            made = together * options["calibrate_fold"]
        case "blend":
            made = together
        case _:
            return Field(len(parts), together)
    return Field(beside + 1, made + (together if beside else ()))


def _fitted(recipe: Recipe) -> tuple[str, ...]:
    """Library models that one fit of a recipe fits, as far as they can be counted."""
    inside = tuple(model for base in recipe.bases for model in _fitted(base))
    copies = recipe.params.get("n_estimators" if recipe.kind in ("bagging", "boosting") else "cv", 1)
    return (recipe.model,) if recipe.kind == "model" else inside * (copies if isinstance(copies, int) else 1)


def _trials(options: Mapping[str, Any]) -> int:
    """How many sets of parameters a search tries; 0 where only PyCaret's own grid tells."""
    grid, tried = options.get("custom_grid"), int(options["n_iter"])
    if grid:
        size = math.prod(len(values) for values in grid.values())
        return size if options["search_algorithm"] == "grid" else min(size, tried)
    return 0 if options["search_algorithm"] == "grid" else tried


def progress(database: Database, run: RunRecord) -> Progress:
    total = len(run.field) * run.folds if run.plan != "setup" else 0
    last = select(EventRow.kind).where(EventRow.run_id == run.id).order_by(EventRow.seq.desc()).limit(1)
    # What earlier processes scored, or the run that this one resumes, tells nothing of this one's pace.
    own = ScoreRow.created_at >= (run.claimed_at or run.created_at)
    counted = select(func.count(), func.count().filter(own), func.min(ScoreRow.created_at).filter(own)).where(
        ScoreRow.run_id == run.id
    )
    with database.read() as session:
        kind = session.scalar(last) or ""
        done, scored, first = session.execute(counted).one()
    remaining = None
    seen = min(len(run.field), total - done + scored) / 2
    if run.status == RUNNING and scored > seen and first is not None:
        remaining = max(0.0, (now() - first).total_seconds() / scored * (total - done))
    doing = "fitting the best on all training rows" if total and done >= total else _DOING.get(kind, "scoring")
    return Progress(done, total, remaining, doing)


def estimate(
    database: Database,
    spec: RunSpec,
    models: Sequence[str],
    *,
    source_id: str,
    rows: int,
    workers: int,
    candidates: int | None = None,
) -> Estimate:
    """Judge what a request would cost by what its models took before, on this table or scaled from others by rows.

    Parameters
    ----------
    models
        Ids of the library models that are fitted on each fold, with repetitions.
    workers
        Processes of this machine that share them; 0: a cluster does, whose size is not known here.
    candidates
        How many rows are scored; None: as many as there are models.
    """
    if spec.plan == "setup":
        return Estimate(0, workers, SETUP_S, "set-up only, about a second")
    count = len(models) if candidates is None else candidates
    if not count:
        return Estimate(0, workers, None, f"every set of PyCaret's own grid × {spec.folds} folds")
    units = count * spec.folds
    of_folds = "" if spec.folds == 1 else f" × {spec.folds} folds = {units:,} units"
    head = f"{count:,} model{'s' if count != 1 else ''}{of_folds}"
    if not workers:
        return Estimate(units, 0, None, f"{head}; how long that takes is for the cluster to say")
    each = costs(database, spec.task, source_id, rows)
    known = [each[model] for model in models if model in each]
    if not known:
        return Estimate(units, workers, None, f"{head}; no earlier run to judge the time by")
    mean = sum(known) / len(known)
    seconds = SETUP_S + (sum(known) + mean * (len(models) - len(known))) * spec.folds / workers
    return Estimate(units, workers, seconds, f"{head}, about {_words(seconds)}")


def costs(database: Database, task: str, source_id: str, rows: int) -> dict[str, float]:
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
