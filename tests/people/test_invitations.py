"""Invitations: a code that makes whom it names a member, once, until it expires."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized
from workbench.people import keys
from workbench.people.key import Issued, Use
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


@pytest.fixture
def owner(workbench):
    """Somebody who owns a workspace, ``team``, and nothing else."""
    workbench.workspaces.create("team")
    workbench.within("team").workspaces.set_role("olga", "owner")
    return workbench.on_behalf_of(Actor("olga", None, origin="python")).within("team")


@pytest.fixture
def nobody(workbench):
    """The home, as it is open over HTTP to those who show nothing."""
    return workbench.on_behalf_of(Actor("", None, origin="http 10.0.0.1"))


def come_by(issued: Issued, workbench) -> None:
    """Use a key, as the API writes it down."""
    workbench.bearers.used([Use(issued.key.id, now(), "10.0.0.1")])


def by_key(workbench, name: str, *scopes: str):
    """The home as it is open to a member of its default workspace by a key."""
    workbench.workspaces.set_role(name, "editor")
    theirs = workbench.on_behalf_of(Actor(name, Role.EDITOR, origin="python"))
    return workbench.for_key(theirs.keys.create("theirs", scopes).secret, origin="http 10.0.0.2")


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
    come_by(workbench.accept_invitation(spent.code).key, workbench)
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


def test_who_invites_somebody_that_is_known_does_not_become_them_by_the_code(workbench, owner, nobody):
    workbench.workspaces.set_role("vera", "viewer")
    code = owner.workspaces.invite("vera").code
    for other in (nobody, owner, by_key(workbench, "eve", "*")):
        refused(lambda other=other: other.accept_invitation(code))
    assert [member.name for member in workbench.within("team").workspaces.members()] == ["olga", workbench.user]


def test_a_name_that_became_known_since_it_was_invited_takes_more_than_the_code(workbench, owner, nobody):
    code = owner.workspaces.invite("vera").code
    workbench.workspaces.set_role("vera", "viewer")
    refused(lambda: nobody.accept_invitation(code))


def test_somebody_who_is_known_accepts_by_a_key_of_theirs(workbench, owner):
    vera = by_key(workbench, "vera", "*")
    joined = vera.accept_invitation(owner.workspaces.invite("vera", "viewer").code)
    assert (joined.user, joined.workspace.name, joined.role) == ("vera", "team", Role.VIEWER)
    there = workbench.for_key(joined.key.secret, origin="http 10.0.0.2")
    assert (there.user, there.workspaces.current().name) == ("vera", "team")
    (line,) = workbench.within("team").audit.list(action="invitation.accepted")
    assert (line.by, line.key_id, line.details["by_code_alone"]) == ("vera", vera.actor.key_id, False)


def test_a_key_that_they_came_by_ends_what_it_was_good_for(workbench, owner):
    vera = by_key(workbench, "vera", "*")
    joined = vera.accept_invitation(owner.workspaces.invite("vera").code)
    workbench.keys.revoke(vera.actor.key_id)
    with pytest.raises(Unauthorized) as caught:
        workbench.for_key(joined.key.secret, origin="http 10.0.0.2")
    assert caught.value.code == "key.revoked"


def test_a_narrow_key_does_not_say_who_accepts(workbench, owner):
    vera = by_key(workbench, "vera", "runs:read", "keys:write")
    code = owner.workspaces.invite("vera").code
    refused(lambda: vera.accept_invitation(code))
    refused(lambda: vera.workspaces.accept(code))


def test_whom_an_administrator_invites_needs_no_more_than_the_code(workbench, nobody):
    workbench.workspaces.set_role("bob", "editor")
    workbench.workspaces.remove("bob")
    joined = nobody.accept_invitation(workbench.workspaces.invite("bob").code)
    assert workbench.for_key(joined.key.secret, origin="http 10.0.0.1").user == "bob"


def test_a_key_says_who_invited_whoever_has_it(workbench, owner, nobody):
    joined = nobody.accept_invitation(owner.workspaces.invite("vera").code)
    assert (joined.key.key.user, joined.key.key.created_by) == ("vera", "olga")
    (issued,) = workbench.within("team").audit.list(action="key.issued")
    assert (issued.by, issued.details["by_invitation_of"]) == ("vera", "olga")
    (accepted,) = workbench.within("team").audit.list(action="invitation.accepted")
    assert accepted.details["by_code_alone"] is True


@pytest.mark.parametrize("end", [lambda team: team.remove("olga"), lambda team: team.set_role("olga", "editor")])
def test_who_owns_a_workspace_no_more_has_nobody_join_it(workbench, owner, nobody, end):
    theirs, mine = owner.workspaces.invite("vera"), workbench.within("team").workspaces.invite("ann")
    end(workbench.within("team").workspaces)
    refused(lambda: nobody.accept_invitation(theirs.code))
    assert nobody.accept_invitation(mine.code).user == "ann"


def test_who_joins_without_getting_a_key_does_not_join(workbench, nobody, monkeypatch):
    code = workbench.workspaces.invite("bob").code
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(keys, "_standing", lambda *_: 1 / 0)
        nobody.accept_invitation(code)
    assert [member.name for member in workbench.workspaces.members()] == [workbench.user]
    assert nobody.accept_invitation(code).user == "bob"


def test_whose_key_was_lost_on_its_way_gets_another_for_the_same_code(workbench, nobody):
    code = workbench.workspaces.invite("bob").code
    lost, got = nobody.accept_invitation(code).key, nobody.accept_invitation(code).key
    with pytest.raises(Unauthorized):
        workbench.for_key(lost.secret, origin="http 10.0.0.1")
    assert workbench.for_key(got.secret, origin="http 10.0.0.1").user == "bob"
    assert len(workbench.audit.list(action="invitation.accepted")) == 1


def test_a_code_whose_key_was_used_gives_none_any_more(workbench, nobody):
    code = workbench.workspaces.invite("bob").code
    come_by(nobody.accept_invitation(code).key, workbench)
    refused(lambda: nobody.accept_invitation(code))


def test_a_code_gives_another_key_for_minutes_only(workbench, nobody):
    made = workbench.workspaces.invite("bob")
    nobody.accept_invitation(made.code)
    with workbench._store.database.write() as session:
        session.get_one(InvitationRow, made.invitation.id).accepted_at = now() - timedelta(minutes=5)
    refused(lambda: nobody.accept_invitation(made.code))


def test_who_has_the_code_does_not_take_the_key_of_whom_a_key_of_theirs_let_in(workbench, owner, nobody):
    code = owner.workspaces.invite("vera").code
    joined = by_key(workbench, "vera", "*").accept_invitation(code)
    refused(lambda: nobody.accept_invitation(code))
    assert workbench.for_key(joined.key.secret, origin="http 10.0.0.2").user == "vera"
