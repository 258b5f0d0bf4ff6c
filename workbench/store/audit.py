"""The audit log: who did what to what, and when. Lines are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access.actor import ENGINE, Actor
from workbench.plain import plain
from workbench.store.chain import link
from workbench.store.database import LAST, Database
from workbench.store.tables import AuditHeadRow, AuditRow, now

MOST = 1000
"""Most lines that one look returns."""
_HEAD = 1
_ORIGIN_MOST = 100

Outcome = Literal["done", "failed", "denied"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log.

    Attributes
    ----------
    by
        User who did it, or ``service`` where nobody asked for it.
    action
        ``subject.what``, such as ``alias.set``.
    subject, subject_id
        What kind of thing it was done to, and its id or, for an alias, its name.
    message
        One sentence for a reader.
    """

    id: str
    at: datetime
    by: str
    action: str
    subject: str
    subject_id: str
    message: str
    details: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "by": self.by,
            "action": self.action,
            "subject": self.subject,
            "subject_id": self.subject_id,
            "message": self.message,
            "details": dict(self.details),
        }

    def __str__(self) -> str:
        return f"{self.at.astimezone():%Y-%m-%d %H:%M:%S}  {self.by:<12} {self.action:<24} {self.message}"


def record(
    session: Session,
    *,
    by: str,
    action: str,
    subject: str,
    subject_id: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    outcome: Outcome = "done",
    workspace_id: str | None = None,
) -> None:
    """Add one line inside the caller's transaction: what was not done is not told, what was done is.

    From where it was done, and by which key, the session knows.

    Parameters
    ----------
    workspace_id
        Where it was done; None: where the session's owner is at work.
    details
        What else a reader may want, as JSON holds it.

    Raises
    ------
    TypeError, ValueError
        When JSON cannot hold the details.
    """
    actor: Actor = session.info.get("actor", ENGINE)
    line = {
        "workspace_id": workspace_id or session.info.get("workspace_id"),
        "at": now(),
        "by": by,
        "origin": actor.origin[:_ORIGIN_MOST],
        "key_id": actor.key_id,
        "outcome": outcome,
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "message": message,
        "details": plain(details or {}),
    }
    session.info.setdefault(LAST, []).append(partial(_append, line=line))


def _append(session: Session, line: Mapping[str, Any]) -> None:
    """Add a line to the end of the chain, which nobody else adds to before the transaction ends."""
    head = session.get_one(AuditHeadRow, _HEAD, with_for_update=True)
    linked = {**line, "seq": head.seq + 1}
    sha256 = link(head.sha256, linked)
    session.add(AuditRow(**linked, previous=head.sha256, sha256=sha256))
    head.seq, head.sha256 = head.seq + 1, sha256
    session.flush()


def entries(
    database: Database,
    *,
    subject: str | None = None,
    subject_id: str | None = None,
    action: str | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Read the newest lines, newest first.

    Parameters
    ----------
    subject, subject_id, action
        Only lines of this kind of thing, of this thing, of this action; None: of any.
    limit
        At most so many (1 … 1000).
    """
    # The id ends an even time: later keys sort after earlier ones.
    query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(max(1, min(limit, MOST)))
    wanted = ((AuditRow.subject, subject), (AuditRow.subject_id, subject_id), (AuditRow.action, action))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    with database.read() as session:
        return [
            Entry(row.id, row.at, row.by, row.action, row.subject, row.subject_id, row.message, row.details)
            for row in session.scalars(query)
        ]
