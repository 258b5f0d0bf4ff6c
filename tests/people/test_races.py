"""What two do at the same moment: one of them does it, and the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from workbench.access.actor import Actor
from workbench.errors import WorkbenchError

AT_ONCE = 6


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Carry acts out at the same moment; return what each gave, or the code with which it was refused."""
    outcomes: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def carry_out(place: int, act: Callable[[], Any]) -> None:
        start.wait(30)
        try:
            outcomes[place] = act()
        except WorkbenchError as error:
            outcomes[place] = error.code

    threads = [threading.Thread(target=carry_out, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_of_two_acceptances_one_makes_the_member(home):
    code = home.workspaces.invite("bob").code
    bob = home.on_behalf_of(Actor("bob", None))
    outcomes = together(*[lambda: bob.workspaces.accept(code).name] * AT_ONCE)
    assert sorted(outcomes) == ["default", *["invitation.invalid"] * (AT_ONCE - 1)]
    assert [member.name for member in home.workspaces.members()].count("bob") == 1
    assert len(home.audit.list(action="invitation.accepted")) == 1


def test_of_several_invitations_that_are_accepted_at_once_one_counts(home):
    codes = [home.workspaces.invite("bob", role=role).code for role in ("viewer", "editor", "owner")]
    bob = home.on_behalf_of(Actor("bob", None))
    outcomes = together(*(lambda code=code: bob.workspaces.accept(code).role for code in codes))
    assert outcomes.count("invitation.invalid") == 2
    (member,) = [member for member in home.workspaces.members() if member.name == "bob"]
    assert member.role in outcomes


def test_two_owners_do_not_take_each_others_place_away(home):
    names = ["ann", "bob"]
    for name in names:
        home.workspaces.set_role(name, "owner")
    home.workspaces.set_role(home.user, "viewer")
    outcomes = together(*(lambda name=name: str(home.workspaces.set_role(name, "viewer").role) for name in names))
    assert sorted(outcomes) == ["member.last_owner", "viewer"]
    assert [str(member.role) for member in home.workspaces.members()].count("owner") == 1


def test_a_name_is_taken_once(home):
    outcomes = together(*[lambda: home.workspaces.create("team").name] * AT_ONCE)
    assert sorted(outcomes) == ["team", *["workspace.name_taken"] * (AT_ONCE - 1)]
    outcomes = together(*[lambda: home.projects.create("spring").name] * AT_ONCE)
    assert sorted(outcomes) == sorted(["spring", *["project.name_taken"] * (AT_ONCE - 1)])


def test_a_name_is_given_once(home):
    ids = [home.projects.create(name).id for name in ("a", "b", "c")]
    outcomes = together(*(lambda each=each: home.projects.rename(each, "spring").id for each in ids))
    assert outcomes.count("project.name_taken") == 2


def test_a_user_whom_several_make_a_member_is_one(home):
    outcomes = together(*[lambda: home.workspaces.set_role("bob", "viewer").name] * AT_ONCE)
    assert outcomes == ["bob"] * AT_ONCE
    assert [member.name for member in home.workspaces.members()].count("bob") == 1


def test_a_project_is_deleted_once(home):
    made = home.projects.create("spring")
    outcomes = together(*[lambda: home.projects.delete(made.id)] * AT_ONCE)
    assert sorted(map(str, outcomes)) == ["None", *["project.not_found"] * (AT_ONCE - 1)]


def test_a_workspace_is_deleted_or_has_what_was_made_in_it(home):
    home.workspaces.create("team")
    team = home.within("team")
    outcomes = together(lambda: home.workspaces.delete("team"), lambda: team.projects.create("spring").name)
    assert outcomes in ([None, "spring"], [None, "workspace.not_found"])
    assert [found.name for found in home.workspaces.list()] == ["default"]


@pytest.mark.parametrize("home", ["postgresql"], indirect=True)
def test_the_log_of_what_was_done_at_once_is_whole(home):
    together(*(lambda name=name: home.workspaces.set_role(name, "viewer") for name in "abcdef"))
    found = home.audit.verify()
    assert (found.is_whole, len(home.audit.list(action="member.role_set"))) == (True, 6)
