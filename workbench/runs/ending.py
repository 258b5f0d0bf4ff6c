"""How a run ends: by its result, by a cancel, by deletion. A terminal run never changes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete as remove
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access.places import without_places
from workbench.runs import events, lookup
from workbench.runs.carrier import Carrier, NotHeld, hold
from workbench.runs.record import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, TERMINAL, RunRecord
from workbench.store import audit
from workbench.store.store import Store
from workbench.store.tables import ArtifactRow, EventRow, ExperimentRow, RunRow, ScoreRow, now

_TOLD_AS: Mapping[str, events.EventKind] = {
    SUCCEEDED: "run.succeeded",
    FAILED: "run.failed",
    CANCELLED: "run.cancelled",
}


def request_cancel(store: Store, run_id: str, *, by: str) -> RunRecord:
    """Ask for a run's end: a queued run ends at once, a running one when its service kills it.

    A terminal run is returned as it is.
    """
    with store.database.write() as session:
        row = session.get(RunRow, run_id, with_for_update=True)
        if row is not None and _ask_to_end(session, row, by):
            _tell(session, row, by, "cancelled")
    return lookup.get(store, run_id)


def finish(
    store: Store,
    run_id: str,
    status: str,
    message: str,
    *,
    summary: Mapping[str, Any] | None = None,
    carrier: Carrier | None = None,
) -> bool:
    """Bring a run to a terminal state; a run that is terminal already never changes.

    Parameters
    ----------
    carrier
        The process that tells the run's end, which is heard only while it carries the run.

    Returns
    -------
    bool
        Whether this call ended it.
    """
    with store.database.write() as session:
        if carrier is not None:
            try:
                hold(session, run_id, carrier)
            except NotHeld:
                return False
        row = session.get(RunRow, run_id, with_for_update=True)
        if row is None or row.status in TERMINAL:
            return False
        row.summary = dict(summary) if summary is not None else row.summary
        close(session, row, status, message)
        return True


def cancelled(store: Store, run_id: str, *, by: str) -> bool:
    """Tell that a run was ended for somebody; return whether this call ended it."""
    return finish(store, run_id, CANCELLED, cancel_words(by))


def cancel_words(by: str) -> str:
    return f"Cancelled by {by} at {now():%Y-%m-%d %H:%M:%S} UTC."


def close(session: Session, row: RunRow, status: str, message: str) -> None:
    """Bring a run that is not terminal to its end, inside the caller's transaction."""
    row.status = status
    row.finished_at = now()
    row.error = None if status == SUCCEEDED else without_places(message)
    started = row.started_at or row.created_at
    took_ms = (row.finished_at - started).total_seconds() * 1000
    events.append(session, row.id, _TOLD_AS[status], message, duration_ms=took_ms)
    events.append(session, row.id, events.CLOSED, "no more events")


def delete(store: Store, run_id: str, *, by: str) -> bool:
    """Hide a run at once; its process is killed, then its rows and artifacts go.

    Returns
    -------
    bool
        Whether all of it is gone. A run that has a process is asked to end, and removed by its service.
    """
    # Looked up first: what cannot be found is told so.
    lookup.get(store, run_id)
    with store.database.write() as session:
        row = session.get(RunRow, run_id, with_for_update=True)
        if row is None:
            return True
        _ask_to_end(session, row, by)
        _tell(session, row, by, "deleted")
        is_over = row.status in TERMINAL
        if is_over:
            session.flush()
            _remove(session, run_id)
        else:
            row.deleted_at = now()
    if is_over:
        _remove_files(store, run_id)
    return is_over


def remove_deleted(store: Store) -> None:
    """Remove what was deleted while it ran and has ended since."""
    gone = select(RunRow.id).where(RunRow.deleted_at.is_not(None), RunRow.status.in_(TERMINAL))
    with store.database.read() as session:
        run_ids = list(session.scalars(gone))
    for run_id in run_ids:
        with store.database.write() as session:
            _remove(session, run_id)
        _remove_files(store, run_id)


def _ask_to_end(session: Session, row: RunRow, by: str) -> bool:
    """End a queued run, or note that a running one is to end; return whether that was to be done."""
    if row.status == QUEUED:
        close(session, row, CANCELLED, cancel_words(by))
    elif row.status == RUNNING and row.cancel_requested_at is None:
        row.cancel_requested_at, row.cancel_requested_by = now(), by
        events.append(session, row.id, "run.cancelling", f"{by} asked to cancel", payload={"by": by})
    else:
        return False
    return True


def _tell(session: Session, row: RunRow, by: str, what: str) -> None:
    audit.record(
        session,
        by=by,
        action=f"run.{what}",
        subject="run",
        subject_id=row.id,
        message=f"{what} run {row.id[-8:]} ({row.plan})",
        details={"plan": row.plan, "source_id": row.source_id},
        workspace_id=row.workspace_id,
    )


def _remove_files(store: Store, run_id: str) -> None:
    store.artifacts.delete_run(run_id)
    store.settings.run_log(run_id).unlink(missing_ok=True)


def _remove(session: Session, run_id: str) -> None:
    experiment_id = session.scalar(select(RunRow.experiment_id).where(RunRow.id == run_id))
    for table in (EventRow, ScoreRow, ArtifactRow):
        session.execute(remove(table).where(table.run_id == run_id))
    session.execute(remove(RunRow).where(RunRow.id == run_id))
    # An experiment without runs would keep its data source from being deleted.
    if session.scalar(select(RunRow.id).where(RunRow.experiment_id == experiment_id).limit(1)) is None:
        session.execute(remove(ExperimentRow).where(ExperimentRow.id == experiment_id))
