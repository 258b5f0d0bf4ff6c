"""Units over workers: fold by fold, so that the whole field is ranked after the first fold and then tightens.

The parent prepares folds while the workers compute, and shares each with the workers that need it. A unit that runs
over its time, or whose process dies, costs its own model and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.connection import wait

from workbench.training.lineup import Lineup
from workbench.training.request import FoldPrepared
from workbench.training.sharing import Shared
from workbench.training.work import Answer, Work
from workbench.training.workers import Worker, explain, fork

PREFETCH = 3
"""Units a worker is given at once, so that it stays busy while the parent prepares the next fold."""
SLOW_S = 0.5
"""Once a unit takes longer than this, what waits behind it may be computed elsewhere."""


class LocalExecutor:
    """Runs every unit on forked, single-threaded workers of this machine."""

    def run(self, work: Work) -> Iterator[Answer | FoldPrepared]:
        """Yield what happens, as it happens, until every unit is answered."""
        return _Round(work).run()


class _Round:
    """One piece of work on its way."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._most = work.limits.workers
        self._lineup = Lineup(work)
        self._workers: list[Worker] = []

    def run(self) -> Iterator[Answer | FoldPrepared]:
        try:
            while not self._lineup.is_done:
                if self._wants_a_fold():
                    yield self._next_fold()
                yield from self._fill()
                # Answers are waited for only when there is nothing better to do.
                yield from self._answers(0 if self._wants_a_fold() else self._patience())
        finally:
            for worker in self._workers:
                worker.kill()

    def _wants_a_fold(self) -> bool:
        return self._lineup.wants_a_fold(PREFETCH * self._most)

    def _next_fold(self) -> FoldPrepared:
        fold = self._lineup.prepared
        told = self._lineup.prepare()
        self._lineup.folds[fold] = Shared(self._lineup.folds[fold])
        return told

    def _fill(self) -> Iterator[Answer]:
        """Give units out in order, to the worker with the least to do."""
        self._share_out()
        while (unit := self._lineup.first()) is not None:
            worker = self._least_busy()
            if worker is None:
                return
            try:
                worker.give(unit, self._lineup.folds)
            except OSError:
                # It has died since the last look at it. What it still said comes first; an idle one is no loss.
                if worker.given:
                    yield from self._hear(worker)
                else:
                    self._workers.remove(worker)
                    worker.reap()
            else:
                self._lineup.queue.popleft()

    def _share_out(self) -> None:
        """Let idle workers compute what waits behind a slow unit."""
        if not self._lineup.queue and self._has_room():
            for worker in self._workers:
                if worker.busy_s() > SLOW_S:
                    self._lineup.copy(worker.waiting)

    def _has_room(self) -> bool:
        return len(self._workers) < self._most or any(not worker.given for worker in self._workers)

    def _least_busy(self) -> Worker | None:
        idle = next((worker for worker in self._workers if not worker.given), None)
        if idle is not None:
            return idle
        if len(self._workers) < self._most:
            worker = fork(self._work.candidates, self._workers, self._work.limits.unit_bytes)
            self._workers.append(worker)
            return worker
        # Ahead of need only while folds are still to be prepared: at the end the last units must spread evenly.
        if self._lineup.is_prepared:
            return None
        least = min(self._workers, key=lambda worker: len(worker.given))
        return least if len(least.given) < PREFETCH else None

    def _answers(self, patience_s: float | None) -> Iterator[Answer]:
        busy = {worker.pipe: worker for worker in self._workers if worker.given}
        if not busy:
            return
        for pipe in wait(list(busy), timeout=patience_s):
            yield from self._hear(busy[pipe])  # type: ignore[index]
        for worker in [w for w in self._workers if self._is_overdue(w)]:
            yield from self._lose(worker, is_late=True)

    def _hear(self, worker: Worker) -> Iterator[Answer]:
        while worker.given:
            started = worker.started
            try:
                answer = worker.take()
            except (EOFError, OSError):
                yield from self._lose(worker)
                return
            self._lineup.spend(answer, started)
            if self._lineup.close(answer) and answer.model not in self._work.dropped:
                yield answer
                if self._lineup.is_spent(answer.model):
                    yield self._lineup.late(answer)
            if not worker.pipe.poll():
                return

    def _lose(self, worker: Worker, *, is_late: bool = False) -> Iterator[Answer]:
        """Give up a worker and the unit it was on; what else it had been given goes back to the queue."""
        self._workers.remove(worker)
        unit, *waiting = worker.given
        code = worker.kill() if is_late else worker.reap()
        self._lineup.queue.extendleft(reversed(waiting))
        if self._lineup.close(unit) and unit.model not in self._work.dropped:
            yield self._lineup.late(unit) if is_late else self._lineup.give_up(unit, explain(code))

    def _left_s(self, worker: Worker) -> float | None:
        return self._lineup.left_s(worker.given[0].model, worker.started) if worker.given else None

    def _is_overdue(self, worker: Worker) -> bool:
        left = self._left_s(worker)
        return left is not None and left < 0

    def _patience(self) -> float | None:
        """Seconds to wait for an answer before something else has to be looked at; None: as long as it takes."""
        lefts = [left for worker in self._workers if (left := self._left_s(worker)) is not None]
        if self._has_room() and any(self._lineup.not_copied(worker.waiting) for worker in self._workers):
            lefts.append(SLOW_S)
        return max(0.0, min(lefts)) + 0.005 if lefts else None
