"""Units over workers: fold by fold, so that the whole field is ranked after the first fold and then tightens.

Workers prepare the folds too, each once; all that compute on it map the same rows. The parent only shares out and
listens, so that no limit has to wait. A unit that runs over its time, or whose process dies, costs its own model and
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

from workbench.training.executors.isolation import explain
from workbench.training.executors.lineup import Lineup
from workbench.training.executors.workers import Prepared, Worker, fork
from workbench.training.work import Answer, Job, Preparation, Told, Unit, Work

PREFETCH = 3
"""Jobs a worker is given at once, so that it need not wait for the parent to hear of its answers."""
SLOW_S = 0.5
"""Once a job takes longer than this, what waits behind it may be done elsewhere."""


class LocalExecutor:
    """Runs every unit on forked, single-threaded workers of this machine."""

    def run(self, work: Work) -> Iterator[Told]:
        """Yield what happens, as it happens, until every unit is answered."""
        return _Round(work).run()


class _Round:
    """One piece of work on its way."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._most = work.limits.workers
        self._lineup = Lineup(work)
        self._workers: list[Worker] = []

    def run(self) -> Iterator[Told]:
        try:
            while not self._lineup.is_done:
                yield from self._fill()
                yield from self._answers()
        finally:
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.reap()

    def _fill(self) -> Iterator[Told]:
        """Give jobs out in order, to the worker with the least to do."""
        self._share_out()
        while self._wants_a_fold() or self._lineup.first() is not None:
            worker = self._least_busy()
            if worker is None:
                return
            job: Job = self._lineup.next_fold() if self._wants_a_fold() else self._lineup.queue.popleft()
            try:
                worker.give(job, self._lineup.folds)
            except OSError:
                self._lineup.give_back([job])
                # It has died since the last look at it. What it still said comes first; an idle one is no loss.
                if worker.given:
                    yield from self._hear(worker)
                else:
                    self._workers.remove(worker)
                    worker.reap()

    def _wants_a_fold(self) -> bool:
        return self._lineup.wants_a_fold(PREFETCH * self._most, is_idle=self._has_room())

    def _share_out(self) -> None:
        """Let idle workers do what waits behind a slow job."""
        if self._has_room() and self._lineup.first() is None:
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
            worker = fork(self._work, self._workers, self._lineup.folds)
            self._workers.append(worker)
            return worker
        # Ahead of need only while folds are still to be prepared: at the end the last units must spread evenly.
        if self._lineup.is_prepared:
            return None
        least = min(self._workers, key=lambda worker: len(worker.given))
        return least if len(least.given) < PREFETCH else None

    def _answers(self) -> Iterator[Told]:
        """Wait until somebody answers, dies, or runs out of time."""
        sources: dict[Any, Worker] = {}
        for worker in self._workers:
            if worker.given:
                # A process that a unit has left behind may hold the pipe open after its worker.
                sources |= {worker.pipe: worker, worker.process.sentinel: worker}
        heard = {id(sources[source]): sources[source] for source in wait(list(sources), timeout=self._patience())}
        for worker in heard.values():
            yield from self._hear(worker)
        for worker in [worker for worker in self._workers if self._is_overdue(worker)]:
            yield from self._lose(worker, is_late=True)

    def _hear(self, worker: Worker) -> Iterator[Told]:
        while worker.given:
            if not worker.pipe.poll():
                if worker.process.exitcode is not None:
                    yield from self._lose(worker)
                return
            started = worker.started
            try:
                answer = worker.take()
            except (EOFError, OSError):
                yield from self._lose(worker)
                return
            if isinstance(answer, Prepared):
                yield from self._lineup.ready(answer.rows, answer.told, self._under_way())
            else:
                yield from self._take(answer, started)

    def _take(self, answer: Answer, started: float | None) -> Iterator[Told]:
        if not self._lineup.close(answer):
            return
        self._lineup.spend(answer, started)
        if answer.model not in self._work.dropped:
            yield answer
            if self._lineup.is_spent(answer.model):
                yield self._lineup.late(answer)

    def _lose(self, worker: Worker, *, is_late: bool = False) -> Iterator[Told]:
        """Give up a worker and the job it was on; what else it had been given goes back."""
        self._workers.remove(worker)
        job, *waiting = worker.given
        code = worker.kill() if is_late else worker.reap()
        self._lineup.give_back(waiting)
        if isinstance(job, Preparation):
            yield from self._lineup.ready(None, self._work.fold_failed(job.fold, explain(code)), {})
        elif self._lineup.close(job) and job.model not in self._work.dropped:
            yield self._lineup.late(job) if is_late else self._lineup.give_up(job, explain(code))

    def _under_way(self) -> dict[str, float]:
        firsts = [(worker.given[0], worker.busy_s()) for worker in self._workers if worker.given]
        return {job.model: seconds for job, seconds in firsts if isinstance(job, Unit)}

    def _left_s(self, worker: Worker) -> float | None:
        job = worker.given[0] if worker.given else None
        return self._lineup.left_s(job.model, worker.started) if isinstance(job, Unit) else None

    def _is_overdue(self, worker: Worker) -> bool:
        left = self._left_s(worker)
        return left is not None and left < 0

    def _patience(self) -> float | None:
        """Seconds to wait for an answer before something else has to be looked at; None: as long as it takes."""
        lefts = [left for worker in self._workers if (left := self._left_s(worker)) is not None]
        if self._has_room() and any(self._lineup.not_copied(worker.waiting) for worker in self._workers):
            lefts.append(SLOW_S)
        return max(0.0, min(lefts)) + 0.005 if lefts else None
