"""The process that carries a run: while it does, and only then, it may write what the run comes to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from workbench.runs import events
from workbench.runs.record import RUNNING
from workbench.store.tables import EventRow, RunRow


@dataclass(frozen=True, slots=True)
class Carrier:
    """A process, told from every other one.

    Attributes
    ----------
    started
        When it was started, in seconds since the epoch: its id may be given to another one later.
    """

    process_id: int
    started: float


class NotHeld(Exception):
    """A process has lost its run: somebody ended it, or another process carries it."""


# Built once: they are carried out for every unit, beside busy workers.
_IS_MINE = (
    RunRow.id == bindparam("run_id"),
    RunRow.status == RUNNING,
    RunRow.process_id == bindparam("process_id"),
    RunRow.process_started == bindparam("started"),
)
_LOCK = select(RunRow.id).where(*_IS_MINE).with_for_update()
_LAST = select(select(func.max(EventRow.seq)).where(EventRow.run_id == RunRow.id).scalar_subquery()).where(*_IS_MINE)


def hold(session: Session, run_id: str, carrier: Carrier) -> events.Log:
    """See to it that a process carries its run until the end of the caller's transaction, and open the run's log.

    Raises
    ------
    NotHeld
        When it does not any more.
    """
    mine = {"run_id": run_id, "process_id": carrier.process_id, "started": carrier.started}
    # SQLite has one writer, so one look tells it all; elsewhere the row is locked before the log is looked at.
    is_sole = session.get_bind().dialect.name == "sqlite"
    found = session.execute(_LAST if is_sole else _LOCK, mine).first()
    if found is None:
        raise NotHeld(run_id)
    return events.Log(session, run_id, (found[0] or 0) if is_sole else events.last(session, run_id))
