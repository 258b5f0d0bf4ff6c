"""Workspaces: made, found by those whom they are open to, renamed, deleted."""

from __future__ import annotations

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound


@pytest.fixture
def team(workbench):
    workbench.workspaces.create("team")
    return workbench.within("team")


def test_a_home_has_a_default_workspace_that_its_opener_owns(workbench):
    (found,) = workbench.workspaces.list()
    assert (found.name, found.role, found.created_by) == ("default", Role.OWNER, None)
    assert workbench.workspaces.current() == found


def test_whoever_makes_a_workspace_owns_it(workbench):
    made = workbench.workspaces.create("  team ")
    assert (made.name, made.role, made.created_by) == ("team", Role.OWNER, workbench.user)
    (member,) = workbench.within("team").workspaces.members()
    assert (member.name, member.role) == (workbench.user, Role.OWNER)


def test_a_workspace_has_a_default_project(team):
    assert [project.name for project in team.projects.list()] == ["default"]
    assert team.projects.current().name == "default"


def test_a_workspace_is_found_by_its_name_and_by_its_id(workbench, team):
    made = team.workspaces.current()
    assert workbench.workspaces.get("team") == workbench.workspaces.get(made.id) == made


def test_an_id_means_the_workspace_that_has_it_and_none_that_is_called_so(workbench, team):
    made = team.workspaces.current()
    workbench.workspaces.create(made.id)
    assert workbench.workspaces.get(made.id) == made


def test_what_a_workspace_holds_is_seen_in_it_alone(workbench, team):
    source = team.data.sample("iris")
    assert [found.id for found in team.data.list()] == [source.id]
    assert workbench.data.list() == []
    with pytest.raises(NotFound):
        workbench.data.get(source.id)


def test_a_name_that_is_taken_is_refused(workbench, team):
    with pytest.raises(Conflict, match="called 'team' already") as caught:
        workbench.workspaces.create("team ")
    assert caught.value.code == "workspace.name_taken"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b", "a\nb", "\ud800", "a\u202eb", "a/b", None, 7])
def test_what_is_no_name_is_refused(workbench, name):
    with pytest.raises(BadRequest) as caught:
        workbench.workspaces.create(name)
    assert caught.value.code == "workspace.name_invalid"
    assert len(workbench.workspaces.list()) == 1


def test_a_workspace_is_renamed(workbench, team):
    renamed = workbench.workspaces.rename("team", "crew")
    assert (renamed.id, renamed.name) == (team.workspaces.current().id, "crew")
    assert [found.name for found in workbench.workspaces.list()] == ["crew", "default"]


def test_a_workspace_keeps_its_name_where_another_has_the_new_one(workbench, team):
    with pytest.raises(Conflict) as caught:
        workbench.workspaces.rename("team", "default")
    assert caught.value.code == "workspace.name_taken"


def test_an_empty_workspace_is_deleted_with_its_members_projects_and_keys(workbench, team):
    team.workspaces.set_role("bob", "viewer")
    team.workspaces.invite("eve")
    team.projects.create("spring")
    team.keys.create("for a script", "*")
    workbench.workspaces.delete("team")
    assert [found.name for found in workbench.workspaces.list()] == ["default"]
    with pytest.raises(NotFound):
        workbench.within("team")


def test_a_workspace_in_which_something_is_stays(workbench, team):
    team.data.sample("iris")
    with pytest.raises(Conflict, match="not empty") as caught:
        workbench.workspaces.delete("team")
    assert caught.value.code == "workspace.in_use"
    assert team.workspaces.members() != []
    team.data.delete("iris")
    workbench.workspaces.delete("team")


@pytest.mark.parametrize("act", [lambda w: w.rename("default", "x"), lambda w: w.delete("default")])
def test_the_default_workspace_stays_as_it_is(workbench, act):
    with pytest.raises(Conflict) as caught:
        act(workbench.workspaces)
    assert caught.value.code == "workspace.in_use"


