"""Widgets that leave what holds them when they are closed, and boxes that are closed with the last of what they hold.

A page that is loaded anew asks for every box that is open, seen or not, and none can tell of parts that are closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets
import traitlets
from ipywidgets.widgets import widget


class Leaving(ipywidgets.DOMWidget):
    """A widget that is taken out of every box, whosoever it is, before it is closed; its own layout goes with it."""

    _own_layout: ipywidgets.Layout | None = None

    def __init__(self, *args: Any, **traits: Any) -> None:
        super().__init__(*args, **traits)
        # One that was given may be another widget's too.
        self._own_layout = None if isinstance(traits.get("layout"), ipywidgets.Layout) else self.layout

    def close(self) -> None:
        """End the widget, here and on the page."""
        if self.comm is None:
            return
        # Which boxes there are, ipywidgets tells in public with a warning alone.
        for box in [each for each in list(widget._instances.values()) if isinstance(each, ipywidgets.Box)]:
            if self in box.children:
                _take_out(self, box)
        super().close()
        if self._own_layout is not None:
            self._own_layout.close()


def _take_out(part: ipywidgets.Widget, box: ipywidgets.Box) -> None:
    kept = [place for place, child in enumerate(box.children) if child is not part]
    left = tuple(box.children[place] for place in kept)
    if not isinstance(box, ipywidgets.Accordion | ipywidgets.Tab | ipywidgets.Stack):
        box.children = left
        return
    # Left alone, what stays would bear the titles of what stood at its places before.
    shown, titles = box.selected_index, [box.get_title(place) for place in kept]
    box.selected_index = None
    box.children, box.titles = left, titles
    if shown in kept:
        box.selected_index = kept.index(shown)


class Shelf(Leaving, ipywidgets.Box):
    """A box that is closed with the last of what it holds."""

    @traitlets.observe("children")
    def _close_when_empty(self, change: Mapping[str, Any]) -> None:
        if change["old"] and not change["new"]:
            self.close()
