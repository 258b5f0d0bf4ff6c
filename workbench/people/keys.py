"""Make, show, rotate and revoke keys: what `Workbench.keys` is."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access import secrets
from workbench.access.permissions import ALL, Permission, checked_scopes
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound
from workbench.people import names
from workbench.people.identity import find_user
from workbench.people.key import Issued, Key
from workbench.plain import shown
from workbench.store import audit, ids, keyset
from workbench.store.needs import check, needs, tell_denied
from workbench.store.store import Store
from workbench.store.tables import KeyRow, MembershipRow, UserRow, WorkspaceRow, now

DAYS = 90
"""How long a key is good for where nothing else is said."""
_DAYS_MOST = 3650
_GRACE_MOST_MINUTES = 30 * 24 * 60
_REQUESTS_MOST = 1_000_000
_MOST = 1000


class Keys:
    """The keys of a workspace. Each acts in the name of who made it, and never beyond what they may at the time.

    Parameters
    ----------
    tell
        Called once a key is good no more, or for less long: for those who know it by heart.
    """

    def __init__(self, store: Store, tell: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._tell = tell

    @needs(Permission.KEYS_WRITE)
    def create(
        self,
        name: str,
        scopes: str | Iterable[str],
        *,
        days: int | None = DAYS,
        requests_per_minute: int | None = None,
    ) -> Issued:
        """Make a key for yourself, in this workspace.

        Parameters
        ----------
        name
            What it is for, in 1 to 128 characters; need not be its own.
        scopes
            What it is good for: permissions such as ``runs:write``, ``predict:SLUG`` for one deployment, ``predict:*``
            for all, ``*`` for all that you may do.
        days
            How long it is good for, 1 to 3650 days; None: until it is revoked.
        requests_per_minute
            Most requests that are answered; 0: any number; None: as the settings say.

        Returns
        -------
        Issued
            The key with its secret, which is shown this once.

        Raises
        ------
        BadRequest
            ``key.name_invalid``, ``key.scope_unknown``, ``key.expiry_invalid``, ``key.limit_invalid``
        Forbidden
            ``access.role_too_low``, ``access.scope_missing`` when it would be good for what you may not do now.
        """
        named, wanted, most = names.of_key(name), checked_scopes(scopes), _checked_limit(requests_per_minute)
        lifetime = _checked_lifetime(days)
        self._check_covered(wanted)
        with self._store.database.write() as session:
            made = self._make(session, _standing(session, self._store), named, wanted, lifetime, most)
            self._record(session, "key.issued", made.key, f'made the key "{named}", good for {", ".join(wanted)}')
        return made

    @needs(Permission.WORKSPACE_READ)
    def list(self, everybody: bool = False, *, limit: int = 100, before: str | None = None) -> builtins.list[Key]:
        """Return your keys of this workspace, those that are good no more among them, newest first.

        Parameters
        ----------
        everybody
            All keys of the workspace: for its owners.
        limit
            At most so many (1 … 1000).
        before
            Id of a key: only older ones.

        Raises
        ------
        NotFound
            ``key.not_found`` when there is no key `before`.
        Forbidden
            ``access.role_too_low`` when others' keys are not yours to see.
        """
        if everybody:
            check(self._store, Permission.AUDIT_READ, "Keys.list")
        query = self._keys().order_by(KeyRow.created_at.desc(), KeyRow.id.desc()).limit(max(1, min(limit, _MOST)))
        if not everybody:
            query = query.where(UserRow.name == self._store.user)
        with self._store.database.read() as session:
            if before is not None:
                older = keyset.older(session, KeyRow, before)
                if older is None:
                    raise _not_found(before)
                query = query.where(older)
            return [_key(*found) for found in session.execute(query)]

    @needs(Permission.WORKSPACE_READ)
    def get(self, key: Key | str) -> Key:
        """Find a key by its id or the end of it.

        Raises
        ------
        NotFound
            ``key.not_found``
        Forbidden
            ``access.role_too_low`` when it is somebody else's, and you are no owner of the workspace.
        """
        with self._store.database.read() as session:
            found = _key(*self._found(session, key))
        if found.user != self._store.user:
            check(self._store, Permission.AUDIT_READ, "Keys.get")
        return found

    @needs(Permission.KEYS_WRITE)
    def revoke(self, key: Key | str) -> Key:
        """End a key for good: yours, or as an owner of the workspace anybody's. One that was revoked stays as it is.

        Raises
        ------
        NotFound
            ``key.not_found``
        Forbidden
            ``access.role_too_low`` when it is somebody else's, and you are no owner of the workspace.
        """
        with self._store.database.read() as session:
            user = self._found(session, key)[1]
        if user != self._store.user:
            check(self._store, Permission.MEMBERS_WRITE, "Keys.revoke")
        with self._store.database.write() as session:
            found = self._found(session, key, to_change=True)
            row = found[0]
            if row.revoked_at is None:
                _revoke(session, row, by=self._store.user)
            made = _key(*found)
        self._tell()
        return made

    @needs(Permission.KEYS_WRITE)
    def rotate(self, key: Key | str, *, grace_minutes: int = 0) -> Issued:
        """Replace a key of yours: another secret with the same name, scopes, limit and lifetime.

        Parameters
        ----------
        grace_minutes
            How long the old one stays good, for its bearers to change over, up to 30 days; 0: it is revoked now.

        Raises
        ------
        NotFound
            ``key.not_found``
        BadRequest
            ``key.expiry_invalid``
        Conflict
            ``key.revoked``
        Forbidden
            ``access.denied`` when it is somebody else's: the new one would act in their name;
            ``access.role_too_low``, ``access.scope_missing`` as for `create`.
        """
        grace = _checked_grace(grace_minutes)
        with self._store.database.read() as session:
            old = _key(*self._found(session, key))
        if old.user != self._store.user:
            error = Forbidden("access.denied", "A key is rotated by its own user alone.", hint="You may revoke it.")
            tell_denied(self._store, Permission.KEYS_WRITE, "Keys.rotate", error)
            raise error
        self._check_covered(old.scopes)
        with self._store.database.write() as session:
            row = self._found(session, old.id, to_change=True)[0]
            if row.revoked_at is not None:
                raise Conflict("key.revoked", f'The key "{row.name}" was revoked.', hint="Make another one.")
            user = session.get_one(UserRow, row.user_id)
            lifetime = None if row.expires_at is None else row.expires_at - row.created_at
            made = self._make(session, user, row.name, old.scopes, lifetime, row.requests_per_minute, replaces=row.id)
            if grace:
                until = now() + grace
                row.expires_at = until if row.expires_at is None else min(row.expires_at, until)
            else:
                row.revoked_at, row.revoked_by = now(), self._store.user
            told = f"for another one; it is good for {grace_minutes:,} minutes more" if grace else "for another one"
            self._record(
                session,
                "key.rotated",
                old,
                f'gave the key "{row.name}" ({row.prefix}…) {told}',
                replaced_by=made.key.id,
            )
        self._tell()
        return made

    def _check_covered(self, scopes: Iterable[str]) -> None:
        """Refuse scopes that go beyond what their maker may do now, by the key that they come with, if any."""
        for scope in scopes:
            if scope == ALL:
                self._check_unrestricted()
            else:
                name, _, slug = scope.partition(":")
                if name == Permission.PREDICT:
                    of = None if slug == ALL else slug
                    check(self._store, Permission.PREDICT, "Keys.create", slug=of)
                else:
                    check(self._store, Permission(scope), "Keys.create")

    def _check_unrestricted(self) -> None:
        held = self._store.actor.scopes
        if held is not None and ALL not in held:
            error = Forbidden(
                "access.scope_missing", "A key cannot make one that is good for more than it is itself.", permission=ALL
            )
            tell_denied(self._store, Permission.KEYS_WRITE, "Keys.create", error)
            raise error

    def _make(
        self,
        session: Session,
        user: UserRow,
        name: str,
        scopes: tuple[str, ...],
        lifetime: timedelta | None,
        requests_per_minute: int | None,
        *,
        replaces: str | None = None,
    ) -> Issued:
        secret, at = secrets.new(secrets.KEY), now()
        row = KeyRow(
            workspace_id=self._store.workspace_id,
            user_id=user.id,
            name=name,
            prefix=secret[: secrets.SHOWN],
            sha256=secrets.digest(secret),
            scopes=builtins.list(scopes),
            requests_per_minute=requests_per_minute,
            created_by=self._store.user,
            created_at=at,
            expires_at=None if lifetime is None else at + lifetime,
            replaces_id=replaces,
        )
        session.add(row)
        session.flush()
        workspace = session.get_one(WorkspaceRow, self._store.workspace_id)
        return Issued(_key(row, user.name, workspace.name), secret)

    def _record(self, session: Session, action: str, key: Key, message: str, **details: Any) -> None:
        audit.record(
            session,
            by=self._store.user,
            action=action,
            subject="key",
            subject_id=key.id,
            message=message,
            details={"name": key.name, "prefix": key.prefix, "scopes": key.scopes, "user": key.user} | details,
        )

    def _keys(self) -> Any:
        return (
            select(KeyRow, UserRow.name, WorkspaceRow.name)
            .join(UserRow, UserRow.id == KeyRow.user_id)
            .join(WorkspaceRow, WorkspaceRow.id == KeyRow.workspace_id)
            .where(KeyRow.workspace_id == self._store.workspace_id)
        )

    def _found(self, session: Session, key: Key | str, *, to_change: bool = False) -> tuple[KeyRow, str, str]:
        reference = ids.text(key.id if isinstance(key, Key) else key)
        condition = ids.matching(KeyRow.id, reference)
        found: builtins.list[Any] = []
        if condition is not None:
            query = self._keys().where(condition).limit(2)
            found = builtins.list(session.execute(query.with_for_update(of=KeyRow) if to_change else query))
        if len(found) != 1:
            raise _not_found(reference)
        row, user, workspace = found[0]
        return row, user, workspace


def revoke_of_member(session: Session, workspace_id: str, user_id: str, *, by: str) -> int:
    """Revoke the keys that somebody has in a workspace, inside the caller's transaction; return how many."""
    theirs = select(KeyRow).where(
        KeyRow.workspace_id == workspace_id, KeyRow.user_id == user_id, KeyRow.revoked_at.is_(None)
    )
    rows = session.scalars(theirs.with_for_update()).all()
    for row in rows:
        _revoke(session, row, by=by)
    return len(rows)


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


