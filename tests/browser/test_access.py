"""People, keys and the audit log in a real JupyterLab: what is told once, what is kept nowhere, who may do what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.pages import Notebook, Panels
from tests.browser.servers import ARTIFACTS, TOKEN, Server, eventually
from workbench import Workbench

pytestmark = pytest.mark.browser

SECRET = re.compile(r"(pck_|inv_)[A-Za-z0-9_-]{20,}")
"""More of a secret than the beginning that is shown."""
PICTURES = (("JupyterLab Dark", "11-access-dark"), ("JupyterLab Light", "11-access"))


@pytest.fixture(autouse=True)
def _turned_to(panels: Panels) -> Iterator[None]:
    panels.turn_to("Access")
    yield
    panels.turn_to("Train")


@pytest.fixture(autouse=True)
def _no_keys(home: Workbench) -> Iterator[None]:
    yield
    for key in home.keys.list():
        home.keys.revoke(key)
    for invitation in home.workspaces.invitations():
        if invitation.status == "open":
            home.workspaces.revoke_invitation(invitation.id)


def made_key(panels: Panels, name: str, *scopes: str) -> tuple[Locator, str]:
    """Make a key by the form; return what tells it, and the key."""
    keys = panels.keys
    keys.get_by_role("button", name="New key…").click()
    form = keys.get_by_role("form", name="New key")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill(name)
    for scope in scopes:
        form.get_by_label(scope, exact=True).check()
    form.get_by_role("button", name="Make the key").click()
    card = keys.get_by_role("region", name=f"Key {name}", exact=True)
    expect(card).to_be_focused()
    panels.keys.screenshot(path=ARTIFACTS / "11-key.png", animations="disabled")
    secret = card.locator(".wb-secret-text").inner_text()
    assert SECRET.fullmatch(secret)
    return card, secret


def test_a_key_is_made_copied_saved_used_rotated_and_revoked(panels: Panels, home: Workbench) -> None:
    keys = panels.keys
    panels.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card, secret = made_key(panels, "nightly", "Launch, cancel and delete runs")
    card.get_by_role("button", name="Copy").click()
    eventually(
        lambda: panels.page.evaluate("() => navigator.clipboard.readText()") == secret, "the key on the clipboard"
    )
    assert home.for_key(secret, origin="python").user == home.user
    card.get_by_role("button", name="I have saved it").click()
    expect(card).to_have_count(0)
    expect(keys.get_by_role("button", name="New key…")).to_be_focused()

    line = keys.get_by_role("list", name="Keys that work", exact=True).get_by_role("listitem")
    expect(line).to_contain_text(f"{secret[:12]}…")
    expect(line).to_contain_text("active")
    expect(line).to_contain_text(re.compile(r"expires \d+ \w+ 20\d\d"))
    line.get_by_role("button", name="Rotate nightly").click()
    asked = panels.page.get_by_role("dialog", name="Rotate nightly")
    asked.get_by_label("The old one stops working").select_option(label="1 hour from now")
    asked.get_by_role("button", name="Rotate", exact=True).click()
    rotated = keys.get_by_role("region", name="Key nightly, rotated")
    expect(rotated).to_be_visible()
    assert rotated.locator(".wb-secret-text").inner_text() != secret
    rotated.get_by_role("button", name="I have saved it").click()
    expect(line).to_have_count(2)
    # Late in the evening, an hour from now is tomorrow, which is told with its day.
    expect(line.filter(has_text=secret[:12])).to_contain_text(re.compile(r"expires (\d+ \w+, )?\d\d:\d\d"))

    old = line.filter(has_text=secret[:12])
    old.get_by_role("button", name="Revoke nightly").click()
    old.get_by_role("button", name="Revoke nightly").click()
    expect(line).to_have_count(1)
    keys.get_by_text("Revoked and expired (1)").click()
    expect(keys.get_by_role("list", name="Keys that work no more")).to_contain_text("revoked")


def test_a_form_that_says_too_little_is_told_so_where_it_lacks(panels: Panels) -> None:
    keys = panels.keys
    keys.get_by_role("button", name="New key…").click()
    form = keys.get_by_role("form", name="New key")
    make = form.get_by_role("button", name="Make the key")
    make.click()
    expect(panels.error(keys).first).to_contain_text("Give the key a name")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill("ci")
    make.click()
    expect(panels.error(keys).first).to_contain_text("Tick what the key is for")
    form.get_by_label("Launch, cancel and delete runs").check()
    along = form.get_by_label("See runs, their events and leaderboards")
    expect(along).to_be_checked()
    expect(along).to_be_disabled()
    expect(form.get_by_text("Scopes: runs:write")).to_be_visible()
    panels.page.keyboard.press("Escape")
    expect(form).to_be_hidden()


def test_what_was_told_once_is_in_no_notebook_and_gone_after_the_page_is_loaded_anew(
    panels: Panels, notebook: Notebook, lab: Server
) -> None:
    _, secret = made_key(panels, "kept", "Predict with every deployment")
    people = panels.people
    people.get_by_role("button", name="Invite…").click()
    form = people.get_by_role("form", name="Invite somebody")
    form.get_by_label("Name", exact=True).fill("grace")
    form.get_by_role("button", name="Invite", exact=True).click()
    code = people.get_by_role("region", name="Invitation of grace").locator(".wb-secret-text").inner_text()
    assert SECRET.fullmatch(code)
    expect(people.get_by_role("list", name="Open invitations")).to_contain_text("grace")

    saved = notebook.saved_with_widgets()
    assert "application/vnd.jupyter.widget-state+json" in json.dumps(saved["metadata"])
    assert secret[:12] in json.dumps(saved)
    assert SECRET.search(json.dumps(saved)) is None

    # By its address: where JupyterLab was opened before, a page that is reloaded may show the launcher instead.
    Notebook.open(panels.page, f"{lab.url}/?token={TOKEN}")
    panels.turn_to("Access")
    expect(panels.keys.get_by_role("list", name="Keys that work", exact=True)).to_contain_text("kept")
    expect(panels.people.get_by_role("list", name="Open invitations")).to_contain_text("grace")
    assert SECRET.search(panels.page.content()) is None


@pytest.fixture
def lab_beside(panels: Panels, home: Workbench) -> Iterator[Locator]:
    """What chooses the workspace, of which there are two: default and lab."""
    home.workspaces.create("lab")
    chosen = panels.page.get_by_role("combobox", name="Workspace", exact=True)
    yield chosen
    saved = panels.keys.get_by_role("button", name="I have saved it")
    while saved.count():
        saved.first.click()
    if chosen.input_value() != "default":
        chosen.select_option("default")
        expect(panels.people).to_contain_text("1 member of default")
    home.workspaces.delete("lab")


def test_no_other_workspace_is_turned_to_before_a_key_is_saved(panels: Panels, lab_beside: Locator) -> None:
    card, secret = made_key(panels, "fresh", "Predict with every deployment")
    panels.turn_to("Train")
    lab_beside.select_option("lab")
    expect(panels.page.get_by_text("Key fresh is shown only now. Say that you have saved it first.")).to_be_visible()
    expect(lab_beside).to_have_value("default")
    expect(card.locator(".wb-secret-text")).to_have_text(secret)
    expect(card).to_be_visible()
    panels.picture("11-unsaved.png")
    card.get_by_role("button", name="I have saved it").click()
    lab_beside.select_option("lab")
    expect(lab_beside).to_have_value("lab")
    expect(panels.people).to_contain_text("1 member of lab")


def test_no_other_workspace_is_turned_to_while_a_key_is_being_made(
    panels: Panels, notebook: Notebook, lab_beside: Locator, tmp_path: Path
) -> None:
    expect(lab_beside.locator("option")).to_have_count(2)
    go = tmp_path / "go"
    notebook.start_cell(f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)")
    eventually(lambda: notebook.is_last_cell_running, "a cell under way")
    keys = panels.keys
    keys.get_by_role("button", name="New key…").click()
    form = keys.get_by_role("form", name="New key")
    form.get_by_label("Name", exact=True).fill("late")
    form.get_by_label("Predict with every deployment", exact=True).check()
    form.get_by_role("button", name="Make the key").click()
    lab_beside.select_option("lab")
    # Kernels that answer beside a cell have made it by now.
    why = re.compile("A key or an invitation is being made|Key late is shown only now")
    expect(panels.page.get_by_text(why)).to_be_visible()
    assert notebook.is_last_cell_running
    go.touch()
    expect(keys.get_by_role("region", name="Key late", exact=True)).to_be_visible()
    expect(lab_beside).to_have_value("default")
    notebook.drop_last_cell()


def test_an_invitation_is_revoked_after_it_was_asked_back(panels: Panels, home: Workbench) -> None:
    home.workspaces.invite("linus", role="viewer")
    people = panels.people
    opened = people.get_by_role("list", name="Open invitations").get_by_role("listitem").filter(has_text="linus")
    revoke = opened.get_by_role("button", name="Revoke the invitation of linus")
    revoke.click()
    expect(opened).to_be_visible()
    revoke.click()
    expect(opened).to_have_count(0)


def test_a_member_gets_another_role_and_is_removed(panels: Panels, home: Workbench) -> None:
    home.workspaces.set_role("linus", "viewer")
    member = panels.people.get_by_role("list", name="Members").get_by_role("listitem").filter(has_text="linus")
    member.get_by_label("Role of linus").select_option("editor")
    eventually(lambda: {one.name: one.role for one in home.workspaces.members()}["linus"] == "editor", "an editor")
    remove = member.get_by_role("button", name="Remove linus")
    remove.click()
    remove.click()
    expect(member).to_have_count(0)


def test_the_audit_log_is_filtered_read_in_detail_verified_and_downloaded(
    panels: Panels, home: Workbench, notebook: Notebook
) -> None:
    for name, role in (("linus", "editor"), ("vera", "viewer")):
        home.workspaces.set_role(name, role)
    home.keys.create("shop", ["predict:*"], days=None, requests_per_minute=600)
    home.keys.create("ci", ["runs:write", "data:write"], days=5)
    home.workspaces.invite("grace", role="viewer")
    audit = panels.audit
    lines = audit.locator(".wb-audit-line")
    expect(lines.first).to_contain_text("invitation.created")
    audit.get_by_label("Action", exact=True).fill("key.issued")
    expect(audit.locator(".wb-audit-line code").first).to_have_text("key.issued")
    expect(lines.filter(has_text="ci")).to_have_count(1)
    lines.filter(has_text="ci").get_by_role("button").click()
    detail = audit.locator(".wb-audit-more:not([hidden])")
    expect(detail).to_contain_text("python")
    expect(detail).to_contain_text(re.compile("[0-9a-f]{64}"))
    audit.get_by_role("button", name="Verify").click()
    expect(audit.get_by_text("Whole", exact=True)).to_be_visible()
    expect(audit.get_by_text(re.compile(r"\d+ lines?, none missing, none changed"))).to_be_visible()
    try:
        for theme, name in PICTURES:
            notebook.theme(theme)
            notebook.show_cell(1)
            panels.picture(f"{name}.png")
        audit.scroll_into_view_if_needed()
        audit.screenshot(path=ARTIFACTS / "11-audit.png", animations="disabled")
        for width, height in ((700, 1400), (360, 1400)):
            panels.page.set_viewport_size({"width": width, "height": height})
            panels.picture(f"11-access-{width}.png")
            audit.screenshot(path=ARTIFACTS / f"11-audit-{width}.png", animations="disabled")
    finally:
        panels.page.set_viewport_size({"width": 1600, "height": 1200})
    audit.get_by_role("button", name="Clear the filters").click()
    home.workspaces.remove("linus")
    expect(lines.filter(has_text="member.removed").first).to_be_visible()
    home.workspaces.remove("vera")

    with panels.page.expect_download() as told:
        audit.get_by_role("button", name="JSON lines").click()
    assert told.value.suggested_filename.endswith(".jsonl")
    exported = [json.loads(line) for line in Path(told.value.path()).read_text().splitlines()]
    assert [line["seq"] for line in exported] == sorted(entry.seq for entry in home.audit.list(limit=1000))


def test_a_log_that_lacks_a_line_is_said_to_be_broken_there(panels: Panels, notebook: Notebook, tmp_path: Path) -> None:
    notebook.start_cell(
        "import sqlite3, workbench\n"
        "from workbench_widgets import AuditPanel\n"
        "from workbench_widgets.desk import Desk\n"
        "from workbench_widgets.live import Feeder\n"
        f"wb = workbench.connect(home={str(tmp_path)!r})\n"
        "for name in 'abcdef':\n"
        "    wb.projects.create(name)\n"
        "raw = sqlite3.connect(wb.settings.home / 'workbench.db')\n"
        "for (guard,) in raw.execute(\"SELECT name FROM sqlite_master WHERE type = 'trigger'\").fetchall():\n"
        "    raw.execute(f'DROP TRIGGER {guard}')\n"
        "raw.execute('DELETE FROM audit_log WHERE seq = 3')\n"
        "raw.commit()\n"
        "raw.close()\n"
        "feeder = Feeder(wb)\n"
        "shown = AuditPanel(Desk(wb), feeder)\n"
        "feeder.add(shown)\n"
        "shown"
    )
    audit = panels.audit.last
    try:
        expect(audit.locator(".wb-audit-line")).to_have_count(5)
        audit.get_by_role("button", name="Verify").click()
        expect(audit.get_by_text("Broken", exact=True)).to_be_visible()
        around = audit.get_by_role("button", name="Show the lines around it")
        expect(audit.get_by_role("status").first).to_contain_text(re.compile("First bad line: [34]"))
        audit.screenshot(path=ARTIFACTS / "11-audit-broken.png", animations="disabled")
        around.click()
        expect(audit.locator(".wb-audit-line").first).to_contain_text("project.created")
    finally:
        notebook.drop_last_cell()


def test_another_workspace_is_entered_from_the_head_of_the_page(panels: Panels, home: Workbench) -> None:
    home.workspaces.create("lab")
    try:
        who = panels.page.get_by_role("group", name="Who you are here")
        expect(who).to_contain_text(f"{home.user} · owner")
        who.get_by_label("Workspace").select_option("lab")
        expect(panels.people).to_contain_text("1 member of lab")
        expect(panels.people).to_be_visible()
        expect(who.get_by_label("Workspace")).to_have_value("lab")
        who.get_by_label("Workspace").select_option("default")
        expect(panels.people).to_contain_text("of default")
    finally:
        home.workspaces.delete("lab")
    expect(who).to_be_hidden()


def test_a_viewer_sees_why_a_button_does_nothing(panels: Panels, notebook: Notebook, home: Workbench) -> None:
    home.workspaces.set_role("vera", "viewer")
    notebook.start_cell(
        "from dataclasses import replace\n"
        "import workbench, workbench_widgets\n"
        "from workbench.access.permissions import Role\n"
        "wb = workbench.connect()\n"
        "viewing = wb.on_behalf_of(replace(wb.actor, name='vera', role=Role.VIEWER, is_administrator=False))\n"
        "workbench_widgets.Workbench(viewing)"
    )
    theirs = panels.page.locator(".wb-tabbed").last
    try:
        expect(theirs.get_by_role("group", name="Who you are here")).to_contain_text("vera · viewer")
        theirs.get_by_role("tab", name="Access").click()
        people = theirs.get_by_role("region", name="People", exact=True)
        invite = people.get_by_role("button", name="Invite…")
        expect(invite).to_have_attribute("aria-disabled", "true")
        invite.focus()
        panels.page.keyboard.press("Enter")
        expect(
            theirs.get_by_role("status").filter(has_text="vera is a viewer here; this takes an owner").first
        ).to_be_visible()
        expect(people.get_by_role("form", name="Invite somebody")).to_be_hidden()
        expect(theirs.get_by_role("region", name="Audit log", exact=True)).to_contain_text(
            "The audit log is for owners."
        )
        panels.picture("11-access-viewer.png")
        keys = theirs.get_by_role("region", name="Keys", exact=True)
        keys.get_by_role("button", name="New key…").click()
        form = keys.get_by_role("form", name="New key")
        expect(form.get_by_label("See runs, their events and leaderboards")).to_be_enabled()
        expect(form.get_by_label("Launch, cancel and delete runs")).to_be_disabled()
        expect(form).to_contain_text("What is grey takes a higher role than yours.")
        keys.screenshot(path=ARTIFACTS / "11-keys-viewer.png", animations="disabled")
        form.get_by_label("Name", exact=True).fill("reading")
        form.get_by_label("See runs, their events and leaderboards").check()
        form.get_by_role("button", name="Make the key").click()
        # It is answered after all that was pressed before: a refusal of that would be on record by now.
        keys.get_by_role("region", name="Key reading", exact=True).get_by_role("button", name="I have saved it").click()
        theirs.get_by_role("tab", name="Train").click()
        launch = theirs.get_by_role("button", name="Launch", exact=True)
        expect(launch).to_have_attribute("title", re.compile("vera is a viewer here; this takes an editor"))
        assert home.audit.list(outcome="denied", by="vera") == []
    finally:
        notebook.drop_last_cell()
        home.workspaces.remove("vera")
