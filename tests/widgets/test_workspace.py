"""The head of the access tab without a browser: workspaces, and the project that new runs go into."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ipywidgets import Widget
from workbench_widgets.app import Workbench as Page
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.workspace import WorkspacePanel

import workbench
from workbench.errors import Conflict, NotFound, WorkbenchError


@pytest.fixture
def page(workbench: workbench.Workbench) -> Iterator[Page]:
    """The whole page, over a home with a table; what it starts is ended with it."""
    workbench.data.sample("iris")
    made = Page(workbench)
    yield made
    made.feeder.close()


@pytest.fixture
def entered() -> list[tuple[str, str]]:
    """Where a panel had its page go."""
    return []


@pytest.fixture
def panel(desk: Desk, feeder: Feeder, entered: list[tuple[str, str]]) -> WorkspacePanel:
    return WorkspacePanel(desk, feeder, enter=lambda workspace, tab: entered.append((workspace, tab)))


def names(panel: WorkspacePanel) -> list[tuple[str, str]]:
    return [(one["name"], one["role"]) for one in panel._view["workspaces"]]


def test_it_shows_where_one_is_and_where_else_one_may_go(panel: WorkspacePanel, home: workbench.Workbench) -> None:
    home.workspaces.create("lab")
    panel.feed()
    assert names(panel) == [("default", "owner"), ("lab", "owner")]
    assert (panel._view["here"]["name"], panel._view["here"]["is_fixed"]) == ("default", True)


def test_a_workspace_that_is_made_is_gone_to_at_once(
    panel: WorkspacePanel, home: workbench.Workbench, entered: list[tuple[str, str]]
) -> None:
    panel.commands["create"](name="lab")
    assert entered == [(home.workspaces.get("lab").id, "access")]


def test_the_page_of_a_new_workspace_shows_what_is_there(page: Page) -> None:
    first = page.workspace._view["here"]["id"]
    page.workspace.commands["create"](name="lab")
    assert page.workspace._view["here"]["name"] == "lab"
    assert (page.data._view["sources"], page.runs._view["runs"]) == ([], [])
    page.workspace.commands["enter"](workspace=first)
    assert [source["name"] for source in page.launch._view["sources"]] == ["iris"]


def test_a_name_that_is_taken_leaves_one_where_one_is(
    panel: WorkspacePanel, home: workbench.Workbench, entered: list[tuple[str, str]]
) -> None:
    with pytest.raises(Conflict, match="There is a workspace called 'default' already"):
        panel.commands["create"](name="default")
    assert entered == []


def test_another_name_is_shown_at_once(page: Page, workbench: workbench.Workbench) -> None:
    page.workspace.commands["create"](name="lab")
    page.workspace.commands["rename"](name="crew")
    assert page.workspace._view["here"]["name"] == "crew"
    assert [workspace.name for workspace in workbench.workspaces.list()] == ["crew", "default"]


def test_whoever_leaves_or_deletes_a_workspace_goes_on_elsewhere(page: Page, workbench: workbench.Workbench) -> None:
    workbench.workspaces.create("another")
    page.workspace.commands["create"](name="lab")
    with pytest.raises(Conflict, match="no owner any more"):
        page.workspace.commands["leave"]()
    assert page.workspace._view["here"]["name"] == "lab"
    workbench.within("lab").workspaces.set_role("vera", "owner")
    assert page.workspace.commands["leave"]() == {"is_elsewhere": True}
    assert page.workspace._view["here"]["name"] == "default"
    page.workspace.commands["enter"](workspace=workbench.workspaces.get("another").id)
    page.workspace.commands["delete"]()
    assert page.workspace._view["here"]["name"] == "default"
    assert [workspace.name for workspace in workbench.workspaces.list()] == ["default", "lab"]


def test_a_workspace_with_data_in_it_is_not_deleted(page: Page, workbench: workbench.Workbench) -> None:
    page.workspace.commands["create"](name="lab")
    page.workspace.workbench.data.sample("iris")
    with pytest.raises(Conflict, match="not empty"):
        page.workspace.commands["delete"]()
    assert page.workspace._view["here"]["name"] == "lab"


def test_new_runs_go_into_the_project_that_is_chosen(page: Page, workbench: workbench.Workbench) -> None:
    asked = {"data": "iris", "target": "species", "include": ["nb"], "folds": 2}
    page.launch.commands["launch"](**asked)
    assert page.launch._view["project"] is None
    page.workspace.commands["create_project"](name="spring")
    page.launch.feed()
    assert page.launch._view["project"] == "spring"
    page.launch.commands["launch"](**asked)
    page.workspace.look_again()
    assert {one["name"]: one["runs"] for one in page.workspace._view["projects"]} == {"default": 1, "spring": 1}
    page.workspace.commands["choose_project"](id=workbench.projects.get("default").id)
    page.launch.commands["launch"](**asked)
    assert {project.name: project.run_count for project in workbench.projects.list()} == {"default": 2, "spring": 1}


def test_a_project_that_was_deleted_elsewhere_is_given_up(panel: WorkspacePanel, home: workbench.Workbench) -> None:
    panel.commands["create_project"](name="spring")
    spring = home.projects.get("spring").id
    home.projects.delete("spring")
    with pytest.raises(NotFound, match="no project"):
        panel.commands["choose_project"](id=spring)
    panel.feed()
    assert panel._view["project"] == home.projects.current().id


def test_a_workspace_that_is_not_there_is_not_gone_to(page: Page) -> None:
    with pytest.raises(WorkbenchError, match="nowhere"):
        page.workspace.commands["enter"](workspace="nowhere")
    assert page.workspace._view["here"]["name"] == "default"


def test_while_a_table_is_on_its_way_in_no_other_workspace_is_shown(page: Page, home: workbench.Workbench) -> None:
    home.workspaces.create("lab")
    page.data.commands["begin"](work="one", name="sales.csv", size=10)
    with pytest.raises(Conflict) as raised:
        page.enter("lab", "access")
    assert raised.value.code == "data.on_its_way"
    page.data.commands["cancel"]("one")
    page.enter("lab", "access")
    assert page.workspace._view["here"]["name"] == "lab"


def test_a_page_that_turned_to_another_workspace_can_be_loaded_anew(page: Page, home: workbench.Workbench) -> None:
    home.workspaces.create("lab")
    before, name = page.data, page.data.model_id
    page.enter("lab", "access")
    # As the feeder does once it is out of sight.
    before.close()
    state = Widget.get_manager_state()["state"]
    assert page.data.model_id in state
    assert name not in state
