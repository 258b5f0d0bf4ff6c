"""Forked workers: each prepares folds, maps those that are prepared and computes units until told to stop."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any

from workbench.training.executors.isolation import FORK, allow_memory, out_of_memory, settle
from workbench.training.executors.sharing import Shared, lay_out, load
from workbench.training.request import FoldFailed, FoldPrepared, UnitFailed
from workbench.training.work import Answer, Job, Preparation, Unit, Work, first_line


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker is told: a job, whether its fold comes with it, and which folds are over."""

    job: Job
    brings_fold: bool = False
    forget: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fold that a worker has prepared; None: it could not be, as is told."""

    rows: Shared | None
    told: FoldPrepared | FoldFailed


@dataclass(slots=True)
class Worker:
    """A forked process and the jobs it has been given.

    Attributes
    ----------
    folds
        Prepared folds that it knows.
    given
        Jobs sent and not yet answered, the one under way first.
    started
        When the job under way was begun (monotonic seconds), as far as it was heard.
    """

    process: ForkProcess
    pipe: Connection
    folds: set[int] = field(default_factory=set)
    given: deque[Job] = field(default_factory=deque)
    started: float | None = None

    def give(self, job: Job, folds: Mapping[int, Shared]) -> None:
        """Send a job, a unit's fold with it where the worker does not know it yet.

        Parameters
        ----------
        folds
            The folds that are needed still; others are forgotten.

        Raises
        ------
        OSError
            When the process is gone.
        """
        is_new = isinstance(job, Unit) and job.fold not in self.folds
        forget = self.folds - folds.keys() if is_new else set()
        self.pipe.send(_Order(job, is_new, frozenset(forget)))
        if is_new:
            send_handle(self.pipe, folds[job.fold].descriptor, self.process.pid)
            self.folds = self.folds - forget | {job.fold}
        self.given.append(job)
        if len(self.given) == 1:
            self.started = time.monotonic()

    def take(self) -> Answer | Prepared:
        """Read one answer.

        Raises
        ------
        EOFError
            When the process is gone.
        """
        told: Answer | FoldPrepared | FoldFailed = self.pipe.recv()
        rows = Shared(recv_handle(self.pipe)) if isinstance(told, FoldPrepared) else None
        self.given.popleft()
        self.started = time.monotonic() if self.given else None
        return Prepared(rows, told) if isinstance(told, FoldPrepared | FoldFailed) else told

    @property
    def waiting(self) -> list[Job]:
        """Jobs that it has not begun."""
        return list(self.given)[1:]

    def busy_s(self) -> float:
        """Seconds since the job under way was begun, 0 where there is none."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    def kill(self) -> int | None:
        """End the process at once; return its exit code (negative: the signal)."""
        self.process.kill()
        return self.reap()

    def reap(self) -> int | None:
        """Wait for the process to end; return its exit code (negative: the signal)."""
        self.process.join()
        code = self.process.exitcode
        self.pipe.close()
        self.process.close()
        return code


def fork(work: Work, siblings: Sequence[Worker] = (), known: Mapping[int, Shared] | None = None) -> Worker:
    """Fork a worker that scores the candidates of `work` and prepares its folds.

    Parameters
    ----------
    known
        Folds that are open here; the worker would keep them in memory as long as it lives.
    """
    ours, theirs = FORK.Pipe()
    inherited = [ours, *(sibling.pipe for sibling in siblings)]
    descriptors = [shared.descriptor for shared in (known or {}).values()]
    process = FORK.Process(target=_work, args=(theirs, work, inherited, descriptors, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


def _work(pipe: Connection, work: Work, inherited: list[Connection], descriptors: list[int], parent: int) -> None:
    settle(parent)
    # A worker that kept its siblings' ends open would keep them from seeing that the parent closed them.
    for connection in inherited:
        connection.close()
    for descriptor in descriptors:
        os.close(descriptor)
    brought: dict[int, Shared] = {}
    folds: dict[int, Any] = {}
    with suppress(EOFError, OSError):
        while True:
            order: _Order = pipe.recv()
            for fold in order.forget:
                del brought[fold]
                folds.pop(fold, None)
            if order.brings_fold:
                brought[order.job.fold] = Shared(recv_handle(pipe))
            if isinstance(order.job, Preparation):
                _prepare(pipe, work, order.job.fold)
            else:
                pipe.send(_answer(work, order.job, brought, folds))
    sys.stdout.flush()
    # Nothing that the parent's exit would run may run here: its database connection is inherited, not ours.
    os._exit(0)


def _prepare(pipe: Connection, work: Work, fold: int) -> None:
    allow_memory(0)
    rows, told = work.attempt(fold)
    if isinstance(told, FoldFailed):
        pipe.send(told)
        return
    try:
        shared = lay_out(rows)
    except Exception as error:  # noqa: BLE001 - no memory for it, or nothing that can be laid out
        pipe.send(work.fold_failed(fold, first_line(error)))
        return
    pipe.send(told)
    send_handle(pipe, shared.descriptor, os.getppid())


def _answer(work: Work, unit: Unit, brought: Mapping[int, Shared], folds: dict[int, Any]) -> Answer:
    memory = work.limits.unit_bytes
    try:
        if unit.fold not in folds:
            # What everybody shares counts against nobody's memory.
            allow_memory(0)
            folds[unit.fold] = load(brought[unit.fold])
        allow_memory(memory)
        return work.candidates[unit.model](unit, folds[unit.fold])
    except MemoryError:
        return UnitFailed(unit.model, unit.fold, out_of_memory(memory))
    except Exception as error:  # noqa: BLE001 - whatever an estimator raises costs its own row and nothing else
        return failed(unit, error)


def failed(unit: Unit, error: Exception) -> UnitFailed:
    """Tell a unit's failure by the first line of an error."""
    return UnitFailed(unit.model, unit.fold, first_line(error))
