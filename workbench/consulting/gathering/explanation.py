"""What the run explainer is shown: the board of a run, and its best model examined on rows that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.advisors.examination import PARTS, Examination, Interval
from workbench.advisors.run_explainer.evidence import BoardRow, ExplanationEvidence
from workbench.catalogue import TASKS
from workbench.consulting.gathering.fitted import Fitted, of_run
from workbench.data.sources import Sources
from workbench.errors import Conflict, WorkbenchError
from workbench.preflight.machine import free
from workbench.runs import lookup, scores
from workbench.runs.record import SUCCEEDED, RunRecord
from workbench.store.artifacts import REFERENCE
from workbench.store.store import Store

BUDGET_S = 10.0
"""Seconds that the examination takes at most, of the fifteen that an explanation may take in all."""
FREE_PART = 0.5
"""Part of the free memory that the pipeline may take."""


def gather(store: Store, subject_id: str, **asked: Any) -> ExplanationEvidence:  # noqa: ARG001 - it takes nothing else
    """Gather what there is to explain of a run.

    Raises
    ------
    NotFound, BadRequest
        ``run.not_found``, ``run.ambiguous``
    Conflict
        ``advice.not_possible`` when no model of it has a score yet.
    """
    run = lookup.get(store, subject_id)
    rows = scores.leaderboard(store.database, run)
    if all(row.rank is None for row in rows):
        raise _nothing_scored(run)
    fitted = _fitted(store, run)
    examination, why = _examination(store, run, fitted)
    return _evidence(run, rows, fitted, examination, why)


def _nothing_scored(run: RunRecord) -> Conflict:
    if not run.is_terminal:
        told, hint = f"Run {run.short_id} is {run.status} and has no scored model yet.", "Wait for its first scores."
    elif run.plan == "setup":
        told, hint = f"Run {run.short_id} fitted the preprocessing only: there is no model to explain.", None
    else:
        told, hint = f"Run {run.short_id} has no scored model to explain.", "Ask the failure debugger about it."
    return Conflict("advice.not_possible", told, hint=hint, run_id=run.id)


def _fitted(store: Store, run: RunRecord) -> Fitted | None:
    """Return the model that the run keeps; None where it keeps none."""
    try:
        return of_run(store, run)
    except Conflict:
        return None


def _evidence(
    run: RunRecord,
    rows: Sequence[scores.LeaderboardRow],
    fitted: Fitted | None,
    examination: Examination | None,
    why: str,
) -> ExplanationEvidence:
    metric = TASKS[run.task].metric(str(run.spec["sort"]))
    assert metric is not None, run.spec["sort"]
    return ExplanationEvidence(
        run_id=run.id,
        run=run.short_id,
        source=run.source_name,
        task=TASKS[run.task].name,
        plan=run.plan,
        target=run.target,
        status=run.status,
        error=run.error,
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        nearest_zero=metric.nearest_zero,
        rows=int(run.spec.get("rows") or 0),
        folds=run.folds,
        test_ratio=scores.test_ratio(run),
        class_shares={} if fitted is None else _class_shares(fitted),
        best=run.best,
        board=tuple(_row(row, metric.name) for row in rows),
        examination=examination,
        not_examined=why,
    )


def _row(row: scores.LeaderboardRow, metric: str) -> BoardRow:
    bounds = row.interval.get(metric)
    return BoardRow(
        model=row.model,
        name=row.name,
        rank=row.rank,
        status=row.status,
        reason=row.reason,
        mean=row.metrics.get(metric),
        std=row.std.get(metric),
        interval=None if bounds is None else Interval(low=bounds[0], high=bounds[1]),
        folds=tuple(row.folds.get(metric, ())),
        is_separable=row.is_separable,
        fit_s=row.fit_s,
        kind=str((row.recipe or {}).get("kind", "")),
    )


def _class_shares(fitted: Fitted) -> dict[str, float]:
    try:
        target = (fitted.document(REFERENCE) or {}).get("target")
    except WorkbenchError:
        return {}
    if fitted.task != "classification" or not target:
        return {}
    total = sum(count for _, count in target["values"]) + target["rest"]
    return {str(label): count / total for label, count in target["values"]}


def _examination(store: Store, run: RunRecord, fitted: Fitted | None) -> tuple[Examination | None, str]:
    """Examine the model that the run fitted; or say why that is not possible."""
    if fitted is None:
        why = "it fitted no model" if run.status == SUCCEEDED else f"the run is {run.status}"
        return None, f"{why}, so that there is none to ask."
    try:
        side = fitted.side()
        sources = Sources(store)
        source = fitted.source(sources)
        frame = sources.load(source)
    except WorkbenchError as error:
        return None, error.message
    from workbench.examining.examine import examine
    from workbench.judging.sides import Table
    from workbench.training.request import Limits

    table = Table(frame, source.name, source.sha256)
    limits = Limits(unit_bytes=int(free() * FREE_PART))
    found = examine(
        side, table, target=run.target, metric=str(run.spec["sort"]), parts=PARTS, budget_s=BUDGET_S, limits=limits
    )
    return found, ""
