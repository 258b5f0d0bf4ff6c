"""Finding runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from workbench.errors import BadRequest, NotFound
from workbench.runs.asked import LIMITS
from workbench.runs.record import QUEUED, RUNNING, SUCCEEDED, TERMINAL, RunRecord, record
from workbench.runs.spec import RunSpec
from workbench.store import ids
from workbench.store.store import Store
from workbench.store.tables import RunRow, SourceRow


def get(store: Store, reference: str) -> RunRecord:
    """Find a run by its id or by the end of it (at least four digits).

    Raises
    ------
    NotFound
        ``run.not_found``
    BadRequest
        ``run.ambiguous`` when several runs end like that.
    """
    found: Sequence[Any] = ()
    condition = ids.matching(RunRow.id, reference)
    if condition is not None:
        with store.database.read() as session:
            found = session.execute(_visible(store).where(condition).limit(2)).all()
    if not found:
        raise NotFound("run.not_found", f"There is no run '{reference}'.", run_id=reference)
    if len(found) > 1:
        raise BadRequest("run.ambiguous", f"Several runs end in '{reference}': give more of the id.")
    return record(*found[0])


def is_terminal(store: Store, run_id: str) -> bool:
    """Whether a run has ended, at the least cost: for those who ask again and again."""
    with store.database.read() as session:
        return session.scalar(_STATUS, {"run_id": run_id}) in (None, *TERMINAL)


_STATUS = select(RunRow.status).where(RunRow.id == bindparam("run_id"))


def listed(store: Store, *, limit: int = 100, status: Sequence[str] = ()) -> list[RunRecord]:
    """Return runs, newest first."""
    query = _visible(store).order_by(RunRow.created_at.desc(), RunRow.id.desc()).limit(limit)
    if status:
        query = query.where(RunRow.status.in_(status))
    with store.database.read() as session:
        return [record(*found) for found in session.execute(query)]


def asked_alike(store: Store, run: RunRecord, spec: RunSpec) -> RunRecord | None:
    """Find the newest run that follows another one and was asked for the same, and has not failed.

    How fast and where it was to run does not matter.
    """
    wanted = {name: value for name, value in spec.as_dict().items() if name not in LIMITS}
    experiment = select(RunRow.experiment_id).where(RunRow.id == run.id).scalar_subquery()
    query = _visible(store).where(
        RunRow.experiment_id == experiment, RunRow.plan == spec.plan, RunRow.status.in_((QUEUED, RUNNING, SUCCEEDED))
    )
    with store.database.read() as session:
        for found in session.execute(query.order_by(RunRow.created_at.desc(), RunRow.id.desc())):
            known = record(*found)
            if not known.cancel_requested and all(known.spec.get(name) == value for name, value in wanted.items()):
                return known
    return None


def _visible(store: Store) -> Any:
    return (
        select(RunRow, SourceRow.name)
        .join(SourceRow, SourceRow.id == RunRow.source_id)
        .where(RunRow.workspace_id == store.workspace_id, RunRow.deleted_at.is_(None))
    )
