"""A box that lets go of what is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets
import traitlets


class Shelf(ipywidgets.Box):
    """A box that is closed with the last of what it holds.

    A page that is loaded anew asks for every box that is open, seen or not, and none can tell of parts that are closed.
    """

    def close(self) -> None:
        """End the box, here and on the page."""
        super().close()
        self.layout.close()

    @traitlets.observe("children")
    def _hold(self, change: Mapping[str, Any]) -> None:
        for child in change["new"]:
            # The same again where it is held already.
            child.observe(self._let_go, names="comm")

    def _let_go(self, change: Mapping[str, Any]) -> None:
        closed = change["owner"]
        if change["new"] is not None or closed not in self.children:
            return
        self.children = tuple(child for child in self.children if child is not closed)
        if not self.children:
            self.close()
