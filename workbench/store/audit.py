"""The audit log: who did what to what, and when. Lines are only ever added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.access import secrets
from workbench.access.actor import ENGINE, Actor
from workbench.errors import EngineFault
from workbench.pages import ROWS_MOST, bounded
from workbench.plain import plain, storable
from workbench.store import ids
from workbench.store.chain import link
from workbench.store.database import LAST, Database
from workbench.store.tables import AuditHeadRow, AuditRow, Base, new_id, now

_HEAD = 1
_ORIGIN_MOST = 100

_SUBJECT_MOST = 100
_MESSAGE_MOST = 2000
_SEQ_MOST = 2**63 - 1
_LINES = Base.metadata.tables[AuditRow.__tablename__]

Outcome = Literal["done", "failed", "denied"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log.

    Attributes
    ----------
    by
        User who did it, or ``service`` where nobody asked for it.
    action
        ``subject.what``, such as ``alias.set``; ``access.denied`` for what was refused, ``call.failed`` for what was
        allowed and not done.
    subject, subject_id
        What kind of thing it was done to, and its id or, for an alias, its name.
    message
        One sentence for a reader.
    seq
        Its number, from 1 without a gap over all workspaces of the home.
    workspace_id
        Where it was done; None: in no single workspace.
    origin
        From where: ``python``, ``cli``, ``jupyter``, ``http ADDRESS``, ``service``.
    key_id
        The key that was shown, where one was.
    outcome
        ``done``, ``failed`` or ``denied``.
    previous, sha256
        Hash of the line before, and of this one with it.
    """

    id: str
    at: datetime
    by: str
    action: str
    subject: str
    subject_id: str
    message: str
    details: Mapping[str, Any]
    seq: int
    workspace_id: str | None
    origin: str
    key_id: str | None
    outcome: Outcome
    previous: str
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"at": self.at.isoformat(), "details": dict(self.details)}

    def __str__(self) -> str:
        failed = "" if self.outcome == "done" else f" ({self.outcome})"
        return f"{self.at.astimezone():%Y-%m-%d %H:%M:%S}  {self.by:<12} {self.action:<24} {self.message}{failed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which lines are wanted: those that fit all that is said. None: any.

    Attributes
    ----------
    since, until
        Only lines from then on, and before then.
    """

    workspace_id: str | None = None
    by: str | None = None
    action: str | None = None
    subject: str | None = None
    subject_id: str | None = None
    outcome: str | None = None
    origin: str | None = None
    key_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        columns = _LINES.c
        wanted = {name: getattr(self, name) for name in self.__slots__ if name not in ("since", "until")}
        found: list[ColumnElement[bool]] = [
            columns[name] == ids.text(value) for name, value in wanted.items() if value is not None
        ]
        # Times have an index of their own; what it finds bounds the numbers, by which lines are in order.
        # The sum keeps databases from walking along the numbers instead.
        timed = _LINES.alias("timed").c
        if self.since is not None:
            first = select(func.min(timed.seq + 0)).where(timed.at >= self.since).scalar_subquery()
            found += [columns.at >= self.since, columns.seq >= first]
        if self.until is not None:
            last = select(func.max(timed.seq + 0)).where(timed.at < self.until).scalar_subquery()
            found += [columns.at < self.until, columns.seq <= last]
        return found


ANY = About()
_SHOWN = select(*(_LINES.c[name] for name in Entry.__slots__))
"""What an `Entry` is made of, in its order."""


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
        "subject_id": subject_id[:_SUBJECT_MOST],
        "message": _told(message)[:_MESSAGE_MOST],
        "details": _told(plain(details or {})),
    }
    session.info.setdefault(LAST, []).append(partial(_append, line=line))


def _append(session: Session, line: Mapping[str, Any]) -> None:
    """Add a line to the end of the chain, which nobody else adds to before the transaction ends.

    Raises
    ------
    EngineFault
        ``store.log_broken`` when somebody has meddled with that end.
    """
    end = session.execute(_HELD).one_or_none()
    if end is None or not (isinstance(end.seq, int) and isinstance(end.sha256, str)):
        raise _broken("The end of the audit log is gone, which each line follows.")
    linked = {**line, "id": new_id(), "seq": end.seq + 1}
    sha256 = link(end.sha256, linked)
    try:
        session.execute(_ADD, {**linked, "previous": end.sha256, "sha256": sha256})
    except IntegrityError as error:
        raise _broken(f"The audit log goes on behind line {end.seq:,}, where it is said to end.") from error
    session.execute(_MOVE, {"to_seq": end.seq + 1, "to_sha256": sha256})


def _broken(what: str) -> EngineFault:
    return EngineFault(
        "store.log_broken",
        f"{what} Nothing is changed without a line of it.",
        hint="`workbench audit verify` tells more. Put the home's database back as it was saved.",
    )


# Built once: each change of anything adds a line.
_END = Base.metadata.tables[AuditHeadRow.__tablename__]
_HELD = select(_END.c.seq, _END.c.sha256).where(_END.c.id == _HEAD).with_for_update()
_ADD = insert(_LINES)
_NEWEST = select(func.max(_LINES.c.seq)).where(_LINES.c.seq <= _SEQ_MOST)
_MOVE = update(_END).where(_END.c.id == _HEAD).values(seq=bindparam("to_seq"), sha256=bindparam("to_sha256"))


def newest(database: Database) -> int:
    """Return the number of the newest line; 0: there is none."""
    with database.read() as session:
        return session.scalar(_NEWEST) or 0


def entries(database: Database, about: About = ANY, *, before: int | None = None, limit: int = 100) -> list[Entry]:
    """Read the newest lines, newest first.

    Parameters
    ----------
    before
        Number of a line: only older ones.
    limit
        At most so many (1 … 1000).
    """
    query = _SHOWN.where(*about.conditions).order_by(_LINES.c.seq.desc()).limit(bounded(limit))
    if before is not None:
        query = query.where(_LINES.c.seq < min(before, _SEQ_MOST))
    with database.read() as session:
        return [Entry(*row) for row in session.execute(query)]


def stream(database: Database, about: About = ANY) -> Iterator[Entry]:
    """Read all lines that there are now, oldest first, a page at a time."""
    last, seen = newest(database), 0
    query = _SHOWN.where(*about.conditions).order_by(_LINES.c.seq).limit(ROWS_MOST)
    while True:
        with database.read() as session:
            page = session.execute(query.where(_LINES.c.seq > seen, _LINES.c.seq <= last)).all()
        for row in page:
            entry = Entry(*row)
            yield entry
        if len(page) < ROWS_MOST:
            return
        seen = entry.seq


def _told(value: Any) -> Any:
    """Return what is told of a value: as every database takes it, and without the secrets in it."""
    if isinstance(value, str):
        return secrets.redacted(storable(value))
    if isinstance(value, dict):
        return {_told(name): _told(item) for name, item in value.items()}
    return [_told(item) for item in value] if isinstance(value, list) else value
