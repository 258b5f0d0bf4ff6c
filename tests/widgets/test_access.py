"""The panels for people, keys and the audit log without a browser: what they show, change and keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from workbench_widgets.app import Workbench as Page
from workbench_widgets.auditing import PAGE, AuditPanel
from workbench_widgets.desk import Desk
from workbench_widgets.keys import SCOPES, KeysPanel
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel
from workbench_widgets.people import PeoplePanel
from workbench_widgets.tabs import TabsPanel

import workbench
from workbench.access.permissions import Permission, Role, checked_scopes
from workbench.errors import WorkbenchError
from workbench.registry.pipeline import Pipeline
from workbench.serving import deployments
from workbench.store.store import Store
from workbench.store.tables import now


@pytest.fixture
def people(desk: Desk, feeder: Feeder) -> PeoplePanel:
    return PeoplePanel(desk, feeder)


@pytest.fixture
def keys(desk: Desk, feeder: Feeder) -> KeysPanel:
    return KeysPanel(desk, feeder)


@pytest.fixture
def audit(desk: Desk, feeder: Feeder) -> AuditPanel:
    return AuditPanel(desk, feeder)


@pytest.fixture
def viewing(home: workbench.Workbench) -> workbench.Workbench:
    """The same home, opened by somebody who may look."""
    home.workspaces.set_role("vera", "viewer")
    return home.on_behalf_of(replace(home.actor, name="vera", role=Role.VIEWER, is_administrator=False))


def kept(panel: Panel) -> str:
    """All that the kernel holds of a panel, and so a notebook that is saved with its widgets."""
    return json.dumps([panel._view, panel.get_state()], default=str)


def made(keys: KeysPanel, name: str = "ci", **asked: Any) -> dict[str, Any]:
    asked = {"scopes": ["runs:write"], "days": 90, "requests_per_minute": None} | asked
    return keys.commands["create"](name=name, **asked)


def test_every_permission_can_be_ticked_in_plain_words() -> None:
    assert {scope.split(":")[0] if scope.startswith("predict") else scope for scope in SCOPES} == set(Permission)
    assert checked_scopes(SCOPES) == tuple(sorted(SCOPES))


def test_a_scope_is_shown_with_what_goes_along_with_it(keys: KeysPanel) -> None:
    implied = {one["scope"]: one["implies"] for one in keys._view["scopes"]}
    assert implied["runs:write"] == ["data:read", "runs:read"]
    assert "predict:*" in implied["deployments:write"]


def test_a_key_is_told_once_and_kept_nowhere(keys: KeysPanel) -> None:
    answer = made(keys)
    assert answer["secret"].startswith("pck_")
    assert [key["prefix"] for key in keys._view["keys"]] == [answer["secret"][:12]]
    assert answer["secret"] not in kept(keys)


def test_an_invitation_is_told_once_and_kept_nowhere(people: PeoplePanel) -> None:
    answer = people.commands["invite"](user="grace", role="viewer", days=3)
    assert answer["code"].startswith("inv_")
    assert [(one["user"], one["role"], one["status"]) for one in people._view["invitations"]] == [
        ("grace", "viewer", "open")
    ]
    assert answer["code"] not in kept(people)


def test_what_a_command_answers_goes_to_the_page_and_stays_out_of_the_panels_state(
    keys: KeysPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(keys, "send", lambda content, buffers=None: sent.append(content))
    asked = {"name": "ci", "scopes": ["*"], "days": None, "requests_per_minute": None}
    keys._answer(None, {"command": "create", "call": "a-1", "arguments": asked}, [])
    (answer,) = sent
    assert answer["answer"] == "a-1"
    assert answer["result"]["secret"] not in kept(keys)


def test_a_rotated_key_takes_the_place_of_the_old_one_which_lives_for_its_grace(keys: KeysPanel) -> None:
    old = made(keys)["key"]
    new = keys.commands["rotate"](id=old["id"], grace_minutes=60)["key"]
    shown = {key["id"]: key for key in keys._view["keys"]}
    assert (new["name"], new["scopes"], shown[new["id"]]["replaces_id"]) == (old["name"], old["scopes"], old["id"])
    assert (shown[old["id"]]["status"], shown[old["id"]]["expires_at"] < old["expires_at"]) == ("active", True)


def test_a_revoked_key_stays_in_the_list_as_revoked(keys: KeysPanel) -> None:
    keys.commands["revoke"](id=made(keys)["key"]["id"])
    (key,) = keys._view["keys"]
    assert (key["status"], key["revoked_by"]) == ("revoked", keys.workbench.user)


def test_a_key_for_each_deployment_can_be_ticked(
    keys: KeysPanel, store: Store, promoted: Callable[..., Pipeline]
) -> None:
    deployments.create(store, "flowers", promoted().id, by="ada")
    keys.feed()
    assert keys._view["slugs"] == ["flowers"]
    assert made(keys, scopes=["predict:flowers"])["key"]["scopes"] == ["predict:flowers"]


def test_an_owner_sees_the_keys_of_everybody_once_asked_for(
    keys: KeysPanel, viewing: workbench.Workbench, home: workbench.Workbench
) -> None:
    viewing.keys.create("mine", ["runs:read"])
    made(keys)
    assert [key["name"] for key in keys._view["keys"]] == ["ci"]
    keys.commands["everybody"](is_on=True)
    assert {(key["name"], key["user"]) for key in keys._view["keys"]} == {("mine", "vera"), ("ci", home.user)}


def test_members_are_shown_with_their_roles_which_an_owner_changes(people: PeoplePanel) -> None:
    people.commands["set_role"](user="grace", role="viewer")
    people.commands["set_role"](user="grace", role="editor")
    assert {member["name"]: member["role"] for member in people._view["members"]} == {
        people.workbench.user: "owner",
        "grace": "editor",
    }
    people.commands["remove"](user="grace")
    assert [member["name"] for member in people._view["members"]] == [people.workbench.user]


def test_an_invitation_that_was_revoked_is_one_of_the_past(people: PeoplePanel) -> None:
    id = people.commands["invite"](user="grace", role="editor", days=7)["invitation"]["id"]
    people.commands["revoke_invitation"](id=id)
    assert [one["status"] for one in people._view["invitations"]] == ["revoked"]


def test_a_wrong_code_is_answered_with_one_sentence_and_joins_nothing(people: PeoplePanel) -> None:
    with pytest.raises(WorkbenchError, match="cannot be accepted"):
        people.commands["accept"](code="inv_wrong")


def test_a_viewer_is_told_what_they_may_not_do_and_why(viewing: workbench.Workbench, feeder: Feeder) -> None:
    desk = Desk(viewing)
    refused = PeoplePanel(desk, feeder)._view["refusals"]
    assert "vera is a viewer here; this takes an owner" in refused["members:write"]
    assert "keys:write" not in refused


def test_an_owner_is_refused_nothing(people: PeoplePanel) -> None:
    assert people._view["refusals"] == {}


def test_the_page_of_a_viewer_asks_for_nothing_that_is_refused(
    viewing: workbench.Workbench, home: workbench.Workbench, feeder: Feeder
) -> None:
    desk = Desk(viewing)
    for kind in (TabsPanel, PeoplePanel, KeysPanel, AuditPanel):
        panel = kind(desk, feeder)
        home.workspaces.set_role("grace", "editor" if kind is TabsPanel else "viewer")
        panel.feed()
    assert home.audit.list(outcome="denied") == []


def test_lines_come_newest_first_by_filters_and_page_by_page(audit: AuditPanel, home: workbench.Workbench) -> None:
    for number in range(PAGE + 3):
        home.projects.create(f"p{number}")
    home.keys.create("ci", ["runs:read"])
    first = audit.commands["lines"](action="project.created")
    assert (len(first["lines"]), first["has_more"]) == (PAGE, True)
    rest = audit.commands["lines"](action="project.created", before=first["lines"][-1]["seq"])
    assert (len(rest["lines"]), rest["has_more"]) == (3, False)
    (issued,) = audit.commands["lines"](subject="key", by=home.user, outcome="done")["lines"]
    assert (issued["action"], issued["origin"]) == ("key.issued", "python")


def test_lines_of_a_time_are_asked_for_as_a_browser_writes_times(audit: AuditPanel, home: workbench.Workbench) -> None:
    home.projects.create("p")
    later = (now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert audit.commands["lines"](since=later)["lines"] == []
    assert audit.commands["lines"](until=later)["lines"]


def test_a_log_is_verified_and_its_newest_line_named(audit: AuditPanel, home: workbench.Workbench) -> None:
    home.projects.create("p")
    told = audit.commands["verify"]()
    assert (told["is_whole"], told["head_seq"], told["problem"]) == (True, home.mark(), None)


def test_a_panel_shows_that_something_was_done_and_keeps_no_line_of_it(
    audit: AuditPanel, home: workbench.Workbench
) -> None:
    home.projects.create("secret-plans")
    audit.feed()
    assert audit._view["mark"] == home.mark()
    assert "secret-plans" not in kept(audit)


def test_the_page_goes_to_another_workspace_and_shows_what_is_there(workbench: workbench.Workbench) -> None:
    workbench.data.sample("iris")
    workbench.workspaces.create("lab")
    page = Page(workbench)
    try:
        assert page.tabs._view["me"]["workspaces"] == ["default", "lab"]
        page.tabs.commands["enter"](workspace="lab", tab="access")
        assert (page.tabs._view["me"]["workspace"], page.tabs._view["start"]) == ("lab", "access")
        assert page.data._view["sources"] == []
        shown = [set(child._dom_classes) for child in page.children[1:]]
        assert [sorted(classes) for classes in shown if "wb-away" not in classes] == [["wb-page", "wb-tab-access"]]
        with pytest.raises(WorkbenchError, match="nowhere"):
            page.tabs.commands["enter"](workspace="nowhere", tab="access")
    finally:
        page.feeder.close()
