"""Invitations: a code that makes whom it names a member, once, until it expires."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound
from workbench.store.tables import AuditRow, InvitationRow, now


@pytest.fixture
def guest(workbench):
    """The home, open for somebody who is not known to it yet."""
    return workbench.on_behalf_of(Actor("bob", None, origin="python"))


@pytest.fixture
def expire(workbench):
    def expire(invitation_id: str) -> None:
        with workbench._store.database.write() as session:
            session.get_one(InvitationRow, invitation_id).expires_at = now() - timedelta(seconds=1)

    return expire


def refused(act) -> str:
    with pytest.raises(Forbidden) as caught:
        act()
    assert caught.value.code == "invitation.invalid"
    return str(caught.value)


def test_whoever_accepts_an_invitation_is_a_member_in_its_role(workbench, guest):
    made = workbench.workspaces.invite("bob", role="viewer", days=3)
    assert (made.invitation.user, made.invitation.role, made.invitation.status) == ("bob", "viewer", "open")
    assert made.invitation.expires_at - made.invitation.created_at <= timedelta(days=3)
    joined = guest.workspaces.accept(made.code)
    assert (joined.name, joined.role) == ("default", Role.VIEWER)
    assert guest.within("default").actor.role == Role.VIEWER
    (found,) = workbench.workspaces.invitations()
    assert (found.status, found.accepted_at is not None) == ("accepted", True)


def test_a_member_was_made_one_by_whoever_invited_them(workbench, guest):
    guest.workspaces.accept(workbench.workspaces.invite("bob").code)
    made_by = {member.name: member.created_by for member in workbench.workspaces.members()}
    assert made_by["bob"] == workbench.user


def test_a_code_is_kept_nowhere(workbench):
    made = workbench.workspaces.invite("bob")
    assert made.code.startswith("inv_")
    assert made.code not in repr(made)
    with workbench._store.database.read() as session:
        rows = [vars(row) for table in (InvitationRow, AuditRow) for row in session.query(table)]
    assert made.code not in str(rows)


def test_every_code_that_is_no_good_is_refused_alike(workbench, guest, expire):
    spent, revoked, expired, other = (workbench.workspaces.invite(name) for name in ("ann", "bob", "bob", "eve"))
    workbench.accept_invitation(spent.code)
    workbench.workspaces.revoke_invitation(revoked.invitation.id)
    expire(expired.invitation.id)
    unknown = ("inv_" + "x" * 43, "", "a\0b", "\ud800", None)
    codes = (spent.code, revoked.code, expired.code, other.code, *unknown)
    assert len({refused(lambda code=code: guest.workspaces.accept(code)) for code in codes}) == 1
    codes = (spent.code, revoked.code, expired.code, *unknown)
    assert len({refused(lambda code=code: workbench.accept_invitation(code)) for code in codes}) == 1
    assert {member.name for member in workbench.workspaces.members()} == {workbench.user, "ann"}


def test_an_invitation_makes_no_member_another_one(workbench, guest):
    codes = [workbench.workspaces.invite("bob", role=role).code for role in ("viewer", "owner")]
    guest.workspaces.accept(codes[0])
    refused(lambda: guest.workspaces.accept(codes[1]))
    assert guest.within().actor.role == Role.VIEWER


def test_whoever_is_a_member_is_not_invited(workbench):
    workbench.workspaces.set_role("bob", "viewer")
    for name in ("bob", workbench.user):
        with pytest.raises(Conflict) as caught:
            workbench.workspaces.invite(name)
        assert caught.value.code == "member.exists"


@pytest.mark.parametrize("days", [0, -1, 366, 10**9, 1.5, "7", True, None])
def test_an_invitation_for_too_long_or_no_time_is_refused(workbench, days):
    with pytest.raises(BadRequest) as caught:
        workbench.workspaces.invite("bob", days=days)
    assert caught.value.code == "invitation.invalid"


def test_invitations_are_of_their_workspace(workbench):
    workbench.workspaces.create("team")
    team = workbench.within("team")
    made = team.workspaces.invite("bob").invitation
    assert (team.workspaces.invitations(), workbench.workspaces.invitations()) == ([made], [])
    with pytest.raises(NotFound) as caught:
        workbench.workspaces.revoke_invitation(made.id)
    assert caught.value.code == "invitation.not_found"


def test_an_invitation_that_was_accepted_is_not_revoked_in_silence(workbench, guest):
    made = workbench.workspaces.invite("bob")
    guest.workspaces.accept(made.code)
    with pytest.raises(NotFound, match="bob is a member"):
        workbench.workspaces.revoke_invitation(made.invitation.id)


def test_revoking_again_changes_nothing(workbench):
    made = workbench.workspaces.invite("bob").invitation
    for _ in range(2):
        workbench.workspaces.revoke_invitation(made.id)
    assert len(workbench.audit.list(action="invitation.revoked")) == 1


def test_whoever_comes_by_http_gets_a_key_that_does_what_they_may(workbench):
    code = workbench.workspaces.invite("bob", role="editor").code
    unknown = workbench.on_behalf_of(Actor("nobody", None, origin="http 10.0.0.1"))
    joined = unknown.accept_invitation(code)
    assert (joined.user, joined.role, joined.workspace.name) == ("bob", Role.EDITOR, "default")
    assert joined.key.key.scopes == ("*",)
    bob = workbench.for_key(joined.key.secret, origin="http 10.0.0.1")
    assert (bob.user, bob.actor.role) == ("bob", Role.EDITOR)
    assert bob.projects.create("spring").created_by == "bob"


def test_whoever_comes_by_http_joins_the_workspace_that_invites_them(workbench):
    workbench.workspaces.create("team")
    joined = workbench.accept_invitation(workbench.within("team").workspaces.invite("bob").code)
    assert joined.key.key.workspace == joined.workspace.name == "team"
    assert [member.name for member in workbench.workspaces.members()] == [workbench.user]


def test_what_becomes_of_an_invitation_is_told(workbench):
    made = workbench.workspaces.invite("bob")
    workbench.on_behalf_of(Actor("nobody", None, origin="http 10.0.0.1")).accept_invitation(made.code)
    told = workbench.audit.list(subject="invitation", subject_id=made.invitation.id)
    assert [(line.action, line.by, line.origin) for line in told] == [
        ("invitation.accepted", "bob", "http 10.0.0.1"),
        ("invitation.created", workbench.user, "python"),
    ]
