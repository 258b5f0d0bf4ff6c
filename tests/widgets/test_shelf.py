"""Boxes of panels: nothing that is open holds what is closed."""

from __future__ import annotations

import ipywidgets
import pytest
from workbench_widgets.dashboard import RunsDashboard, ServingDashboard
from workbench_widgets.data import DataPanel
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel
from workbench_widgets.shelf import Shelf

import workbench


@pytest.fixture
def data(desk: Desk, feeder: Feeder) -> DataPanel:
    return DataPanel(desk, feeder)


def known() -> set[str]:
    """Ids of all that a page which is loaded anew is told of."""
    return set(ipywidgets.Widget.get_manager_state()["state"])


def test_a_part_that_is_closed_is_let_go():
    first, second = Shelf(), ipywidgets.Label("second")
    shelf = Shelf([first, second])
    first.close()
    assert shelf.children == (second,)
    assert {shelf.model_id, second.model_id} <= known()


def test_a_part_that_came_later_is_let_go_too():
    shelf = Shelf([ipywidgets.Label("first")])
    second = Shelf()
    shelf.children = (*shelf.children, second)
    second.close()
    assert second not in shelf.children


def test_a_panel_leaves_a_box_of_somebody_elses_and_the_box_stays(data: DataPanel):
    label = ipywidgets.Label("beside")
    box = ipywidgets.HBox([data, label])
    data.close()
    assert box.children == (label,)
    assert {box.model_id, label.model_id} <= known()


def test_a_box_is_left_before_what_it_held_is_closed(data: DataPanel):
    box = ipywidgets.HBox([data])
    held = []
    box.observe(lambda change: held.append(data.comm is not None), names="children")
    data.close()
    assert held == [True]


def test_what_stays_among_tabs_keeps_its_title_and_stays_in_sight():
    first, second = Shelf(), Shelf()
    tabs = ipywidgets.Tab([first, second], titles=["Runs", "Board"], selected_index=1)
    first.close()
    assert (tabs.children, tabs.titles, tabs.selected_index) == ((second,), ("Board",), 0)


def test_a_layout_that_was_given_stays_for_others():
    layout = ipywidgets.Layout(width="50%")
    first, second = Shelf([], layout=layout), ipywidgets.Box(layout=layout)
    first.close()
    assert {layout.model_id, second.model_id} <= known()


def test_boxes_are_closed_with_the_last_of_what_they_hold():
    part = Shelf()
    inner = Shelf([part])
    outer = Shelf([inner])
    ids = {widget.model_id for widget in (inner, inner.layout, outer, outer.layout)}
    assert ids <= known()
    part.close()
    assert not ids & known()


@pytest.mark.parametrize("kind", [RunsDashboard, ServingDashboard])
def test_a_dashboard_goes_with_its_panels(kind: type[Shelf], home: workbench.Workbench):
    board = kind(home)
    board.feeder.close()
    panels = [part for part in board.children if isinstance(part, Panel)]
    assert {each.model_id for each in (board, *panels)} <= known()
    ids = {board.model_id, *(panel.model_id for panel in panels)}
    for panel in panels:
        panel.close()
    assert not ids & known()
