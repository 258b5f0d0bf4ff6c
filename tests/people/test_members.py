"""Members: who may do what in a workspace, and who says so."""

from __future__ import annotations

import pytest

from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized


def roles(workbench) -> dict[str, str]:
    return {member.name: str(member.role) for member in workbench.workspaces.members()}


def test_somebody_who_never_opened_the_home_can_be_made_a_member(workbench):
    made = workbench.workspaces.set_role(" bob ", "viewer")
    assert (made.name, made.role, made.created_by, made.is_administrator) == ("bob", "viewer", workbench.user, False)
    assert roles(workbench) == {"bob": "viewer", workbench.user: "owner"}


@pytest.mark.parametrize(
    "name",
    ["service", " Service ", "SERVICE", "ｓｅｒｖｉｃｅ", "service\ufe0f", "servi\u034fce", "service\u3164", "a/b"],
)
def test_nobody_goes_by_the_name_of_the_engine_nor_by_one_that_no_address_can_bear(workbench, name):
    for act in (workbench.workspaces.invite, lambda name: workbench.workspaces.set_role(name, "viewer")):
        with pytest.raises(BadRequest) as caught:
            act(name)
        assert caught.value.code == "member.name_invalid"


def test_a_name_is_the_same_however_its_accents_are_written(workbench):
    composed, decomposed = "Jos\u00e9", "Jose\u0301"
    workbench.workspaces.set_role(composed, "viewer")
    assert workbench.workspaces.set_role(decomposed, "editor").name == composed
    assert roles(workbench) == {composed: "editor", workbench.user: "owner"}


def test_a_members_role_is_changed(workbench):
    made = workbench.workspaces.set_role("bob", "viewer")
    changed = workbench.workspaces.set_role("bob", Role.OWNER)
    assert (changed.role, changed.created_at) == (Role.OWNER, made.created_at)


@pytest.mark.parametrize("role", ["admin", "", "Owner", None, 7])
def test_a_role_that_there_is_not_is_refused_with_those_that_there_are(workbench, role):
    with pytest.raises(BadRequest) as caught:
        workbench.workspaces.set_role("bob", role)
    assert caught.value.code == "member.role_unknown"
    assert "editor, owner, viewer" in caught.value.hint


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\0b", "a\tb", "\udfff", None])
def test_what_nobody_is_called_is_refused(workbench, name):
    for act in (lambda: workbench.workspaces.set_role(name, "viewer"), lambda: workbench.workspaces.invite(name)):
        with pytest.raises(BadRequest) as caught:
            act()
        assert caught.value.code == "member.name_invalid"


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_owners_change_who_is_a_member(acting, role):
    bob = acting("bob", role).workspaces
    for act in (
        lambda: bob.set_role("eve", "viewer"),
        lambda: bob.set_role("bob", "owner"),
        lambda: bob.remove("eve"),
        lambda: bob.invite("eve"),
        lambda: bob.invitations(),
        lambda: bob.revoke_invitation("x"),
    ):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.role_too_low"


def test_every_member_sees_who_the_others_are(workbench, acting, stranger):
    assert roles(acting("bob", "viewer")) == {"bob": "viewer", workbench.user: "owner"}
    with pytest.raises(Forbidden):
        stranger.workspaces.members()


@pytest.mark.parametrize(
    "act", [lambda w, name: w.set_role(name, "editor"), lambda w, name: w.remove(name), lambda w, _: w.leave()]
)
def test_the_last_owner_stays_one(workbench, act):
    with pytest.raises(Conflict) as caught:
        act(workbench.workspaces, workbench.user)
    assert caught.value.code == "member.last_owner"
    assert roles(workbench) == {workbench.user: "owner"}


def test_an_owner_goes_where_another_one_stays(workbench, acting):
    ann = acting("ann", "owner")
    ann.workspaces.set_role(workbench.user, "viewer")
    assert roles(workbench) == {"ann": "owner", workbench.user: "viewer"}


def test_whoever_is_removed_is_no_member_and_their_keys_are_good_no_more(workbench, acting):
    secret = acting("bob").keys.create("for a script", "*").secret
    assert workbench.for_key(secret, origin="http 10.0.0.1").user == "bob"
    workbench.workspaces.remove("bob")
    assert roles(workbench) == {workbench.user: "owner"}
    with pytest.raises(Unauthorized) as caught:
        workbench.for_key(secret, origin="http 10.0.0.1")
    assert caught.value.code == "key.revoked"


def test_a_removed_members_keys_elsewhere_stay_good(workbench, acting):
    workbench.workspaces.create("team")
    secret = acting("bob", of=workbench.within("team")).keys.create("for a script", "*").secret
    workbench.workspaces.set_role("bob", "viewer")
    workbench.workspaces.remove("bob")
    assert workbench.for_key(secret, origin="http 10.0.0.1").user == "bob"


def test_an_invitation_of_whoever_is_removed_is_good_no_more(workbench):
    code = workbench.workspaces.invite("bob").code
    workbench.workspaces.set_role("bob", "viewer")
    workbench.workspaces.remove("bob")
    assert [invitation.status for invitation in workbench.workspaces.invitations()] == ["revoked"]
    with pytest.raises(Forbidden):
        workbench.accept_invitation(code)


def test_a_member_leaves_by_themselves(workbench, acting):
    acting("bob", "viewer").workspaces.leave()
    assert roles(workbench) == {workbench.user: "owner"}


def test_whoever_is_no_member_cannot_be_removed(workbench):
    with pytest.raises(NotFound) as caught:
        workbench.workspaces.remove("bob")
    assert caught.value.code == "member.not_found"


def test_a_lower_role_holds_for_keys_at_once(workbench, acting):
    secret = acting("bob", "editor").keys.create("for a script", "*").secret
    workbench.workspaces.set_role("bob", "viewer")
    assert workbench.for_key(secret, origin="http 10.0.0.1").actor.role == Role.VIEWER


def test_what_is_done_to_members_is_told(workbench):
    workbench.workspaces.set_role("bob", "viewer")
    workbench.workspaces.set_role("bob", "viewer")
    workbench.workspaces.set_role("bob", "editor")
    workbench.workspaces.remove("bob")
    told = workbench.audit.list(subject="member", subject_id="bob")
    assert [(line.action, line.message) for line in told] == [
        ("member.removed", "bob is no member any more"),
        ("member.role_set", "bob is editor, and was viewer"),
        ("member.role_set", "bob is viewer"),
    ]
