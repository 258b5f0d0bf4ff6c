"""What was answered to requests that bear an idempotency key: the same again is answered the same, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from workbench.errors import Conflict, Malformed
from workbench.store.store import Store
from workbench.store.tables import AnsweredRow, now
from workbench.store.tables.base import new_id

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=30)
"""How long a request counts as worked at after its worker last said so."""
_RETRY_S = 1


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
            raise _reused()


@dataclass(frozen=True, slots=True)
class Place:
    """A request that nobody else works at."""

    id: str
    token: str


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

    def begin(self, key: str, fingerprint: str, *, is_whole: bool = True) -> Place | Kept:
        """Take a request on, or find what it was answered.

        Parameters
        ----------
        key
            The caller's own name for its request.
        fingerprint
            What it asks; the same key for something else is a mistake.
        is_whole
            Whether that is all of it. Of what comes as a stream it is but the beginning: `Kept.check` whether an answer
            is to the same request, once the rest is here.

        Raises
        ------
        Malformed
            ``request.idempotency_reused``
        Conflict
            ``request.in_progress`` with ``retry_after_s``.
        """
        place = Place(self._id(key), new_id())
        while True:
            try:
                return self._take(place, fingerprint, is_whole=is_whole)
            except IntegrityError:
                # Another worker took it on in the same moment: it is there now.
                continue

    def renew(self, place: Place) -> None:
        """Say that it is worked at still."""
        self._change(place, until=now() + LEASE)

    def finish(self, place: Place, kept: Kept) -> None:
        """Keep an answer, and the fingerprint that it tells, unless somebody else has taken the request over."""
        whole = {"fingerprint": kept.fingerprint} if kept.fingerprint else {}
        headers = [list(pair) for pair in kept.headers]
        self._change(place, status=kept.status, headers=headers, body=kept.body, until=now() + KEPT, **whole)

    def abandon(self, place: Place) -> None:
        """Let the request be tried anew."""
        with self._store.database.write() as session:
            session.execute(delete(AnsweredRow).where(AnsweredRow.id == place.id, AnsweredRow.token == place.token))

    def sweep(self) -> None:
        """Forget what was kept for long enough."""
        with self._store.database.write() as session:
            session.execute(delete(AnsweredRow).where(AnsweredRow.until < now() - LEASE))

    def _take(self, place: Place, fingerprint: str, *, is_whole: bool) -> Place | Kept:
        with self._store.database.write() as session:
            row = session.get(AnsweredRow, place.id, with_for_update=True)
            if row is not None and row.until > now():
                return _kept(row, fingerprint, is_whole=is_whole)
            if row is not None:
                # Its worker has died, or its day is over.
                session.delete(row)
                session.flush()
            session.add(AnsweredRow(id=place.id, fingerprint=fingerprint, token=place.token, until=now() + LEASE))
            session.flush()
        return place

    def _change(self, place: Place, **values: object) -> None:
        with self._store.database.write() as session:
            session.execute(
                update(AnsweredRow).where(AnsweredRow.id == place.id, AnsweredRow.token == place.token).values(**values)
            )

    def _id(self, key: str) -> str:
        actor = self._store.actor
        # By key too: what one may ask, another of the same user need not see.
        parts = (self._store.workspace_id, actor.name, actor.key_id or "", self._who, key)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _kept(row: AnsweredRow, fingerprint: str, *, is_whole: bool) -> Kept:
    if row.fingerprint != fingerprint and (is_whole or row.status is None):
        raise _reused()
    if row.status is None:
        raise Conflict(
            "request.in_progress",
            "The same request is being worked at.",
            hint=f"Ask again in {_RETRY_S} s.",
            retry_after_s=_RETRY_S,
        )
    return Kept(row.status, [(name, value) for name, value in row.headers or ()], row.body or b"", row.fingerprint)


def _reused() -> Malformed:
    return Malformed(
        "request.idempotency_reused",
        "The idempotency key was used for another request.",
        hint="Make a new one for each thing that is to be done once.",
    )
