"""Scores as they land, and the leaderboard that they make at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.catalogue import TASKS
from workbench.ranking import rank
from workbench.runs.record import RunRecord
from workbench.store.database import Database
from workbench.store.tables import ScoreRow

UnitStatus = Literal["scored", "failed", "timed_out"]
RowStatus = Literal["waiting", "scoring", "scored", "failed", "timed_out", "stopped"]


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One model of the field.

    Attributes
    ----------
    rank
        Place among the models that have a value of the sort metric, from 1; None for the others.
    status
        ``waiting`` for a first score, ``scoring``, ``scored`` on every fold, ``failed``, ``timed_out``, or
        ``stopped`` when the run ended before every fold was scored.
    reason
        Why it failed, was stopped, or misses a value; None when there is nothing to say.
    metrics
        PyCaret's display names → unrounded means over the folds scored so far; None where undefined.
    std
        Population standard deviations over the same folds, as PyCaret computes them.
    folds
        Per metric the value on each fold, in order of folds; None where not scored.
    fit_s
        Mean seconds to fit one fold; None before the first score.
    """

    model: str
    name: str
    rank: int | None
    status: RowStatus
    reason: str | None
    metrics: Mapping[str, float | None]
    std: Mapping[str, float | None]
    folds: Mapping[str, list[float | None]]
    folds_scored: int
    folds_total: int
    fit_s: float | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "name": self.name,
            "rank": self.rank,
            "status": self.status,
            "reason": self.reason,
            "metrics": dict(self.metrics),
            "std": dict(self.std),
            "folds": {name: list(values) for name, values in self.folds.items()},
            "folds_scored": self.folds_scored,
            "folds_total": self.folds_total,
            "fit_s": self.fit_s,
        }


def store_score(
    session: Session,
    run_id: str,
    model: str,
    fold: int,
    status: UnitStatus,
    *,
    reason: str | None = None,
    metrics: Mapping[str, float | None] | None = None,
    fit_s: float | None = None,
    score_s: float | None = None,
) -> None:
    """Store one unit's outcome inside the caller's transaction."""
    session.add(
        ScoreRow(
            run_id=run_id,
            model=model,
            fold=fold,
            status=status,
            reason=reason,
            metrics=dict(metrics or {}),
            fit_s=fit_s,
            score_s=score_s,
        )
    )


def leaderboard(database: Database, run: RunRecord) -> list[LeaderboardRow]:
    """Rank the field on what is scored so far.

    The order is that of `workbench.ranking.rank` on the run's sort metric. Models that failed come after those that
    rank, models without any score last; nothing is left out.
    """
    query = select(ScoreRow).where(ScoreRow.run_id == run.id).order_by(ScoreRow.fold)
    # A set-up scores nothing: its field never waits.
    units: dict[str, list[ScoreRow]] = {model: [] for model, _ in run.field if run.plan != "setup"}
    with database.read() as session:
        for row in session.scalars(query):
            units.setdefault(row.model, []).append(row)
    names = dict(run.field)
    task = TASKS[run.task]
    sort = task.metric(str(run.spec["sort"]))
    assert sort is not None, run.spec["sort"]
    metrics = [metric.name for metric in task.metrics]
    rows = [_row(model, names.get(model, model), found, metrics, run) for model, found in units.items()]
    means = {row.model: row.metrics[sort.name] if row.status in _RANKED else None for row in rows}
    order = rank(means, greater_is_better=sort.greater_is_better)
    place = {model: index for index, model in enumerate(order)}
    rows.sort(key=lambda row: (_LAST.get(row.status, 0 if row.folds_scored else 2), place[row.model]))
    return [_placed(row, number if means[row.model] is not None else None) for number, row in enumerate(rows, 1)]


_RANKED = ("scoring", "scored", "stopped")
_LAST = {"failed": 1, "timed_out": 1}


def _row(model: str, name: str, units: Sequence[ScoreRow], metrics: Sequence[str], run: RunRecord) -> LeaderboardRow:
    total = int(run.spec["folds"])
    scored = [unit for unit in units if unit.status == "scored"]
    lost = [unit for unit in units if unit.status != "scored"]
    status, reason = _standing(scored, lost, total, run)
    by_fold = {unit.fold: unit for unit in scored}
    folds = {
        metric: [by_fold[fold].metrics.get(metric) if fold in by_fold else None for fold in range(total)]
        for metric in metrics
    }
    known = {metric: [value for value in values if value is not None] for metric, values in folds.items()}
    complete = {metric: values if len(values) == len(scored) else [] for metric, values in known.items()}
    fits = [unit.fit_s for unit in scored if unit.fit_s is not None]
    return LeaderboardRow(
        model=model,
        name=name,
        rank=None,
        status=status,
        reason=reason,
        metrics={metric: _mean(values) for metric, values in complete.items()},
        std={metric: _std(values) for metric, values in complete.items()},
        folds=folds,
        folds_scored=len(scored),
        folds_total=total,
        fit_s=_mean(fits),
    )


def _standing(
    scored: Sequence[ScoreRow], lost: Sequence[ScoreRow], total: int, run: RunRecord
) -> tuple[RowStatus, str | None]:
    if lost:
        status: RowStatus = "timed_out" if any(unit.status == "timed_out" for unit in lost) else "failed"
        first = lost[0].reason or "No reason was given."
        return status, first if len(lost) == total or not scored else f"{len(lost)} of {total} folds failed: {first}"
    if len(scored) == total:
        reasons = dict.fromkeys(unit.reason for unit in scored if unit.reason)
        return "scored", "; ".join(reasons) or None
    if run.is_terminal:
        return "stopped", f"The run ended after {len(scored)} of {total} folds."
    return ("scoring" if scored else "waiting"), None


def _placed(row: LeaderboardRow, number: int | None) -> LeaderboardRow:
    from dataclasses import replace

    return replace(row, rank=number)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _std(values: Sequence[float]) -> float | None:
    mean = _mean(values)
    return None if mean is None else math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
