"""Keys ended, and with each the ones that were made by it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench.store import audit
from workbench.store.tables import KeyRow, now


def revoke(session: Session, row: KeyRow, *, by: str) -> None:
    """Revoke a key and all that was made by it; one that was revoked stays as it is."""
    if row.revoked_at is None:
        _revoke(session, row, by=by)
    revoke_made_by(session, row, by=by)


def revoke_made_by(session: Session, row: KeyRow, *, by: str) -> None:
    """Revoke all keys that were made by a key, or by one of those."""
    for made in _made_by(session, row.id, None):
        _revoke(session, made, by=by)


def shorten_made_by(session: Session, row: KeyRow, until: datetime) -> None:
    """Have all keys that were made by a key, or by one of those, be good no longer than until then."""
    for made in _made_by(session, row.id, until):
        made.expires_at = until


def revoke_of_member(session: Session, workspace_id: str, user_id: str, *, by: str) -> int:
    """Revoke the keys that somebody has in a workspace, inside the caller's transaction; return how many."""
    theirs = select(KeyRow).where(
        KeyRow.workspace_id == workspace_id, KeyRow.user_id == user_id, KeyRow.revoked_at.is_(None)
    )
    rows = session.scalars(theirs.with_for_update()).all()
    for row in rows:
        _revoke(session, row, by=by)
    return len(rows)


def _made_by(session: Session, key_id: str, until: datetime | None) -> Iterator[KeyRow]:
    """Find what was made by a key and is good for longer than until then; whoever takes it changes that."""
    made = select(KeyRow.id).where(KeyRow.made_by_key_id == key_id).cte("made", recursive=True)
    # What was revoked is walked through: it may have made others before.
    made = made.union(select(KeyRow.id).where(KeyRow.made_by_key_id == made.c.id))
    good = select(KeyRow).where(KeyRow.id.in_(select(made.c.id)), KeyRow.revoked_at.is_(None))
    if until is not None:
        good = good.where(or_(KeyRow.expires_at.is_(None), KeyRow.expires_at > until))
    # Again until there is none: one that had to be waited for may have made another one meanwhile.
    while rows := session.scalars(good.with_for_update(of=KeyRow)).all():
        yield from rows
        session.flush()


def _revoke(session: Session, row: KeyRow, *, by: str) -> None:
    row.revoked_at, row.revoked_by = now(), by
    audit.record(
        session,
        by=by,
        action="key.revoked",
        subject="key",
        subject_id=row.id,
        message=f'revoked the key "{row.name}" ({row.prefix}…)',
        details={"name": row.name, "prefix": row.prefix},
        workspace_id=row.workspace_id,
    )
