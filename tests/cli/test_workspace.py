"""``workbench workspace …`` and ``workbench project …``"""

from __future__ import annotations

import pytest


def test_workspaces_are_made_listed_renamed_and_deleted(fresh):
    assert fresh("workspace", "create", "team", "--json").document["name"] == "team"
    assert [found["name"] for found in fresh("workspace", "list", "--json").document] == ["default", "team"]
    assert fresh("workspace", "rename", "team", "crew").out == "crew: owner\n"
    assert "crew" in fresh("workspace", "list").out
    assert fresh("workspace", "delete", "crew").code == 0
    assert [found["name"] for found in fresh("workspace", "list", "--json").document] == ["default"]


def test_members_come_change_and_go(fresh, workbench):
    assert fresh("workspace", "set-role", "bob", "viewer").out == "bob: viewer\n"
    assert [line.split()[:2] for line in fresh("workspace", "members").out.splitlines()[1:]] == [
        [member.name, member.role] for member in workbench.workspaces.members()
    ]
    assert fresh("workspace", "remove", "bob").code == 0
    fresh("workspace", "remove", "bob").refuses("'bob' is no member of this workspace.")
    fresh("workspace", "set-role", "bob", "boss").refuses("There is no role 'boss'.", "editor, owner, viewer")


def test_a_code_alone_is_what_inviting_prints(fresh, workbench):
    said = fresh("workspace", "invite", "bob", "--role", "viewer")
    assert workbench.accept_invitation(said.out.strip()).user == "bob"
    assert "bob becomes viewer" in said.err


def test_an_invitation_is_accepted_by_whom_it_names(fresh, workbench):
    code = workbench.workspaces.invite("bob").code
    fresh("workspace", "accept", code, JUPYTERHUB_USER="eve").refuses("cannot be accepted")
    assert fresh("workspace", "accept", code, JUPYTERHUB_USER="bob").out == "default: editor\n"


def test_invitations_are_listed_and_revoked(fresh, workbench):
    made = workbench.workspaces.invite("bob").invitation
    assert made.id in fresh("workspace", "invitations").out
    assert fresh("workspace", "revoke-invitation", made.id).code == 0
    assert [found["status"] for found in fresh("workspace", "invitations", "--json").document] == ["revoked"]


def test_projects_are_made_listed_renamed_and_deleted(fresh):
    assert fresh("project", "create", "spring").out == "spring\n"
    assert fresh("project", "rename", "spring", "summer", "--json").document["name"] == "summer"
    assert [found["name"] for found in fresh("project", "list", "--json").document] == ["default", "summer"]
    assert fresh("project", "delete", "summer").code == 0
    assert "summer" not in fresh("project", "list").out


def test_the_environment_says_where_a_command_is_at_work(fresh, workbench):
    workbench.workspaces.create("team")
    fresh("project", "create", "spring", WORKBENCH_WORKSPACE="team")
    assert [project.name for project in workbench.within("team").projects.list()] == ["default", "spring"]
    fresh("project", "list", WORKBENCH_WORKSPACE="nowhere").refuses("There is no workspace 'nowhere'")


@pytest.mark.parametrize("what", ["workspace", "project"])
def test_a_name_that_is_none_is_refused(fresh, what):
    fresh(what, "create", " ").refuses(f"A {what} cannot be called ' '.")
