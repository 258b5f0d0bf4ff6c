"""How often and how long is asked again: what cannot have two effects, and only while that may help."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from workbench.errors import Busy, Unavailable, WorkbenchError

_TRIES = 6
"""Requests that may break off, the first included, where they have begun nothing."""
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
    is_begun
        Whether what it changes may be under way: then its answer is asked for until the deadline.
    """

    deadline: float
    broken: int = 0
    is_begun: bool = False

    @classmethod
    def of(cls, seconds: float) -> Patience:
        return cls(time.monotonic() + seconds)

    def after_break(self) -> bool:
        """Pause after a request that broke off, longer each time; return whether to ask again."""
        self.broken += 1
        pause_s = min(_PAUSE_MOST_S, _PAUSE_S * 2 ** (self.broken - 1)) * random.uniform(0.5, 1)
        return (self.is_begun or self.broken < _TRIES) and self.pause(pause_s)

    def after(self, error: WorkbenchError) -> bool:
        """Pause after an answer that says “later”; return whether to ask again. Any other answer is one."""
        is_worked_at = error.code == "request.in_progress"
        self.is_begun |= is_worked_at
        is_later = is_worked_at or isinstance(error, Busy | Unavailable)
        return is_later and self.pause(float(error.about.get("retry_after_s", 1)))

    def pause(self, seconds: float) -> bool:
        """Pause as long as the API says; return whether that was within the patience."""
        if time.monotonic() + seconds > self.deadline:
            return False
        time.sleep(seconds)
        return True
