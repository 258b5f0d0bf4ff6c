"""What is still to be computed, fold by fold, and how much time each model has left: the same for every executor."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from workbench.training.request import FoldFailed, FoldPrepared, UnitFailed, UnitScored
from workbench.training.work import Answer, Job, Preparation, Unit, Work


class Lineup:
    """The units of one piece of work.

    Attributes
    ----------
    queue
        Units of prepared folds that nobody has been given yet, in the order in which they should be begun.
    folds
        Prepared folds that still have units without an answer.
    """

    def __init__(self, work: Work) -> None:
        self.queue: deque[Unit] = deque()
        self.folds: dict[int, Any] = {}
        self._work = work
        self._to_prepare = deque(range(work.folds))
        self._preparing: list[int] = []
        self._early: dict[int, tuple[Any, FoldPrepared | FoldFailed]] = {}
        self._open: set[Unit] = set()
        self._copied: set[Job] = set()
        self._spent = dict(work.past.spent_s)

    @property
    def is_open(self) -> bool:
        """Whether there are units that nobody has been given yet."""
        return bool(self.queue) or not self.is_prepared

    @property
    def is_prepared(self) -> bool:
        """Whether no fold is left to prepare, nor under way."""
        return not self._to_prepare and not self._preparing

    @property
    def is_done(self) -> bool:
        """Whether every unit that matters is answered."""
        return all(unit.model in self._work.dropped for unit in self._open) and not any(
            self._wanted(fold) for fold in (*self._to_prepare, *self._preparing)
        )

    def wants_a_fold(self, under_way: int, *, is_idle: bool = False) -> bool:
        """Whether the next fold should be prepared now.

        Parameters
        ----------
        under_way
            How many units may be given out at once.
        is_idle
            Whether somebody has nothing to do.
        """
        self._skip_known()
        coming = len(self.queue) + len(self._preparing) * len(self._work.candidates)
        ahead = under_way + len(self._work.candidates) // 2
        return bool(self._to_prepare) and (coming < ahead or (is_idle and not self.queue))

    def next_fold(self) -> Preparation:
        """Return the next fold to prepare, which is under way from now on."""
        fold = self._to_prepare.popleft()
        if fold not in self._preparing:
            self._preparing.append(fold)
        return Preparation(fold)

    def ready(
        self, rows: Any, told: FoldPrepared | FoldFailed, under_way: Mapping[str, float]
    ) -> Iterator[FoldPrepared | FoldFailed]:
        """Take a prepared fold, or why it could not be; yield what may be told by now, fold by fold in order.

        Parameters
        ----------
        under_way
            Model → seconds since its unit under way was begun.
        """
        if told.fold not in self._preparing or told.fold in self._early:
            return
        self._early[told.fold] = rows, told
        # It may be lined up once more, for it was waiting behind a slow job.
        self._to_prepare = deque(fold for fold in self._to_prepare if fold != told.fold)
        while self._preparing and self._preparing[0] in self._early:
            fold = self._preparing.pop(0)
            rows, told = self._early.pop(fold)
            if isinstance(told, FoldPrepared):
                self._queue(fold, rows, under_way)
            yield told

    def _queue(self, fold: int, rows: Any, under_way: Mapping[str, float]) -> None:
        units = self._work.open_units(fold)
        if not units:
            return
        # The longest first, as far as is known, so that everybody is busy to the end.
        took = {unit: self._spent.get(unit.model, 0.0) + under_way.get(unit.model, 0.0) for unit in units}
        units = sorted(units, key=took.__getitem__, reverse=True)
        self.folds[fold] = rows
        self._open.update(units)
        self.queue.extend(units)

    def first(self) -> Unit | None:
        """Return the unit to begin next, leaving it in the queue; what was answered or dropped meanwhile goes."""
        while self.queue and (self.queue[0].model in self._work.dropped or self.queue[0] not in self._open):
            self.close(self.queue.popleft())
        return self.queue[0] if self.queue else None

    def copy(self, waiting: Iterable[Job]) -> None:
        """Line jobs up again that wait behind a slow one; whichever answer comes first counts."""
        jobs = self.not_copied(waiting)
        self._copied.update(jobs)
        self.queue.extend(job for job in jobs if isinstance(job, Unit))
        self._to_prepare.extendleft(job.fold for job in jobs if isinstance(job, Preparation))

    def not_copied(self, waiting: Iterable[Job]) -> list[Job]:
        return [job for job in waiting if job not in self._copied and self._is_open(job)]

    def _is_open(self, job: Job) -> bool:
        if isinstance(job, Unit):
            return job in self._open
        return job.fold in self._preparing and job.fold not in self._early

    def give_back(self, jobs: Sequence[Job]) -> None:
        """Line jobs up again, before all others, whose worker was lost before it began them."""
        self.queue.extendleft(reversed([job for job in jobs if isinstance(job, Unit)]))
        self._to_prepare.extendleft(
            job.fold for job in reversed(jobs) if isinstance(job, Preparation) and self._is_open(job)
        )

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
        while self._to_prepare and self._to_prepare[0] not in self._preparing and not self._wanted(self._to_prepare[0]):
            self._to_prepare.popleft()

    def _wanted(self, fold: int) -> bool:
        return bool(self._work.open_units(fold))

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
