"""What the experiment designer is shown: a goal, a table, what pre-flight finds, and what the design would cost."""

from __future__ import annotations

from typing import Any

from workbench.advisors.experiment_designer.aim import aim
from workbench.advisors.experiment_designer.design import basis, design
from workbench.advisors.experiment_designer.evidence import Cost, DesignEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.table import look, profiled, refusal_of, table_of, target_of
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, WorkbenchError, choices
from workbench.plain import shown
from workbench.preflight.requested import specify
from workbench.runs import progress
from workbench.runs.asked import Asked
from workbench.runs.spec import RunSpec
from workbench.store.store import Store

_MINUTES_MOST = 7 * 24 * 60
_CHARACTERS_MOST = 5000
"""So much of a goal is kept: more than the words that are read."""


def gather(
    store: Store, source_id: str, goal: str = "", target: str | None = None, minutes: float | None = None
) -> DesignEvidence:
    """Gather what a design for a goal rests on.

    Parameters
    ----------
    target
        The target, whatever the goal says; None: the goal tells.
    minutes
        Time that the run may take; None: the goal may tell.

    Raises
    ------
    NotFound
        ``data.not_found``
    BadRequest
        ``spec.target_missing`` when the table has no such column, ``advice.invalid`` when the minutes are none.
    Gone, EngineFault
        When the table's file is gone, or is not what was stored.
    """
    goal = _checked(goal, minutes)
    data, thresholds = Sources(store), Thresholds.load(store.settings.thresholds)
    source = data.get(source_id)
    if target is not None and source.column(target) is None:
        raise BadRequest(
            "spec.target_missing",
            f"{source.name} has no column '{target}'.",
            hint=choices(target, source.column_names),
            source_id=source.id,
        )
    # The goal is understood by facts that are there already, so that the profile is asked for its target at once.
    meant = aim(goal, table_of(data, source, None), target, thresholds)
    profile = profiled(data, source, meant.target)
    table = table_of(data, source, profile)
    found = aim(goal, table, target, thresholds)
    evidence = DesignEvidence(
        table=table,
        goal=goal,
        asked_target=target,
        asked_minutes=minutes,
        target=target_of(profile),
        workers=store.settings.worker_count if store.settings.executor == "local" else 0,
    )
    if found.task is None:
        return evidence
    evidence = evidence.model_copy(
        update={
            "look": look(store, data, source, basis(found, thresholds)),
            "seconds_each": progress.costs(store.database, found.task, source.id, source.row_count),
        }
    )
    made = design(evidence, thresholds)
    if not made.request:
        return evidence
    try:
        spec = specify(source, Asked.of(made.request), store.settings)
    except WorkbenchError as error:
        return evidence.model_copy(update={"refusal": refusal_of(error)})
    return evidence.model_copy(update={"cost": _cost(store, source, spec)})


def _checked(goal: Any, minutes: Any) -> str:
    """Return a goal as it can be stored."""
    if not isinstance(goal, str):
        raise BadRequest("advice.invalid", f"goal is {shown(goal)}; it takes a text.")
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if minutes is not None and not (is_number and 0 < minutes <= _MINUTES_MOST):
        raise BadRequest(
            "advice.invalid", f"minutes is {shown(minutes)}; it takes a number from 0 to {_MINUTES_MOST:,}."
        )
    return goal[:_CHARACTERS_MOST].encode(errors="replace").decode()


def _cost(store: Store, source: Source, spec: RunSpec) -> Cost:
    field = progress.field_of(spec)
    workers = store.settings.worker_count if spec.executor == "local" else 0
    told = progress.estimate(
        store.database,
        spec,
        field.models,
        candidates=field.candidates,
        source_id=source.id,
        rows=source.row_count,
        workers=workers,
    )
    return Cost(units=told.units, workers=told.workers, seconds=told.seconds, words=told.words)
