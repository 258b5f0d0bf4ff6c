"""The members of a workspace, in the caller's transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, NotFound, choices
from workbench.people import lookup
from workbench.people.identity import find_user
from workbench.people.revoking import revoke_of_member
from workbench.people.workspace import Member
from workbench.store import audit, ids
from workbench.store.store import Store
from workbench.store.tables import InvitationRow, MembershipRow, UserRow, now

_SUBJECT = "member"


def role_named(role: object) -> Role:
    """Return the role that is called so.

    Raises
    ------
    BadRequest
        ``member.role_unknown`` naming the valid ones.
    """
    try:
        return Role(role)  # type: ignore[arg-type]
    except ValueError as error:
        called = ids.text(role)
        raise BadRequest("member.role_unknown", f"There is no role '{called}'.", hint=choices(called, Role)) from error


def listed(session: Session, workspace_id: str) -> list[Member]:
    """Return the members of a workspace, by name."""
    query = (
        select(MembershipRow, UserRow)
        .join(UserRow, UserRow.id == MembershipRow.user_id)
        .where(MembershipRow.workspace_id == workspace_id)
        .order_by(UserRow.name)
    )
    return [_member(*found) for found in session.execute(query)]


def known(session: Session, name: str) -> UserRow:
    """Return the user of a name, who may never have opened the store yet."""
    user = find_user(session, name)
    if user is None:
        user = UserRow(name=name)
        session.add(user)
        session.flush()
    return user


def membership(session: Session, store: Store, user: UserRow) -> MembershipRow | None:
    return session.get(MembershipRow, (store.workspace_id, user.id), populate_existing=True)


def set_role(session: Session, store: Store, name: str, role: Role) -> Member:
    """Make somebody a member, or give a member another role.

    Raises
    ------
    Conflict
        ``member.last_owner``
    """
    lookup.hold(session, store.workspace_id)
    user = known(session, name)
    row = membership(session, store, user)
    before = None if row is None else row.role
    if row is None:
        row = add(session, store, user, role, by=store.user)
    elif role is not Role.OWNER:
        _keep_an_owner(session, store, row)
        # Whoever may invite nobody any more has nobody join.
        _close_invitations(session, store, _made_by(name))
    row.role = role
    session.flush()
    if before != role:
        told = f"{name} is {role}" if before is None else f"{name} is {role}, and was {before}"
        _record(session, store, "role_set", name, told, role=role, before=before)
    return _member(row, user)


def add(session: Session, store: Store, user: UserRow, role: Role, *, by: str) -> MembershipRow:
    row = MembershipRow(workspace_id=store.workspace_id, user_id=user.id, role=role, created_by=by)
    session.add(row)
    session.flush()
    return row


def remove(session: Session, store: Store, name: str) -> None:
    """Take somebody's membership away, and with it their keys, and invitations to them and by them.

    Raises
    ------
    NotFound
        ``member.not_found``
    Conflict
        ``member.last_owner``
    """
    lookup.hold(session, store.workspace_id)
    user = find_user(session, name)
    row = None if user is None else membership(session, store, user)
    if user is None or row is None:
        raise NotFound("member.not_found", f"'{name}' is no member of this workspace.", user=name)
    _keep_an_owner(session, store, row)
    keys = revoke_of_member(session, store.workspace_id, user.id, by=store.user)
    _close_invitations(session, store, or_(InvitationRow.user_name == name, _made_by(name)))
    session.delete(row)
    told = f"{name} is no member any more"
    told += f"; keys revoked: {keys}" if keys else ""
    _record(session, store, "removed", name, told, role=row.role, keys=keys)


def _made_by(name: str) -> ColumnElement[bool]:
    # One that an administrator made needs no membership to be good.
    return and_(InvitationRow.created_by == name, InvitationRow.by_administrator.is_(False))


def _close_invitations(session: Session, store: Store, which: ColumnElement[bool]) -> None:
    still_open = InvitationRow.accepted_at.is_(None), InvitationRow.revoked_at.is_(None)
    here = update(InvitationRow).where(InvitationRow.workspace_id == store.workspace_id, which, *still_open)
    session.execute(here.values(revoked_at=now(), revoked_by=store.user))


def _record(session: Session, store: Store, what: str, name: str, told: str, **details: object) -> None:
    audit.record(
        session,
        by=store.user,
        action=f"{_SUBJECT}.{what}",
        subject=_SUBJECT,
        subject_id=name[:100],
        message=told,
        details=details,
        workspace_id=store.workspace_id,
    )


def _keep_an_owner(session: Session, store: Store, row: MembershipRow) -> None:
    """Refuse to take away the last owner; the workspace is held, so that no two go at once."""
    if row.role != Role.OWNER:
        return
    owners = select(func.count()).where(
        MembershipRow.workspace_id == store.workspace_id, MembershipRow.role == Role.OWNER
    )
    if session.scalar(owners) == 1:
        raise Conflict(
            "member.last_owner",
            "The workspace would have no owner any more.",
            hint="Make somebody else an owner first.",
        )


def _member(row: MembershipRow, user: UserRow) -> Member:
    return Member(user.name, Role(row.role), row.created_by, row.created_at, user.is_administrator)
