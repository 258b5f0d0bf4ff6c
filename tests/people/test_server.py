"""Several users on one database server: each does there what their role allows."""

from __future__ import annotations

import pytest

from workbench.access.permissions import Role
from workbench.errors import Forbidden, NotFound


@pytest.fixture
def root(opened_by):
    """The home, open for whoever opened it first."""
    return opened_by("root")


def test_whoever_opens_the_database_first_administrates_it(root):
    assert (root.user, root.actor.role, root.actor.is_administrator) == ("root", Role.OWNER, True)
    (member,) = root.workspaces.members()
    assert (member.name, member.role, member.is_administrator) == ("root", Role.OWNER, True)


@pytest.mark.usefixtures("root")
def test_whoever_comes_later_does_nothing_before_they_are_made_a_member(opened_by):
    bob = opened_by("bob")
    assert (bob.actor.role, bob.actor.is_administrator) == (None, False)
    assert bob.workspaces.list() == []
    for act in (bob.runs.list, bob.data.list, bob.workspaces.members, lambda: bob.projects.create("x")):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.not_a_member"
    with pytest.raises(Forbidden) as caught:
        bob.workspaces.create("mine")
    assert caught.value.code == "access.role_too_low"


def test_a_viewer_looks_and_changes_nothing(root, opened_by):
    root.data.sample("iris")
    root.workspaces.set_role("bob", "viewer")
    bob = opened_by("bob")
    assert [source.name for source in bob.data.list()] == ["iris"]
    assert [member.name for member in bob.workspaces.members()] == ["bob", "root"]
    for act in (
        lambda: bob.data.sample("wine"),
        lambda: bob.data.delete("iris"),
        lambda: bob.runs.submit("iris", target="species"),
        lambda: bob.projects.create("x"),
        lambda: bob.workspaces.set_role("bob", "owner"),
        lambda: bob.audit.list(),
    ):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.role_too_low"


def test_an_editor_makes_projects_and_no_members(root, opened_by):
    root.workspaces.set_role("bob", "editor")
    bob = opened_by("bob")
    assert bob.projects.create("spring").created_by == "bob"
    with pytest.raises(Forbidden):
        bob.workspaces.invite("eve")
    assert [(line.by, line.action) for line in root.audit.list(limit=2)] == [
        ("bob", "access.denied"),
        ("bob", "project.created"),
    ]


def test_whoever_is_invited_joins_from_their_own_notebook(root, opened_by):
    code = root.workspaces.invite("bob", role="editor").code
    eve, bob = opened_by("eve"), opened_by("bob")
    with pytest.raises(Forbidden):
        eve.workspaces.accept(code)
    assert bob.workspaces.accept(code).role == Role.EDITOR
    assert bob.within().projects.create("spring").created_by == "bob"
    assert opened_by("bob").actor.role == Role.EDITOR


def test_one_works_where_the_other_cannot_look(root, opened_by):
    for name in ("ann", "bob"):
        root.workspaces.create(f"{name}s")
        root.within(f"{name}s").workspaces.set_role(name, "owner")
    ann, bob = (opened_by(name, workspace=f"{name}s") for name in ("ann", "bob"))
    source = ann.data.sample("iris")
    assert bob.data.list() == []
    with pytest.raises(NotFound):
        bob.data.get(source.id)
    with pytest.raises(NotFound):
        opened_by("bob", workspace="anns")
    assert [found.name for found in bob.workspaces.list()] == ["bobs"]
    assert [found.name for found in root.workspaces.list()] == ["anns", "bobs", "default"]


def test_whoever_is_removed_is_out_when_they_come_again(root, opened_by):
    root.workspaces.set_role("bob", "owner")
    bob = opened_by("bob")
    assert bob.workspaces.current().role == Role.OWNER
    root.workspaces.remove("bob")
    assert opened_by("bob").actor.role is None


def test_the_log_says_who_did_what(root, opened_by):
    root.workspaces.set_role("bob", "editor")
    opened_by("bob").projects.create("spring")
    assert {(line.by, line.action) for line in root.audit.list()} == {
        ("root", "member.role_set"),
        ("bob", "project.created"),
    }
    assert root.audit.verify().is_whole
