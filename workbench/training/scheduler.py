"""Units over workers: fold by fold, so that the whole field is ranked after the first fold and then tightens.

The parent prepares folds while the workers compute; a worker that meets a fold it does not know is replaced by a fresh
fork that inherits it. A unit that runs over its time, or whose process dies, costs its own model and nothing else.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait

from workbench.training.request import FoldPrepared, UnitFailed, UnitScored
from workbench.training.workers import Compute, Unit, Worker, fork

PREFETCH = 3
"""Units a worker is given at once, so that it stays busy while the parent prepares the next fold."""

Answer = UnitScored | UnitFailed


class Scheduler:
    """Runs every model on every fold.

    Parameters
    ----------
    models
        Model ids in the order in which they are scored within a fold.
    folds
        Number of folds.
    prepare
        Makes a fold known to this process; called once a fold, in order.
    forget
        Drops a fold that no unit needs any more.
    compute
        Scores one unit; called in the workers.
    workers
        Most units under way at once.
    limit_s
        Longest a unit may take, in seconds; 0: no limit.
    """

    def __init__(
        self,
        models: Sequence[str],
        folds: int,
        *,
        prepare: Callable[[int], FoldPrepared],
        forget: Callable[[int], None],
        compute: Compute,
        workers: int,
        limit_s: float = 0,
    ) -> None:
        self._models = tuple(models)
        self._folds = folds
        self._prepare = prepare
        self._forget = forget
        self._compute = compute
        self._most = workers
        self._limit_s = limit_s
        self._queue: deque[Unit] = deque()
        self._open = [len(self._models)] * folds
        self._prepared = 0
        self._workers: list[Worker] = []
        self._lost: set[str] = set()

    def run(self) -> Iterator[Answer | FoldPrepared]:
        """Yield what happens, as it happens, until every unit is answered."""
        try:
            while self._prepared < self._folds or self._queue or any(w.given for w in self._workers):
                if self._wants_a_fold():
                    yield self._next_fold()
                yield from self._fill()
                # Answers are waited for only when there is nothing better to do.
                yield from self._answers(0 if self._wants_a_fold() else self._patience())
        finally:
            for worker in self._workers:
                worker.kill()

    def _wants_a_fold(self) -> bool:
        return self._prepared < self._folds and len(self._queue) < PREFETCH * self._most + len(self._models) // 2

    def _next_fold(self) -> FoldPrepared:
        fold = self._prepared
        prepared = self._prepare(fold)
        self._prepared += 1
        for model in self._models:
            if model in self._lost:
                self._close(fold)
            else:
                self._queue.append(Unit(model, fold))
        return prepared

    def _fill(self) -> Iterator[Answer]:
        """Give units out in order, to the worker with the least to do, replacing workers that are behind."""
        while self._queue:
            unit = self._queue[0]
            worker = self._worker_for(unit)
            if worker is None:
                return
            try:
                worker.give(unit)
            except OSError:
                # It has died since the last look at it. What it still said comes first; an idle one is no loss.
                if worker.given:
                    yield from self._hear(worker)
                else:
                    self._workers.remove(worker)
                    _exit_code(worker)
            else:
                self._queue.popleft()

    def _worker_for(self, unit: Unit) -> Worker | None:
        for worker in [w for w in self._workers if not w.given and w.generation <= unit.fold]:
            worker.stop()
            self._workers.remove(worker)
        ready = [worker for worker in self._workers if worker.generation > unit.fold]
        idle = [worker for worker in ready if not worker.given]
        if idle:
            return idle[0]
        if len(self._workers) < self._most:
            worker = fork(self._compute, self._prepared, self._workers)
            self._workers.append(worker)
            return worker
        # Ahead of need only while folds are still to be prepared: at the end the last units must spread evenly.
        if self._prepared == self._folds:
            return None
        least = min(ready, key=lambda worker: len(worker.given), default=None)
        return least if least is not None and len(least.given) < PREFETCH else None

    def _answers(self, patience_s: float | None) -> Iterator[Answer]:
        busy = {worker.pipe: worker for worker in self._workers if worker.given}
        if not busy:
            return
        for pipe in wait(list(busy), timeout=patience_s):
            yield from self._hear(busy[pipe])  # type: ignore[index]
        for worker in [w for w in self._workers if w.overdue(self._limit_s)]:
            yield from self._lose(worker, f"It took longer than {self._limit_s:g} s on one fold.", timed_out=True)

    def _hear(self, worker: Worker) -> Iterator[Answer]:
        while worker.given:
            try:
                answer = worker.take()
            except (EOFError, OSError):
                yield from self._lose(worker, None)
                return
            self._close(answer.fold)
            if answer.model not in self._lost:
                yield answer
            if not worker.pipe.poll():
                return

    def _lose(self, worker: Worker, reason: str | None, *, timed_out: bool = False) -> Iterator[Answer]:
        """Give up a worker and the unit it was on; what else it had been given goes back to the queue."""
        self._workers.remove(worker)
        unit, *waiting = worker.given
        code = worker.kill() if reason else _exit_code(worker)
        is_known = unit.model in self._lost
        self._lost.add(unit.model)
        self._close(unit.fold)
        self._queue.extendleft(reversed(waiting))
        kept: deque[Unit] = deque()
        for queued in self._queue:
            if queued.model == unit.model:
                self._close(queued.fold)
            else:
                kept.append(queued)
        self._queue = kept
        if not is_known:
            yield UnitFailed(unit.model, unit.fold, reason or _why(code), timed_out=timed_out, gives_up=True)

    def _close(self, fold: int) -> None:
        self._open[fold] -= 1
        if self._open[fold] == 0:
            self._forget(fold)

    def _patience(self) -> float | None:
        if not self._limit_s:
            return None
        now = time.monotonic()
        dues = [worker.started + self._limit_s - now for worker in self._workers if worker.started is not None]
        return max(0.0, min(dues, default=0.0)) + 0.005


def _exit_code(worker: Worker) -> int | None:
    worker.process.join()
    code = worker.process.exitcode
    worker.pipe.close()
    worker.process.close()
    return code


def _why(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"Its process died by {name}."
    return f"Its process ended with code {code}."
