"""What was answered to requests that bear an idempotency key: the same again is answered the same, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.errors import Conflict, Malformed
from workbench.store.store import Store
from workbench.store.tables import AnsweredRow, Base, now
from workbench.store.tables.base import new_id

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=30)
"""How long a request counts as worked at after its worker last said so."""
_RETRY_S = 1
_ROWS = Base.metadata.tables[AnsweredRow.__tablename__]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, as it was given."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    fingerprint: str = field(default="", compare=False)

    def check(self, fingerprint: str) -> None:
        """Refuse what is not what was asked then.

        Raises
        ------
        Malformed
            ``request.idempotency_reused``
        """
        if self.fingerprint != fingerprint:
            raise reused()


class Repeatable:
    """A request that may be sent again, and is to be carried out once.

    Parameters
    ----------
    fingerprint
        What it asks; the same key for something else is a mistake.

    Attributes
    ----------
    is_marked
        Whether something was changed for it, unless that was rolled back.
    """

    def __init__(self, id: str, fingerprint: str) -> None:
        self.id = id
        self.fingerprint = fingerprint
        self.token = new_id()
        self.is_marked = False

    def mark(self, session: Session) -> None:
        """Note in a transaction that it changes something for this request: both are there afterwards, or neither.

        Raises
        ------
        Conflict
            ``request.in_progress`` where another worker has changed something for it.
        """
        token = _worker(session, self.id)
        if token is None:
            try:
                told = {"id": self.id, "fingerprint": self.fingerprint, "token": self.token}
                session.execute(insert(_ROWS), {**told, "created_at": now(), "until": now() + LEASE})
            except IntegrityError as error:
                raise in_progress() from error
            self.is_marked = True
        elif token != self.token:
            raise in_progress()


class Answered:
    """The requests of whoever acts, in their workspace.

    Parameters
    ----------
    who
        Tells apart those who act without a name.
    """

    def __init__(self, store: Store, who: str = "") -> None:
        self._store = store
        self._who = who

    def of(self, who: str) -> Answered:
        """Return the requests of somebody who has no name yet."""
        return Answered(self._store, who)

    def repeatable(self, key: str, fingerprint: str) -> Repeatable:
        """Return the request that the caller calls by a key of its own."""
        actor = self._store.actor
        # By key too: what one may ask, another of the same user need not see.
        parts = (self._store.workspace_id, actor.name, actor.key_id or "", self._who, key)
        return Repeatable(hashlib.sha256("\0".join(parts).encode()).hexdigest(), fingerprint)

    def find(self, request: Repeatable, *, is_whole: bool = True) -> Kept | None:
        """Find what it was answered; None: it is to be carried out.

        Parameters
        ----------
        is_whole
            Whether its fingerprint is that of all of it. Of what comes as a stream it is but of the beginning:
            `Kept.check` whether an answer is to the same request, once the rest is here.

        Raises
        ------
        Malformed
            ``request.idempotency_reused``
        Conflict
            ``request.in_progress`` with ``retry_after_s``; ``request.outcome_unknown`` where its worker has died after
            it began to change something.
        """
        with self._store.database.read() as session:
            row = session.execute(_KEPT, {"of": request.id}).one_or_none()
        if row is None or _is_over(row.status, row.until):
            return None
        if row.fingerprint != request.fingerprint and (is_whole or row.status is None):
            raise reused()
        if row.status is not None:
            headers = [(name, value) for name, value in row.headers or ()]
            return Kept(row.status, headers, row.body or b"", row.fingerprint)
        if row.until > now():
            raise in_progress()
        raise Conflict(
            "request.outcome_unknown",
            "The same request was worked at by a process that ended before it could tell what became of it.",
            hint="Look whether it was done. If it was not, ask again with another idempotency key.",
        )

    def renew(self, request: Repeatable) -> None:
        """Say that it is worked at still."""
        self._change(request, until=now() + LEASE)

    def finish(self, request: Repeatable, kept: Kept) -> None:
        """Keep the answer, and the fingerprint that it tells, to a request for which something was changed.

        One that changed nothing is carried out anew where it comes again, and changes nothing then.
        """
        told = {"status": kept.status, "headers": [list(pair) for pair in kept.headers], "body": kept.body}
        self._change(request, **told, fingerprint=kept.fingerprint or request.fingerprint, until=now() + KEPT)

    def leave(self, request: Repeatable) -> None:
        """Tell nobody what became of it: it is not known, and what it changed is not to be changed again."""
        self._change(request, until=now())

    def sweep(self) -> None:
        """Forget what was kept for long enough."""
        answered = and_(_ROWS.c.status.is_not(None), _ROWS.c.until <= now())
        unknown = and_(_ROWS.c.status.is_(None), _ROWS.c.until <= now() - KEPT)
        with self._store.database.write() as session:
            session.execute(delete(_ROWS).where(or_(answered, unknown)))

    def _change(self, request: Repeatable, **values: object) -> None:
        if not request.is_marked:
            return
        # What is said late, such as that it is worked at, does not undo that it was answered.
        mine = (_ROWS.c.id == request.id, _ROWS.c.token == request.token, _ROWS.c.status.is_(None))
        with self._store.database.write() as session:
            session.execute(update(_ROWS).where(*mine).values(**values))


_KEPT = select(_ROWS).where(_ROWS.c.id == bindparam("of"))
_STANDING = select(_ROWS.c.token, _ROWS.c.status, _ROWS.c.until).where(_ROWS.c.id == bindparam("of")).with_for_update()


def _worker(session: Session, request_id: str) -> str | None:
    """Return the token of whoever works, or worked, at a request; what was kept for long enough makes room."""
    row = session.execute(_STANDING, {"of": request_id}).one_or_none()
    if row is None:
        return None
    if _is_over(row.status, row.until):
        session.execute(delete(_ROWS).where(_ROWS.c.id == request_id))
        return None
    return str(row.token)


def _is_over(status: int | None, until: datetime) -> bool:
    return until <= (now() if status is not None else now() - KEPT)


def in_progress() -> Conflict:
    """Return what whoever asks meanwhile is told."""
    return Conflict(
        "request.in_progress",
        "The same request is being worked at.",
        hint=f"Ask again in {_RETRY_S} s.",
        retry_after_s=_RETRY_S,
    )


def reused() -> Malformed:
    """Return what whoever asks for something else by the same key is told."""
    return Malformed(
        "request.idempotency_reused",
        "The idempotency key was used for another request.",
        hint="Make a new one for each thing that is to be done once.",
    )
