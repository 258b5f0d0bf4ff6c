"""Boxes of panels: nothing that is open holds what is closed."""

from __future__ import annotations

import ipywidgets
from workbench_widgets.shelf import Shelf


def known() -> set[str]:
    """Ids of all that a page which is loaded anew is told of."""
    return set(ipywidgets.Widget.get_manager_state()["state"])


def test_a_part_that_is_closed_is_let_go():
    first, second = ipywidgets.Label("first"), ipywidgets.Label("second")
    shelf = Shelf([first, second])
    first.close()
    assert shelf.children == (second,)
    assert {shelf.model_id, second.model_id} <= known()


def test_a_part_that_came_later_is_let_go_too():
    shelf = Shelf([ipywidgets.Label("first")])
    second = ipywidgets.Label("second")
    shelf.children = (*shelf.children, second)
    second.close()
    assert second not in shelf.children


def test_boxes_are_closed_with_the_last_of_what_they_hold():
    part = ipywidgets.Label("only")
    inner = Shelf([part])
    outer = Shelf([inner])
    ids = {widget.model_id for widget in (inner, inner.layout, outer, outer.layout)}
    assert ids <= known()
    part.close()
    assert not ids & known()
