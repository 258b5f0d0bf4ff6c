"""The head of the access tab in a real JupyterLab: workspaces are made, turned to, renamed and left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.pages import Notebook, Panels
from tests.browser.servers import eventually
from workbench import Workbench

pytestmark = pytest.mark.browser

DEFAULT = "default"
WIDE = {"width": 1600, "height": 1200}


@pytest.fixture(autouse=True)
def _turned_to(panels: Panels, home: Workbench) -> Iterator[None]:
    panels.turn_to("Access")
    yield
    # Whatever a test turned to goes: the page is back where it was, and the home has one workspace and one project.
    if current(panels).get_by_text(DEFAULT, exact=True).count() == 0:
        turn(panels, DEFAULT)
    for workspace in home.workspaces.list():
        if workspace.name != DEFAULT:
            home.workspaces.delete(workspace.name)
    panels.turn_to("Train")


def current(panels: Panels) -> Locator:
    """The button that says which workspace the page shows."""
    return panels.workspace.get_by_role("button", name="Workspace: ")


def showing(panels: Panels, name: str) -> Locator:
    return panels.workspace.get_by_role("button", name=f"Workspace: {name}", exact=True)


def turn(panels: Panels, name: str) -> None:
    current(panels).click()
    panels.workspace.get_by_role("menuitemradio", name=name).click()
    expect(showing(panels, name)).to_be_focused()


def offers(panels: Panels, name: str) -> bool:
    """Look whether the menu has a workspace by now."""
    current(panels).click()
    found = panels.workspace.get_by_role("menuitemradio", name=name).count() > 0
    panels.page.keyboard.press("Escape")
    return found


def make(panels: Panels, name: str) -> None:
    """Make a workspace by keys alone; the page turns to it."""
    keyboard = panels.page.keyboard
    current(panels).focus()
    keyboard.press("Enter")
    expect(panels.workspace.get_by_role("menuitemradio", checked=True)).to_be_focused()
    keyboard.press("End")
    keyboard.press("Enter")
    asked = panels.workspace.get_by_role("dialog", name="New workspace")
    expect(asked.get_by_label("Name", exact=True)).to_be_focused()
    keyboard.type(name)
    keyboard.press("Enter")
    expect(showing(panels, name)).to_be_focused()


def test_a_workspace_is_made_and_turned_to_and_has_nothing_of_the_other(panels: Panels, home: Workbench) -> None:
    run = home.runs.submit(home.data.sample("iris"), target="species", include=["nb"], folds=2)
    make(panels, "lab")
    expect(panels.people).to_contain_text("1 member of lab")
    panels.turn_to("Train")
    expect(panels.runs).to_contain_text("No runs yet")
    expect(panels.data).to_contain_text("No table yet")
    panels.turn_to("Access")
    turn(panels, DEFAULT)
    panels.turn_to("Train")
    expect(panels.runs).to_contain_text(run.id[-8:])
    expect(panels.data).to_contain_text("iris")
    panels.turn_to("Access")


def test_a_workspace_is_renamed_and_a_name_that_is_taken_refused_where_it_was_typed(
    panels: Panels, home: Workbench
) -> None:
    make(panels, "lab")
    panels.workspace.get_by_role("button", name="Rename…").click()
    asked = panels.workspace.get_by_role("dialog", name="Rename lab")
    asked.get_by_label("Name", exact=True).fill(DEFAULT)
    asked.get_by_role("button", name="Rename", exact=True).click()
    expect(panels.error(asked)).to_contain_text("There is a workspace called 'default' already.")
    asked.get_by_label("Name", exact=True).fill("crew")
    asked.get_by_role("button", name="Rename", exact=True).click()
    expect(showing(panels, "crew")).to_be_visible()
    expect(panels.workspace.get_by_role("button", name="Rename…")).to_be_focused()
    assert [workspace.name for workspace in home.workspaces.list()] == ["crew", DEFAULT]


def test_the_last_owner_stays_until_there_is_another(panels: Panels, home: Workbench) -> None:
    make(panels, "lab")
    panels.workspace.get_by_role("button", name="Leave…").click()
    asked = panels.workspace.get_by_role("dialog", name="Leave lab?")
    asked.get_by_role("button", name="Leave", exact=True).click()
    expect(panels.error(asked)).to_contain_text("The workspace would have no owner any more.")
    home.within("lab").workspaces.set_role("vera", "owner")
    asked.get_by_role("button", name="Leave", exact=True).click()
    expect(showing(panels, DEFAULT)).to_be_focused()
    assert [member.name for member in home.within("lab").workspaces.members()] == ["vera"]


def test_an_empty_workspace_is_deleted_and_the_one_from_the_start_cannot_be(panels: Panels, home: Workbench) -> None:
    expect(panels.workspace.get_by_role("button", name="Delete…")).to_be_hidden()
    make(panels, "lab")
    panels.workspace.get_by_role("button", name="Delete…").click()
    asked = panels.workspace.get_by_role("dialog", name="Delete lab?")
    asked.get_by_role("button", name="Delete", exact=True).click()
    expect(showing(panels, DEFAULT)).to_be_focused()
    assert [workspace.name for workspace in home.workspaces.list()] == [DEFAULT]


def test_new_runs_go_into_the_project_that_is_chosen_and_the_form_says_so(panels: Panels, home: Workbench) -> None:
    make(panels, "lab")
    try:
        panels.workspace.get_by_role("button", name="Project of new runs: default").click()
        panels.workspace.get_by_role("menuitem", name="New project…").click()
        asked = panels.workspace.get_by_role("dialog", name="New project")
        asked.get_by_label("Name", exact=True).fill("spring")
        asked.get_by_role("button", name="Make it").click()
        expect(panels.workspace.get_by_role("button", name="Project of new runs: spring")).to_be_focused()
        panels.turn_to("Train")
        expect(panels.launch).to_contain_text("The run goes into the project spring")
    finally:
        panels.turn_to("Access")


def test_it_is_read_in_light_and_dark_and_on_a_narrow_page(panels: Panels, home: Workbench, notebook: Notebook) -> None:
    for name in ("churn team", "forecasts of the northern region"):
        home.workspaces.create(name)
    home.within("churn team").workspaces.set_role("vera", "editor")
    project = home.within("churn team").projects.create("spring campaign")
    eventually(lambda: offers(panels, "churn team"), "a workspace that was made elsewhere")
    turn(panels, "churn team")
    try:
        for theme, name in (("JupyterLab Dark", "12-workspace-dark"), ("JupyterLab Light", "12-workspace-light")):
            notebook.theme(theme)
            notebook.show_cell(1)
            current(panels).click()
            panels.picture(f"{name}.png")
            panels.page.keyboard.press("Escape")
            expect(current(panels)).to_be_focused()
        panels.workspace.get_by_role("button", name="Rename…").click()
        panels.picture("12-workspace-rename.png")
        panels.page.keyboard.press("Escape")
        panels.workspace.get_by_role("button", name="Project of new runs: default").click()
        panels.workspace.get_by_role("menuitemradio", name=project.name).click()
        expect(panels.workspace.get_by_role("button", name=f"Project of new runs: {project.name}")).to_be_focused()
        panels.page.set_viewport_size({"width": 360, "height": 1000})
        notebook.show_cell(1)
        panels.picture("12-workspace-narrow.png")
    finally:
        panels.page.set_viewport_size(WIDE)
    eventually(lambda: home.within("churn team").projects.delete(project.name) is None, "a project without runs")
