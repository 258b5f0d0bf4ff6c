"""Experiments: what runs are compared under, and the best of their models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from workbench.catalogue import TASKS, Metric
from workbench.decoding import rebuilt
from workbench.errors import NotFound
from workbench.pages import bounded
from workbench.ranking import rank
from workbench.runs import scores
from workbench.runs.record import RunRecord, record
from workbench.runs.scores import LeaderboardRow
from workbench.store import ids
from workbench.store.store import Store
from workbench.store.tables import ExperimentRow, ProjectRow, RunRow, ScoreRow, SourceRow

_SCORED = "scored"


@dataclass(frozen=True, slots=True)
class Experiment:
    """One data source, target, task and set-up that runs are compared under.

    Attributes
    ----------
    target
        None for a task without one.
    setup
        What was asked of set-up, by PyCaret's names.
    run_count
        How many runs it has.
    """

    id: str
    project_id: str
    name: str
    source_id: str
    source_name: str
    task: str
    target: str | None
    setup: Mapping[str, Any]
    run_count: int
    created_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "project_id": self.project_id,
            "name": self.name,
            "source_id": self.source_id,
            "source_name": self.source_name,
            "task": self.task,
            "target": self.target,
            "setup": dict(self.setup),
            "run_count": self.run_count,
            "created_at": self.created_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Contender:
    """A model of one run, on the board of the experiment.

    Attributes
    ----------
    row
        As on the run's own leaderboard, but ranked, and separable from the best, over all runs.
    """

    run_id: str
    plan: str
    row: LeaderboardRow

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"run_id": self.run_id, "plan": self.plan} | self.row.as_dict()

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Contender:
        """Rebuild what `as_dict` gave."""
        return cls(told["run_id"], told["plan"], rebuilt(LeaderboardRow, told))


def get(store: Store, reference: str) -> Experiment:
    """Find an experiment by its id or by the end of it (at least four digits).

    Raises
    ------
    NotFound
        ``experiment.not_found``; also when several end like that.
    """
    with store.database.read() as session:
        row = find(session, store, reference)
        return _experiment(*session.execute(_counted(store).where(ExperimentRow.id == row.id)).one())


def find(session: Session, store: Store, reference: str) -> ExperimentRow:
    """Find an experiment's row; raises as `get`."""
    condition = ids.matching(ExperimentRow.id, reference)
    if condition is not None:
        here = select(ExperimentRow).join(ProjectRow).where(ProjectRow.workspace_id == store.workspace_id)
        found = session.scalars(here.where(condition).limit(2)).all()
        if len(found) == 1:
            return found[0]
    wanted = ids.text(reference)
    raise NotFound("experiment.not_found", f"There is no experiment '{wanted}'.", experiment=wanted)


def listed(
    store: Store, *, project_id: str | None = None, limit: int = 100, before: str | None = None
) -> list[Experiment]:
    """Return experiments, newest first.

    Parameters
    ----------
    project_id
        Only those of a project.
    before
        An experiment: only those that were begun before it.

    Raises
    ------
    NotFound
        ``experiment.not_found`` when there is no experiment `before`.
    """
    query = _counted(store).order_by(ExperimentRow.created_at.desc(), ExperimentRow.id.desc())
    if project_id is not None:
        query = query.where(ExperimentRow.project_id == project_id)
    with store.database.read() as session:
        if before is not None:
            last = find(session, store, before)
            query = query.where(tuple_(ExperimentRow.created_at, ExperimentRow.id) < (last.created_at, last.id))
        return [_experiment(*found) for found in session.execute(query.limit(bounded(limit)))]


def leaderboard(store: Store, experiment: Experiment, *, limit: int) -> list[Contender]:
    """Rank what is scored in full of all runs of an experiment by the task's metric; of equals the oldest is first.

    A model of several runs is there once for each: other versions of the libraries may have scored it.
    """
    metric = TASKS[experiment.task].metric(TASKS[experiment.task].sort)
    assert metric is not None, experiment.task
    # Oldest first: that is how equals stay.
    of_it = select(RunRow.id).where(RunRow.experiment_id == experiment.id, RunRow.deleted_at.is_(None))
    runs = select(RunRow, SourceRow.name).join(SourceRow, SourceRow.id == RunRow.source_id)
    oldest_first = runs.where(RunRow.id.in_(of_it)).order_by(RunRow.created_at, RunRow.id)
    units = select(ScoreRow).where(ScoreRow.run_id.in_(of_it)).order_by(ScoreRow.run_id, ScoreRow.fold)
    with store.database.read() as session:
        records = [record(*found) for found in session.execute(oldest_first)]
        outcomes = {run: list(rows) for run, rows in groupby(session.scalars(units), key=lambda unit: unit.run_id)}
    scored = {
        f"{run.id} {row.model}": (run, row)
        for run in records
        for row in scores.board(run, outcomes.get(run.id, ()))
        if row.status == _SCORED and row.metrics.get(metric.name) is not None
    }
    means = {key: metric.judged(row.metrics[metric.name]) for key, (_, row) in scored.items()}
    order = rank(means, greater_is_better=metric.greater_is_better)[: bounded(limit)]
    ranked = [scored[key] for key in order]
    return [
        Contender(run.id, run.plan, replace(row, rank=place, is_separable=_separable(row, ranked[0], metric)))
        for place, (run, row) in enumerate(ranked, 1)
    ]


def _separable(row: LeaderboardRow, best: tuple[RunRecord, LeaderboardRow], metric: Metric) -> bool | None:
    run, first = best
    if row is first:
        return None
    ours, theirs = (scores.judged(metric, each.folds[metric.name], each.metrics[metric.name]) for each in (row, first))
    return scores.separable(ours, theirs, scores.test_ratio(run))


def _counted(store: Store) -> Any:
    """Select the experiments of a workspace with the name of their data and how many runs they have."""
    count = (
        select(func.count())
        .where(RunRow.experiment_id == ExperimentRow.id, RunRow.deleted_at.is_(None))
        .correlate(ExperimentRow)
        .scalar_subquery()
    )
    return (
        select(ExperimentRow, SourceRow.name, count)
        .join(SourceRow, SourceRow.id == ExperimentRow.source_id)
        .join(ProjectRow, ProjectRow.id == ExperimentRow.project_id)
        .where(ProjectRow.workspace_id == store.workspace_id)
    )


def _experiment(row: ExperimentRow, source_name: str, run_count: int) -> Experiment:
    return Experiment(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        source_id=row.source_id,
        source_name=source_name,
        task=row.task,
        target=row.target,
        setup=row.setup,
        run_count=run_count,
        created_at=row.created_at,
    )