def test_whoever_is_no_member_does_not_learn_that_a_workspace_is_there(workbench, team, acting):
    bob = acting("bob", of=workbench)
    assert [found.name for found in bob.workspaces.list()] == ["default"]
    told = []
    for reference in ("team", team.workspaces.current().id, "nowhere"):
        for act in (bob.workspaces.get, bob.within, bob.workspaces.delete, lambda ref: bob.workspaces.rename(ref, "x")):
            with pytest.raises(NotFound) as caught:
                act(reference)
            told.append((caught.value.code, caught.value.message.replace(reference, "…")))
    assert len(set(told)) == 1


def test_a_member_finds_a_workspace_in_their_role(workbench, team, acting):
    bob = acting("bob", of=workbench)
    team.workspaces.set_role("bob", "viewer")
    assert {found.name: found.role for found in bob.workspaces.list()} == {
        "default": Role.EDITOR,
        "team": Role.VIEWER,
    }
    assert bob.within("team").actor.role == Role.VIEWER


def test_a_member_neither_renames_nor_deletes_what_they_do_not_own(team, acting):
    bob = acting("bob", "editor", of=team)
    for act in (lambda: bob.workspaces.rename("team", "x"), lambda: bob.workspaces.delete("team")):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.role_too_low"


def test_an_owner_of_some_workspace_makes_others_and_a_mere_member_does_not(workbench, team, acting):
    bob = acting("bob", "editor", of=workbench)
    with pytest.raises(Forbidden) as caught:
        bob.workspaces.create("mine")
    assert caught.value.code == "access.role_too_low"
    team.workspaces.set_role("bob", "owner")
    assert bob.workspaces.create("mine").role == Role.OWNER


def test_whoever_is_no_member_of_anything_has_an_empty_list(stranger):
    assert stranger.workspaces.list() == []
    with pytest.raises(Forbidden) as caught:
        stranger.workspaces.current()
    assert caught.value.code == "access.not_a_member"


def test_a_key_opens_its_own_workspace_and_no_other(workbench, team):
    bearer = workbench.for_key(team.keys.create("wide", "*").secret, origin="http 10.0.0.1")
    assert [found.name for found in bearer.workspaces.list()] == ["team"]
    assert bearer.within("team").workspaces.current().name == "team"
    for act in (bearer.workspaces.get, bearer.within, bearer.workspaces.delete):
        with pytest.raises(NotFound):
            act("default")


def test_a_narrow_key_neither_lists_nor_makes_workspaces(workbench):
    bearer = workbench.for_key(workbench.keys.create("narrow", "data:read").secret, origin="http 10.0.0.1")
    for act in (bearer.workspaces.list, lambda: bearer.workspaces.create("x")):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.scope_missing"


def test_what_is_done_to_workspaces_is_told(workbench):
    workbench.workspaces.create("team")
    workbench.workspaces.rename("team", "crew")
    workbench.workspaces.delete("crew")
    told = workbench.audit.list(everywhere=True, subject="workspace")
    assert [(line.action, line.by, line.outcome) for line in told] == [
        (f"workspace.{what}", workbench.user, "done") for what in ("deleted", "renamed", "created")
    ]


def test_what_was_refused_is_told_once(workbench, acting):
    bob = acting("bob")
    with pytest.raises(Forbidden):
        bob.workspaces.create("mine")
    told = workbench.audit.list(outcome="denied")
    assert [(line.by, line.action, line.message.split(":")[0]) for line in told] == [
        ("bob", "access.denied", "Workspaces.create")
    ]


def test_entering_reads_the_role_anew(workbench, acting):
    bob = acting("bob", "viewer")
    workbench.workspaces.set_role("bob", "owner")
    assert bob.within().actor.role == Role.OWNER
    workbench.workspaces.remove("bob")
    assert bob.within().actor.role is None


def test_a_workspace_is_plain_data(workbench):
    (found,) = workbench.workspaces.list()
    assert found.as_dict() == {
        "id": found.id,
        "name": "default",
        "role": "owner",
        "created_by": None,
        "created_at": found.created_at.isoformat(),
    }


def test_to_an_administrator_all_workspaces_are_open(workbench):
    workbench.workspaces.create("team")
    other = workbench.on_behalf_of(Actor("ann", Role.OWNER, is_administrator=True))
    assert {found.name: found.role for found in other.workspaces.list()} == {"default": "owner", "team": "owner"}