def _standing(session: Session, store: Store) -> UserRow:
    """Find for whom a key can stand: who asks, whom the workspace knows.

    To whom the whole home is open, as to whoever can write its database file, need not be a member of the workspace by
    name: they become an owner of it, or their key would be no member's.
    """
    user = find_user(session, store.user)
    is_member = user is not None and session.get(MembershipRow, (store.workspace_id, user.id)) is not None
    if user is not None and (is_member or user.is_administrator):
        return user
    if not store.actor.is_administrator:
        raise Forbidden("access.not_a_member", f"{store.user} is no member of this workspace.")
    if user is None:
        user = UserRow(name=store.user)
        session.add(user)
        session.flush()
    session.add(MembershipRow(workspace_id=store.workspace_id, user_id=user.id, role="owner", created_by=store.user))
    audit.record(
        session,
        by=store.user,
        action="member.role_set",
        subject="member",
        subject_id=user.name[:100],
        message=f"{user.name} is an owner: the home is open to them",
        details={"role": "owner"},
    )
    return user


def _key(row: KeyRow, user: str, workspace: str) -> Key:
    return Key.of(row, user=user, workspace=workspace)


def _shown(value: object) -> str:
    # A secret that is sent in place of something else is not to be repeated.
    return secrets.redacted(shown(value))


def _not_found(reference: object) -> NotFound:
    return NotFound("key.not_found", f"There is no key {_shown(reference)}.")


def _checked_lifetime(days: int | None) -> timedelta | None:
    if days is None:
        return None
    if not _is_whole(days, 1, _DAYS_MOST):
        raise BadRequest(
            "key.expiry_invalid", f"A key is good for 1 to {_DAYS_MOST} days, or for ever; {_shown(days)} is neither."
        )
    return timedelta(days=days)


def _checked_grace(minutes: int) -> timedelta:
    if not _is_whole(minutes, 0, _GRACE_MOST_MINUTES):
        raise BadRequest(
            "key.expiry_invalid",
            f"The old key can stay good for 0 to {_GRACE_MOST_MINUTES:,} minutes; {_shown(minutes)} does not fit.",
        )
    return timedelta(minutes=minutes)


def _checked_limit(requests: int | None) -> int | None:
    if requests is not None and not _is_whole(requests, 0, _REQUESTS_MOST):
        raise BadRequest(
            "key.limit_invalid",
            f"A key's limit is 0 to {_REQUESTS_MOST:,} requests a minute; {_shown(requests)} does not fit.",
            hint="0 is no limit.",
        )
    return requests


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
