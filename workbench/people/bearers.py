"""Whoever shows a key is found by it, and what was done with keys is told: for those who answer requests."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from workbench.access import secrets
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Forbidden, Unauthorized
from workbench.people.key import EXPIRED, REVOKED, Bearer, Key, Use
from workbench.store import audit
from workbench.store.needs import tell_denied
from workbench.store.store import Store
from workbench.store.tables import Base, KeyRow, MembershipRow, UserRow, WorkspaceRow

USE_IS_TOLD = timedelta(minutes=1)
"""A key's last use is written down at most so often."""
_ADDRESS_MOST = 200


class Bearers:
    """Those who show keys, of any workspace of a home."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, secret: str, *, origin: str) -> Bearer:
        """Find who shows a key; see `authenticate`."""
        return authenticate(self._store, secret, origin=origin)

    def used(self, uses: Iterable[Use]) -> None:
        """Write down when and from where keys were used last: off the path of their requests, many at once.

        A use within a minute of the one that is written down is passed over.
        """
        latest = {use.key_id: use for use in sorted(uses, key=lambda use: use.at)}
        if latest:
            told = [
                {"used": use.key_id, "at": use.at, "since": use.at - USE_IS_TOLD, "by": use.address[:_ADDRESS_MOST]}
                for use in latest.values()
            ]
            with self._store.database.write() as session:
                session.connection().execute(_USED, told)

    def refused(self, error: Unauthorized, *, origin: str) -> None:
        """Tell the audit log that a key was shown that is good no more; to be called at most once a minute a key.

        Parameters
        ----------
        error
            What `find` raised. Where it is about no key that there ever was, nothing is told.
        """
        key_id = error.about.get("key_id")
        if key_id is None:
            return
        of_key = select(KeyRow, UserRow.name).join(UserRow, UserRow.id == KeyRow.user_id).where(KeyRow.id == key_id)
        with self._store.database.read() as session:
            found = session.execute(of_key).first()
        if found is not None:
            row, user = found
            store = self._store.on_behalf_of(Actor(user, None, origin=origin, key_id=key_id))
            with store.database.write() as session:
                audit.record(
                    session,
                    by=user,
                    action="key.refused",
                    subject="key",
                    subject_id=row.id,
                    message=f'the key "{row.name}" ({row.prefix}…) was shown: {error.message}',
                    details={"code": error.code},
                    outcome="denied",
                    workspace_id=row.workspace_id,
                )

    def denied(self, error: Forbidden, what: str) -> None:
        """Tell the audit log that whoever acts was refused before the engine was asked."""
        tell_denied(self._store, None, what, error)


def authenticate(store: Store, secret: str, *, origin: str) -> Bearer:
    """Find who shows a key, with the role that they have now.

    Parameters
    ----------
    origin
        From where it is shown, in the audit log's words.

    Raises
    ------
    Unauthorized
        ``key.invalid`` where there is no such key, or its user is no member any more; ``key.expired``;
        ``key.revoked``. ``about`` has ``key_id`` where there is such a key.
    """
    if not secrets.is_well_formed(secret, secrets.KEY):
        raise _invalid()
    sha256 = secrets.digest(secret)
    with store.database.read() as session:
        found: Any = session.execute(_SHOWN, {"sha256": sha256}).first()
    if found is None or not hmac.compare_digest(found[0].sha256, sha256):
        raise _invalid()
    row, user, is_administrator, workspace, role = found
    key = Key.of(row, user=user, workspace=workspace)
    if key.status == REVOKED:
        raise Unauthorized("key.revoked", "The key was revoked.", hint="Make another one.", key_id=key.id)
    if key.status == EXPIRED:
        raise Unauthorized("key.expired", "The key has expired.", hint="Rotate it, or make another one.", key_id=key.id)
    if role is None and not is_administrator:
        raise Unauthorized("key.invalid", "The key's user is no member of its workspace any more.", key_id=key.id)
    actor = Actor(
        user,
        Role.OWNER if is_administrator else Role(role),
        scopes=frozenset(key.scopes),
        origin=origin,
        key_id=key.id,
    )
    return Bearer(actor, row.workspace_id, key)


def _invalid() -> Unauthorized:
    return Unauthorized("key.invalid", "There is no such key.", hint="Send it as it was shown when it was made.")


# Built once: it is asked for each request that shows a key.
_SHOWN = (
    select(KeyRow, UserRow.name, UserRow.is_administrator, WorkspaceRow.name, MembershipRow.role)
    .join(UserRow, UserRow.id == KeyRow.user_id)
    .join(WorkspaceRow, WorkspaceRow.id == KeyRow.workspace_id)
    .outerjoin(
        MembershipRow,
        and_(MembershipRow.user_id == KeyRow.user_id, MembershipRow.workspace_id == KeyRow.workspace_id),
    )
    .where(KeyRow.sha256 == bindparam("sha256"))
)
_KEYS = Base.metadata.tables[KeyRow.__tablename__]
_USED = (
    update(_KEYS)
    .where(
        _KEYS.c.id == bindparam("used"),
        or_(_KEYS.c.last_used_at.is_(None), _KEYS.c.last_used_at <= bindparam("since")),
    )
    .values(last_used_at=bindparam("at"), last_used_from=bindparam("by"))
)
