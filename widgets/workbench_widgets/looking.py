"""The base of panels over what others change too: members, keys, workspaces."""

from __future__ import annotations

import math
import time
from typing import Any, ClassVar

from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel


class LookingPanel(Panel):
    """A panel that looks at the store once something was done there, and now and then for what no log tells.

    Attributes
    ----------
    look_s
        Longest between two looks where nothing was done, in seconds.
    """

    look_s: ClassVar[float] = math.inf

    def __init__(self, desk: Desk, feeder: Feeder, **view: Any) -> None:
        self._feeder = feeder
        self._mark: int | None = None
        self._looked_at = 0.0
        super().__init__(desk.workbench, **view)
        self.feed()

    def look(self) -> None:
        """Show what there is."""
        raise NotImplementedError

    def feed(self) -> bool:
        with self._feeding:
            mark = self.workbench.mark()
            if mark == self._mark and time.monotonic() - self._looked_at < self.look_s:
                return False
            looked_at = time.monotonic()
            self.look()
            # A look that failed is taken again.
            self._mark, self._looked_at = mark, looked_at
            return False

    def look_again(self) -> None:
        """Look at once: something was just done."""
        with self._feeding:
            self._mark = None
        self.feed()
        self._feeder.wake()
