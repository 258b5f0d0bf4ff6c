"""How long an examination may take, what took how long, and what could not be looked at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.advisors.examination import Note, Part


class Clock:
    """One examination's time and notes.

    Parameters
    ----------
    budget_s
        Longest that it may take, in seconds.
    """

    def __init__(self, budget_s: float) -> None:
        self._began = time.monotonic()
        self._budget_s = budget_s
        self.seconds: dict[str, float] = {}
        self.notes: list[Note] = []

    @property
    def left_s(self) -> float:
        """Seconds that are left, never below 0."""
        return max(0.0, self._budget_s - (time.monotonic() - self._began))

    def lacks(self, part: Part | str, why: str) -> None:
        """Take note that something could not be looked at; part ``""``: all of it."""
        self.notes.append(Note.model_validate({"part": part, "about": why}))

    def tells(self, part: Part | str, what: str) -> None:
        """Take note of what a reader must know."""
        self.notes.append(Note.model_validate({"part": part, "about": what, "is_gap": False}))

    @contextmanager
    def measuring(self, part: Part) -> Iterator[None]:
        """Count the seconds that a part takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] = round(self.seconds.get(part, 0.0) + time.monotonic() - began, 3)
