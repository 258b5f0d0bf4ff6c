"""What was refused is told, once, and not for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.access.seldom import Seldom
from workbench.errors import Forbidden, NotFound
from workbench.workbench import Workbench


def test_what_was_refused_is_told_once(workbench):
    viewer = workbench.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))
    with pytest.raises(Forbidden):
        viewer.data.sample("iris")
    (line,) = workbench.audit.list()
    assert (line.action, line.outcome, line.by) == ("access.denied", "denied", "vera")
    assert line.details == {"permission": "data:write", "code": "access.role_too_low", "role": "viewer"}


def test_what_was_refused_further_in_is_told_once(workbench):
    viewer = workbench.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))
    with pytest.raises(Forbidden):
        viewer.keys.create("too much", "runs:write")
    assert [line.action for line in workbench.audit.list()] == ["access.denied"]


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/meta-data/", "/etc/passwd"])
def test_what_was_refused_of_a_call_that_changes_nothing_is_told(mine, address):
    bearer = mine.for_key(mine.keys.create("ci", "*").secret, origin="http 192.0.2.8")
    with pytest.raises(Forbidden):
        bearer.data.test(address)
    (line,) = mine.audit.list(outcome="denied")
    assert (line.action, line.origin, line.message.split(":")[0]) == ("access.denied", "http 192.0.2.8", "Sources.test")


@pytest.mark.parametrize("by", [lambda mine: mine.workspaces.accept, lambda mine: mine.accept_invitation])
def test_a_code_that_is_none_is_told_once(mine, by):
    with pytest.raises(Forbidden):
        by(mine)("inv_none")
    (line,) = mine.audit.list(outcome="denied")
    assert (line.message.split(":")[0], line.details["code"]) == ("Workspaces.accept", "invitation.invalid")


def test_what_is_refused_or_fails_again_and_again_is_told_once_a_minute(mine):
    now = 0.0
    mine = Workbench(replace(mine._store, refusals=Seldom(lambda: now)))
    viewer = mine.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))

    def try_it() -> None:
        with pytest.raises(Forbidden):
            viewer.data.sample("iris")
        with pytest.raises(NotFound):
            mine.data.delete("nothing")

    for _ in range(30):
        try_it()
    assert sorted(line.action for line in mine.audit.list()) == ["access.denied", "call.failed"]
    now = 60.0
    try_it()
    told = [line.details.get("left_out") for line in mine.audit.list()]
    assert told == [29, 29, None, None]


def test_what_one_was_refused_keeps_no_other_refusal_from_being_told(mine):
    for name in ("vera", "viktor"):
        viewer = mine.on_behalf_of(Actor(name, Role.VIEWER, origin="http 192.0.2.9"))
        for act in (lambda: viewer.data.sample("iris"), lambda: viewer.projects.create("a")):  # noqa: B023
            with pytest.raises(Forbidden):
                act()
    assert len(mine.audit.list(outcome="denied")) == 4
