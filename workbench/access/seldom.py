"""What may happen often, and is told seldom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

AGAIN_S = 60.0
"""Least time between two times that the same is told, in seconds."""
_KEPT_MOST = 10_000


class Seldom:
    """Says whether something is to be told again, and what was left out meanwhile. For any number of threads.

    Parameters
    ----------
    clock
        What time it is, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._told: dict[Hashable, tuple[float, int]] = {}

    def due(self, what: Hashable) -> int | None:
        """Return how often it was left out since it was told last; None: it was told within the minute, and counts."""
        now = self._clock()
        with self._guard:
            at, left_out = self._told.get(what, (float("-inf"), 0))
            if now - at < AGAIN_S:
                self._told[what] = at, left_out + 1
                return None
            # What was told last stands last.
            self._told.pop(what, None)
            self._told[what] = now, 0
            if len(self._told) > _KEPT_MOST:
                del self._told[next(iter(self._told))]
            return left_out
