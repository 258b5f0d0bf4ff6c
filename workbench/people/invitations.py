"""Invitations to a workspace, in the caller's transaction. A code is shown once; what is kept is its SHA-256."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access import secrets
from workbench.access.actor import Actor
from workbench.access.permissions import ALL, Role
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound
from workbench.people import lookup, members
from workbench.people.identity import find_user
from workbench.people.revoking import revoke as revoke_key
from workbench.people.workspace import Invitation, Invited
from workbench.store import audit, ids
from workbench.store.store import Store
from workbench.store.tables import InvitationRow, KeyRow, now

DAYS, DAYS_MOST = 7, 365
AGAIN = timedelta(minutes=5)
"""How long a code gives another key in place of one that was not used yet: an answer can be lost on its way."""
_SUBJECT = "invitation"


def listed(session: Session, workspace_id: str) -> list[Invitation]:
    """Return the invitations to a workspace, newest first."""
    here = select(InvitationRow).where(InvitationRow.workspace_id == workspace_id)
    newest_first = here.order_by(InvitationRow.created_at.desc(), InvitationRow.id.desc())
    return [Invitation.of(row) for row in session.scalars(newest_first)]


def invite(session: Session, store: Store, name: str, role: Role, days: int) -> Invited:
    """Make a code by which somebody becomes a member.

    Raises
    ------
    BadRequest
        ``invitation.invalid`` when it would be good for no time or too long a one.
    Conflict
        ``member.exists``
    """
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= DAYS_MOST:
        raise BadRequest("invitation.invalid", f"An invitation is good for 1 to {DAYS_MOST} days.")
    lookup.hold(session, store.workspace_id)
    user = find_user(session, name)
    if user is not None and (user.is_administrator or members.membership(session, store, user) is not None):
        raise Conflict("member.exists", f"'{name}' is a member already.", hint="Change their role instead.", user=name)
    code = secrets.new(secrets.INVITATION)
    row = InvitationRow(
        workspace_id=store.workspace_id,
        user_name=name,
        role=role,
        sha256=secrets.digest(code),
        created_by=store.user,
        by_administrator=store.actor.is_administrator,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    _record(session, store, row, "created", f"{name} is invited as {role}", role=role, days=days)
    return Invited(Invitation.of(row), code)


def revoke(session: Session, store: Store, invitation_id: str) -> None:
    """Let a code be good no more; nothing happens where it was so already.

    Raises
    ------
    NotFound
        ``invitation.not_found``; also when it was accepted, and there is a member instead.
    """
    lookup.hold(session, store.workspace_id)
    wanted = ids.text(invitation_id)
    row = session.get(InvitationRow, wanted, populate_existing=True)
    if row is None or row.workspace_id != store.workspace_id:
        raise NotFound("invitation.not_found", f"There is no invitation '{wanted}'.", invitation=wanted)
    if row.accepted_at is not None:
        raise NotFound(
            "invitation.not_found",
            f"The invitation was accepted: {row.user_name} is a member.",
            hint="Remove the member instead.",
            invitation=wanted,
        )
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now(), store.user
        _record(session, store, row, "revoked", f"{row.user_name} is not invited any more")


def addressed(session: Session, code: object) -> InvitationRow:
    """Find the invitation of a code, in whatever workspace, while it is good for anything.

    Raises
    ------
    Forbidden
        ``invitation.invalid``, whatever is wrong with it: who tries codes learns nothing.
    """
    row = session.scalar(select(InvitationRow).where(InvitationRow.sha256 == secrets.digest(ids.text(code))))
    if row is None or not (Invitation.of(row).status == "open" or _unused_key(session, row) is not None):
        raise _invalid()
    return row


def is_shown_by(actor: Actor, row: InvitationRow) -> bool:
    """Whether whoever acts is whom an invitation names, by a credential of theirs that is good for all they may do."""
    return actor.name == row.user_name and (actor.scopes is None or ALL in actor.scopes)


def accept(session: Session, there: Store, code: object, *, by_code_alone: bool = False) -> InvitationRow:
    """Make whoever acts a member of the workspace to which the code invites them.

    Who has the code has it from whoever invites, who may have kept it. So it is enough for a name that nobody goes by
    yet, and where an administrator invites; else nobody would be safe from being acted for.

    Parameters
    ----------
    there
        The store in that workspace, for whom it names.
    by_code_alone
        Whether they have shown nothing else of who they are.

    Raises
    ------
    Forbidden
        ``invitation.invalid``; also when it is somebody else's, or they are a member or an administrator already.
    """
    lookup.hold(session, there.workspace_id)
    # Only one at a time comes here: whether it is open still is seen now.
    row = addressed(session, code)
    known = find_user(session, row.user_name)
    is_enough = row.by_administrator or (known is None if row.accepted_at is None else row.by_code_alone)
    if not (is_enough if by_code_alone else is_shown_by(there.actor, row)):
        raise _invalid()
    user = known or members.known(session, row.user_name)
    member = members.membership(session, there, user)
    # Whoever comes again is still what the code made them.
    expected = None if row.accepted_at is None else row.role
    if user.is_administrator or (None if member is None else member.role) != expected:
        raise _invalid()
    if member is not None:
        lost = _unused_key(session, row)
        assert lost is not None, "it was addressed for its sake"
        revoke_key(session, lost, by=there.user)
        return row
    row.accepted_at, row.by_code_alone = now(), by_code_alone
    members.add(session, there, user, Role(row.role), by=row.created_by)
    told = f"{row.user_name} accepted the invitation of {row.created_by}"
    told += " by its code alone" if by_code_alone else ""
    _record(
        session,
        there,
        row,
        "accepted",
        f"{told}, and is {row.role}",
        role=row.role,
        by_invitation_of=row.created_by,
        by_code_alone=by_code_alone,
    )
    return row


def _unused_key(session: Session, row: InvitationRow) -> KeyRow | None:
    """Return the key that an invitation gave a moment ago, where nobody has come by it yet."""
    if row.key_id is None or row.accepted_at is None or row.accepted_at + AGAIN <= now():
        return None
    key = session.get(KeyRow, row.key_id, populate_existing=True)
    return key if key is not None and key.last_used_at is None and key.revoked_at is None else None


def _invalid() -> Forbidden:
    return Forbidden(
        "invitation.invalid",
        "The invitation cannot be accepted.",
        hint="It is good once, for whom it names, and for some days only; who is known here already accepts it with a "
        "key of theirs that is good for all, or from Jupyter. An owner of the workspace can make another.",
    )


def _record(session: Session, store: Store, row: InvitationRow, what: str, told: str, **details: object) -> None:
    audit.record(
        session,
        by=store.user,
        action=f"{_SUBJECT}.{what}",
        subject=_SUBJECT,
        subject_id=row.id,
        message=told,
        details={"user": row.user_name, **details},
        workspace_id=store.workspace_id,
    )
