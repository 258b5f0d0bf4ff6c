"""What becomes of a run that has no process any more: in one transaction, so that nothing comes between."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.runs import ending, events, scores
from workbench.runs.queue import LEASE
from workbench.runs.record import CANCELLED, FAILED, QUEUED, RUNNING
from workbench.store.store import Store
from workbench.store.tables import EventRow, RunRow, now

MOST = 2
"""Times in a row that a run may lose its process, or get none, without a new score; at the next one it is given up."""

Aftermath = Literal["requeued", "cancelled", "failed"]


def bury(
    store: Store, run_id: str, why: str, *, process_id: int | None, claimed_by: str | None, was_seen: bool = True
) -> Aftermath | None:
    """Put a run back whose process is gone, to go on at the next unit without an outcome, or end it.

    Parameters
    ----------
    why
        A sentence for the run's log.
    process_id
        The process that is gone; None where none came to life. A run that another process carries is left alone.
    claimed_by
        The service that the process was to register for, as long as none has.
    was_seen
        Whether the end was noticed as it came; else the process is taken to have ended at its last sign of life.

    Returns
    -------
    Aftermath or None
        ``cancelled`` where somebody had asked for the run's end, ``failed`` where it was lost so often without a new
        score that it would be again; None where nothing was to be done.
    """
    with store.database.write() as session:
        row = session.get(RunRow, run_id, with_for_update=True)
        if row is None or row.status != RUNNING or not _is_meant(row, process_id, claimed_by):
            return None
        if row.cancel_requested_at is not None or row.deleted_at is not None:
            ending.close(session, row, CANCELLED, ending.cancel_words(row.cancel_requested_by or "nobody"))
            return "cancelled"
        units = scores.count(session, run_id)
        row.deaths = 1 if units > row.units_at_death else row.deaths + 1
        row.units_at_death = units
        if row.deaths > MOST:
            ending.close(session, row, FAILED, f"{'NotStarted' if process_id is None else 'ProcessDied'}: {why}")
            return "failed"
        _put_back(row, now() if was_seen else _last_sign(session, row))
        left = f"It goes on at the next unit; {units} have an outcome." if units else "It starts again."
        events.append(session, run_id, "run.requeued", f"{why} {left}", payload={"units": units})
        return "requeued"


def _is_meant(row: RunRow, process_id: int | None, claimed_by: str | None) -> bool:
    return row.claimed_by == claimed_by if row.process_id is None else row.process_id == process_id


def _put_back(row: RunRow, ended_at: datetime) -> None:
    if row.process_id is not None and row.claimed_at is not None:
        row.used_s += max(0.0, (ended_at - row.claimed_at).total_seconds())
    elif not row.used_s:
        row.started_at = None
    row.status, row.claimed_by, row.lease_until = QUEUED, None, None
    row.process_id, row.process_started = None, None


def _last_sign(session: Session, row: RunRow) -> datetime:
    """When the run's process told something last, or a service that watched it found it alive."""
    newest = select(EventRow.emitted_at).where(EventRow.run_id == row.id).order_by(EventRow.seq.desc()).limit(1)
    told = session.scalar(newest) or row.created_at
    return told if row.lease_until is None else max(told, row.lease_until - LEASE)
