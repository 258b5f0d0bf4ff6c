"""How often and how long is asked again: what cannot have two effects, and only while that may help."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

_TRIES = 6
"""Requests that may break off, the first included."""
_PAUSE_S, _PAUSE_MOST_S = 0.1, 2.0


@dataclass(slots=True)
class Patience:
    """What is left of the patience with one request.

    Attributes
    ----------
    deadline
        By the clock of `time.monotonic`, after which it is not asked again.
    broken
        How often it broke off.
    """

    deadline: float
    broken: int = 0

    @classmethod
    def of(cls, seconds: float) -> Patience:
        return cls(time.monotonic() + seconds)

    def after_break(self) -> bool:
        """Pause after a request that broke off, longer each time; return whether to ask again."""
        self.broken += 1
        pause_s = min(_PAUSE_MOST_S, _PAUSE_S * 2 ** (self.broken - 1)) * random.uniform(0.5, 1)
        return self.broken < _TRIES and self.pause(pause_s)

    def pause(self, seconds: float) -> bool:
        """Pause as long as the API says; return whether that was within the patience."""
        if time.monotonic() + seconds > self.deadline:
            return False
        time.sleep(seconds)
        return True
