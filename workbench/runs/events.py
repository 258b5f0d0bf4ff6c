"""A run's event log: append-only, numbered from 1 without a gap, replayed and then followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from workbench.access.places import without_places
from workbench.errors import Gone
from workbench.pages import bounded
from workbench.runs.record import TERMINAL
from workbench.store.database import Database
from workbench.store.tables import Base, EventRow, RunRow, now

EventKind = Literal[
    "run.queued",
    "service.starting",
    "run.resumed",
    "run.started",
    "run.requeued",
    "run.restarted",
    "memory.awaited",
    "workers.fewer",
    "data.loaded",
    "experiment.fitted",
    "folds.prepared",
    "fold.failed",
    "unit.scored",
    "model.scored",
    "model.failed",
    "model.timed_out",
    "model.raced_out",
    "artifact.saved",
    "run.cancelling",
    "run.succeeded",
    "run.failed",
    "run.cancelled",
    "run.closed",
]
"""Every kind of line that a log may hold, in the order in which they come up."""

CLOSED: EventKind = "run.closed"
PAGE = 500
PAGE_MOST = 5000
POLL_S = 0.05

# Built once: they are carried out for every unit, beside busy workers.
_INSERT = insert(Base.metadata.tables[EventRow.__tablename__])
_LAST = select(func.max(EventRow.seq)).where(EventRow.run_id == bindparam("run_id"))
COLUMNS = (
    EventRow.run_id,
    EventRow.seq,
    EventRow.kind,
    EventRow.message,
    EventRow.payload,
    EventRow.duration_ms,
    EventRow.emitted_at,
)
"""What an `Event` is made of, in its order."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a run's log.

    Attributes
    ----------
    seq
        Place in the log, from 1, without a gap.
    duration_ms
        How long the thing took that it tells of, in milliseconds; None where it has no duration.
    """

    run_id: str
    seq: int
    kind: str
    message: str
    payload: Mapping[str, Any]
    duration_ms: float | None
    emitted_at: datetime

    def as_dict(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "seq": self.seq,
            "kind": self.kind,
            "message": self.message,
            "payload": dict(self.payload),
            "duration_ms": self.duration_ms,
            "emitted_at": self.emitted_at.isoformat(),
        }

    def __str__(self) -> str:
        return f"{self.emitted_at.astimezone():%H:%M:%S}  {self.kind:<18} {self.message}"


@dataclass(slots=True)
class Log:
    """A run's log, open for writing inside one transaction that keeps all others from writing to it.

    Attributes
    ----------
    last
        Number of the newest event.
    """

    session: Session
    run_id: str
    last: int

    def append(
        self,
        kind: EventKind,
        message: str,
        *,
        payload: Mapping[str, Any] | None = None,
        duration_ms: float | None = None,
    ) -> int:
        """Append one event and return its number."""
        self.last += 1
        written = {
            "run_id": self.run_id,
            "seq": self.last,
            "kind": kind,
            "message": without_places(message),
            "payload": dict(payload or {}),
            "duration_ms": duration_ms,
            "emitted_at": now(),
        }
        self.session.execute(_INSERT, written)
        return self.last


def append(
    session: Session,
    run_id: str,
    kind: EventKind,
    message: str,
    *,
    payload: Mapping[str, Any] | None = None,
    duration_ms: float | None = None,
) -> int:
    """Append one event inside the caller's transaction and return its number.

    The run's row is locked first where the database has row locks; SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(RunRow.id).where(RunRow.id == run_id).with_for_update())
    return Log(session, run_id, last(session, run_id)).append(kind, message, payload=payload, duration_ms=duration_ms)


def last_seq(database: Database, run_id: str) -> int:
    """Return the number of the newest event, 0 where there is none."""
    with database.read() as session:
        return last(session, run_id)


def page(database: Database, run_id: str, *, after: int = 0, limit: int = PAGE) -> list[Event]:
    """Read the events with ``seq > after``, oldest first, at most `limit` (1 … 5000)."""
    wanted = (
        select(*COLUMNS)
        .where(EventRow.run_id == run_id, EventRow.seq > after)
        .order_by(EventRow.seq)
        .limit(bounded(limit, PAGE_MOST))
    )
    with database.read() as session:
        return [Event(*row) for row in session.execute(wanted)]


def follow(
    database: Database,
    run_id: str,
    *,
    after: int = 0,
    timeout_s: float | None = None,
    each_second: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Replay from `after`, then follow until the run is closed.

    Parameters
    ----------
    timeout_s
        Stop after this long without a new event; None: wait as long as the run takes.
    each_second
        Called about once a second while nothing comes; what it raises ends the following.

    Raises
    ------
    Gone
        ``run.not_found`` when the run is deleted meanwhile.
    """
    quiet_since = time.monotonic()
    looked, is_over = float("-inf"), False
    while True:
        events = page(database, run_id, after=after)
        for event in events:
            after = event.seq
            yield event
            if event.kind == CLOSED:
                return
        if events:
            quiet_since = time.monotonic()
        elif is_over or (timeout_s is not None and time.monotonic() - quiet_since > timeout_s):
            # Whoever begins behind the last event is told none.
            return
        elif time.monotonic() - looked > 1:
            looked = time.monotonic()
            is_over = _is_over(database, run_id)
            if each_second is not None and not is_over:
                each_second()
        else:
            time.sleep(POLL_S)


def standing(session: Session, run_ids: Collection[str]) -> dict[str, bool]:
    """Tell of each of these runs that is there whether its log is closed."""
    found = select(RunRow.id, RunRow.status).where(RunRow.id.in_(run_ids), RunRow.deleted_at.is_(None))
    return {run_id: status in TERMINAL for run_id, status in session.execute(found)}


def deleted(run_id: str) -> Gone:
    """Return what those are told who follow a run that is deleted."""
    return Gone("run.not_found", f"Run {run_id[-8:]} was deleted while it was followed.", run_id=run_id)


def _is_over(database: Database, run_id: str) -> bool:
    with database.read() as session:
        found = standing(session, [run_id])
    if run_id not in found:
        raise deleted(run_id)
    return found[run_id]


def last(session: Session, run_id: str) -> int:
    """Return the number of the newest event inside the caller's transaction, 0 where there is none."""
    return session.scalar(_LAST, {"run_id": run_id}) or 0
