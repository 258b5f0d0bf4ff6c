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
from workbench.errors import Conflict, Forbidden, NotFound
from workbench.pages import bounded
from workbench.people import bounds, names
from workbench.people.bounds import Bounds
from workbench.people.identity import find_user
from workbench.people.key import Issued, Key
from workbench.people.revoking import revoke, revoke_made_by, shorten_made_by
from workbench.plain import shown
from workbench.store import audit, ids, keyset
from workbench.store.needs import check, needs
from workbench.store.store import Store
from workbench.store.tables import KeyRow, MembershipRow, UserRow, WorkspaceRow, now

DAYS = 90
"""How long a key is good for where nothing else is said."""


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
            How long it is good for, 1 to 3650 days; None: until it is revoked. One that is made by a key ends with it.
        requests_per_minute
            Most requests that are answered; 0: any number; None: as the settings say, or the key that makes it. More
            than the settings say only owners of the workspace can allow, and no key more than it may ask itself.

        Returns
        -------
        Issued
            The key with its secret, which is shown this once.

        Raises
        ------
        BadRequest
            ``key.name_invalid``, ``key.scope_unknown``, ``key.expiry_invalid``, ``key.limit_invalid``
        Forbidden
            ``access.role_too_low``, ``access.scope_missing`` when it would be good for what you may not do now, or ask
            more often than you can allow.
        """
        named, wanted, most = names.of_key(name), checked_scopes(scopes), bounds.checked_limit(requests_per_minute)
        lifetime = bounds.checked_lifetime(days)
        self._check_covered(wanted)
        with self._store.database.write() as session:
            within = bounds.bounds(session, self._store, lifetime, most)
            made = self._make(session, _standing(session, self._store), named, wanted, within)
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
        query = self._keys().order_by(KeyRow.created_at.desc(), KeyRow.id.desc()).limit(bounded(limit))
        if not everybody:
            query = query.where(UserRow.name == self._store.user)
        with self._store.database.read() as session:
            if before is not None:
                older = keyset.older(session, KeyRow, before, self._store.workspace_id)
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
        """End a key for good, with all that were made by it: yours, or as an owner of the workspace anybody's.

        One that was revoked stays as it is.

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
            revoke(session, found[0], by=self._store.user)
            made = _key(*found)
        self._tell()
        return made

    @needs(Permission.KEYS_WRITE)
    def rotate(self, key: Key | str, *, grace_minutes: int = 0) -> Issued:
        """Replace a key of yours: another secret with the same name, scopes, limit and lifetime.

        The keys that were made by the old one end with it. One that replaces a key at the asking of a key, be it the
        same, counts as made by that: it ends with it, and asks no more often.

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
        grace = bounds.checked_grace(grace_minutes)
        with self._store.database.read() as session:
            old = _key(*self._found(session, key))
        if old.user != self._store.user:
            raise Forbidden("access.denied", "A key is rotated by its own user alone.", hint="You may revoke it.")
        self._check_covered(old.scopes)
        with self._store.database.write() as session:
            row = self._found(session, old.id, to_change=True)[0]
            if row.revoked_at is not None:
                raise Conflict("key.revoked", f'The key "{row.name}" was revoked.', hint="Make another one.")
            user = session.get_one(UserRow, row.user_id)
            lifetime = None if row.expires_at is None else row.expires_at - row.created_at
            within = bounds.bounds(session, self._store, lifetime, row.requests_per_minute)
            if grace:
                until = now() + grace
                row.expires_at = until if row.expires_at is None else min(row.expires_at, until)
                shorten_made_by(session, row, until)
            else:
                row.revoked_at, row.revoked_by = now(), self._store.user
                revoke_made_by(session, row, by=self._store.user)
            made = self._make(session, user, row.name, old.scopes, within, replaces=row.id)
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
                bounds.check_unrestricted(self._store)
            else:
                name, _, slug = scope.partition(":")
                if name == Permission.PREDICT:
                    of = None if slug == ALL else slug
                    check(self._store, Permission.PREDICT, "Keys.create", slug=of)
                else:
                    check(self._store, Permission(scope), "Keys.create")

    def _make(
        self,
        session: Session,
        user: UserRow,
        name: str,
        scopes: tuple[str, ...],
        within: Bounds,
        *,
        by: str | None = None,
        replaces: str | None = None,
    ) -> Issued:
        secret = secrets.new(secrets.KEY)
        row = KeyRow(
            workspace_id=self._store.workspace_id,
            user_id=user.id,
            name=name,
            prefix=secret[: secrets.SHOWN],
            sha256=secrets.digest(secret),
            scopes=builtins.list(scopes),
            requests_per_minute=within.requests_per_minute,
            created_by=by or self._store.user,
            created_at=within.at,
            expires_at=within.expires_at,
            made_by_key_id=within.made_by_key_id,
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


def give(session: Session, store: Store, name: str, *, by_invitation_of: str) -> Issued:
    """Make whoever acts the key that an invitation gives, in the caller's transaction: good for all that they may do.

    Parameters
    ----------
    by_invitation_of
        Who invited them: it says so for ever.
    """
    keys, within = Keys(store), bounds.bounds(session, store, timedelta(days=DAYS), None)
    made = keys._make(session, _standing(session, store), name, (ALL,), within, by=by_invitation_of)
    told = f'was given the key "{name}" by invitation of {by_invitation_of}'
    keys._record(session, "key.issued", made.key, told, by_invitation_of=by_invitation_of)
    return made


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


def _not_found(reference: object) -> NotFound:
    # A secret that is sent in place of an id is not to be repeated.
    return NotFound("key.not_found", f"There is no key {secrets.redacted(shown(reference))}.")
