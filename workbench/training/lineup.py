"""What is still to be computed, fold by fold, and how much time each model has left: the same for every executor."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from workbench.training.request import FoldPrepared, UnitFailed, UnitScored
from workbench.training.work import Answer, Unit, Work


class Lineup:
    """The units of one piece of work.

    Attributes
    ----------
    queue
        Units of prepared folds that nobody has been given yet, in the order in which they should be begun.
    folds
        Prepared folds that still have units without an answer.
    prepared
        How many folds are prepared, or need not be because every unit of theirs is known.
    """

    def __init__(self, work: Work) -> None:
        self.queue: deque[Unit] = deque()
        self.folds: dict[int, Any] = {}
        self.prepared = 0
        self._work = work
        self._open: set[Unit] = set()
        self._copied: set[Unit] = set()
        self._spent = dict(work.past.spent_s)

    @property
    def is_open(self) -> bool:
        """Whether there are units that nobody has been given yet."""
        return bool(self.queue) or not self.is_prepared

    @property
    def is_prepared(self) -> bool:
        """Whether no fold is left to prepare."""
        return self.prepared == self._work.folds

    @property
    def is_done(self) -> bool:
        """Whether every unit that matters is answered."""
        self._skip_known()
        return self.is_prepared and all(unit.model in self._work.dropped for unit in self._open)

    def wants_a_fold(self, under_way: int) -> bool:
        """Whether the next fold should be prepared now, where so many units may have been given out at once."""
        self._skip_known()
        ahead = under_way + len(self._work.candidates) // 2
        return not self.is_prepared and len(self.queue) < ahead

    def prepare(self) -> FoldPrepared:
        """Prepare the next fold and queue its units."""
        fold = self.prepared
        self.folds[fold], told = self._work.prepare(fold)
        units = self._work.open_units(fold)
        if fold == self._work.folds - 1:
            # The longest first, so that everybody is busy to the end.
            units = sorted(units, key=lambda unit: self._spent.get(unit.model, 0.0), reverse=True)
        self._open.update(units)
        self.queue.extend(units)
        self.prepared += 1
        return told

    def first(self) -> Unit | None:
        """Return the unit to begin next, leaving it in the queue; what was answered or dropped meanwhile goes."""
        while self.queue and (self.queue[0].model in self._work.dropped or self.queue[0] not in self._open):
            self.close(self.queue.popleft())
        return self.queue[0] if self.queue else None

    def copy(self, waiting: Iterable[Unit]) -> None:
        """Queue units again that wait behind a slow one; whichever answer comes first counts."""
        units = self.not_copied(waiting)
        self._copied.update(units)
        self.queue.extend(units)

    def not_copied(self, waiting: Iterable[Unit]) -> list[Unit]:
        return [unit for unit in waiting if unit in self._open and unit not in self._copied]

    def close(self, unit: Unit | Answer) -> bool:
        """Count a unit as done with, its fold with the last of them; return whether it was open."""
        unit = Unit(unit.model, unit.fold)
        if unit not in self._open:
            return False
        self._open.remove(unit)
        if not any(other.fold == unit.fold for other in self._open):
            del self.folds[unit.fold]
        return True

    def _skip_known(self) -> None:
        while not self.is_prepared and not self._work.open_units(self.prepared):
            self.prepared += 1

    def spend(self, answer: Answer, started: float | None) -> None:
        """Count the time of a unit that was heard of to begin at `started` (monotonic seconds)."""
        if isinstance(answer, UnitScored):
            # Its own word counts, for the answer may have waited to be heard.
            took = answer.fit_s + answer.score_s
        else:
            took = 0.0 if started is None else time.monotonic() - started
        self._spent[answer.model] = self._spent.get(answer.model, 0.0) + took

    def left_s(self, model: str, started: float | None) -> float | None:
        """Seconds that a model's unit under way may still take; None: no limit."""
        if not self._work.limits.model_s or started is None:
            return None
        return self._work.limits.model_s - self._spent.get(model, 0.0) - (time.monotonic() - started)

    def is_spent(self, model: str) -> bool:
        """Whether a model has used up its time and is not through."""
        is_through = self.is_prepared and not any(unit.model == model for unit in self._open)
        limit_s = self._work.limits.model_s
        return bool(limit_s) and self._spent.get(model, 0.0) > limit_s and not is_through

    def late(self, unit: Unit | Answer) -> UnitFailed:
        """Give a model up for its time."""
        reason = f"{unit.model} took longer than the {self._work.limits.model_s:g} s that a model may take."
        return self.give_up(unit, reason, timed_out=True)

    def give_up(self, unit: Unit | Answer, reason: str, *, timed_out: bool = False) -> UnitFailed:
        """Drop a model for what became of one of its units."""
        self._work.dropped.add(unit.model)
        return UnitFailed(unit.model, unit.fold, reason, timed_out=timed_out, gives_up=True)
