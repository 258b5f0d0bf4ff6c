"""What earlier processes of a run found out, as far as it holds for this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from workbench.runs import scores
from workbench.runs.carrier import Carrier, hold
from workbench.runs.record import RunRecord
from workbench.store.store import Store
from workbench.store.tables import EventRow, RunRow
from workbench.training.request import Past


def recall(store: Store, run: RunRecord, carrier: Carrier) -> Past:
    """Gather what was scored before, by an earlier process of the run or by the run that it resumes.

    What was scored with other versions of the libraries is forgotten, which the log tells: a board must not mix them.

    Raises
    ------
    NotHeld
        When something was to be forgotten and the process does not carry the run any more.
    """
    from workbench.training.experiment import versions

    differing = _differing(run.versions, versions())
    if differing:
        _forget(store, run, carrier, differing)
    scored: dict[str, dict[int, Any]] = {}
    failed: dict[str, set[int]] = {}
    spent: dict[str, float] = {}
    for unit in scores.of_run(store.database, run.id):
        if unit.status == "scored":
            scored.setdefault(unit.model, {})[unit.fold] = unit.metrics
            spent[unit.model] = spent.get(unit.model, 0.0) + (unit.fit_s or 0) + (unit.score_s or 0)
        else:
            failed.setdefault(unit.model, set()).add(unit.fold)
    return Past(
        scored=scored,
        failed={model: frozenset(folds) for model, folds in failed.items()},
        unprepared=frozenset() if differing else _unprepared(store, run),
        spent_s=spent,
    )


def _unprepared(store: Store, run: RunRecord) -> frozenset[int]:
    """Return the folds that no model was scored on because they could not be prepared."""
    told = select(EventRow.payload).where(EventRow.run_id == run.id, EventRow.kind == "fold.failed")
    with store.database.read() as session:
        return frozenset(int(payload["fold"]) for payload in session.scalars(told))


def _forget(store: Store, run: RunRecord, carrier: Carrier, differing: str) -> None:
    with store.database.write() as session:
        log = hold(session, run.id, carrier)
        units = scores.forget(session, run.id)
        session.get_one(RunRow, run.id).units_at_death = 0
        if units:
            told = f"What was scored so far is of another environment ({differing}) and scored again, {units} in all."
            log.append("run.restarted", told, payload={"units": units})


def _differing(before: Mapping[str, str], here: Mapping[str, str]) -> str:
    """Name the libraries that are of another version here; nothing where no earlier ones are known."""
    names = [name for name in {**before, **here} if before and before.get(name) != here.get(name)]
    return ", ".join(f"{name} {before.get(name, 'absent')}, here {here.get(name, 'absent')}" for name in names)
