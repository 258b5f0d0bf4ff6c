"""Forked workers: each maps the prepared folds and computes units until told to stop."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any

import psutil

from workbench.training.request import UnitFailed, UnitScored
from workbench.training.sharing import Shared, load
from workbench.training.work import Compute, Unit

_FORK = multiprocessing.get_context("fork")
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker is told: a unit, whether its fold comes with it, and which folds are over."""

    unit: Unit
    brings_fold: bool
    forget: frozenset[int]


@dataclass(slots=True)
class Worker:
    """A forked process and the units it has been given.

    Attributes
    ----------
    folds
        Prepared folds that it knows.
    given
        Units sent and not yet answered, the one under way first.
    started
        When the unit under way was begun (monotonic seconds), as far as it was heard.
    """

    process: ForkProcess
    pipe: Connection
    folds: set[int] = field(default_factory=set)
    given: deque[Unit] = field(default_factory=deque)
    started: float | None = None

    def give(self, unit: Unit, folds: Mapping[int, Shared]) -> None:
        """Send a unit, with its fold where the worker does not know it yet.

        Parameters
        ----------
        folds
            The folds that are needed still; others are forgotten.

        Raises
        ------
        OSError
            When the process is gone.
        """
        is_new = unit.fold not in self.folds
        forget = self.folds - folds.keys() if is_new else set()
        self.pipe.send(_Order(unit, is_new, frozenset(forget)))
        if is_new:
            send_handle(self.pipe, folds[unit.fold].descriptor, self.process.pid)
            self.folds = self.folds - forget | {unit.fold}
        self.given.append(unit)
        if len(self.given) == 1:
            self.started = time.monotonic()

    def take(self) -> UnitScored | UnitFailed:
        """Read one answer.

        Raises
        ------
        EOFError
            When the process is gone.
        """
        answer: UnitScored | UnitFailed = self.pipe.recv()
        self.given.popleft()
        self.started = time.monotonic() if self.given else None
        return answer

    @property
    def waiting(self) -> list[Unit]:
        """Units that it has not begun."""
        return list(self.given)[1:]

    def busy_s(self) -> float:
        """Seconds since the unit under way was begun, 0 where there is none."""
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


def fork(
    candidates: Mapping[str, Compute], siblings: list[Worker], memory: int, *, folds: Mapping[int, Any] | None = None
) -> Worker:
    """Fork a worker that scores candidates, within `memory` bytes beyond what this process holds.

    It knows `folds` from the start.
    """
    # What is alive now outlives the worker: a collection there that walked over it would copy every page it touched.
    gc.freeze()
    ours, theirs = _FORK.Pipe()
    inherited = [ours, *(sibling.pipe for sibling in siblings)]
    process = _FORK.Process(
        target=_work, args=(theirs, candidates, dict(folds or {}), inherited, os.getpid(), memory), daemon=True
    )
    process.start()
    gc.unfreeze()
    theirs.close()
    return Worker(process, ours, set(folds or ()))


def _work(
    pipe: Connection,
    candidates: Mapping[str, Compute],
    folds: dict[int, Any],
    inherited: list[Connection],
    parent: int,
    memory: int,
) -> None:
    _die_with(parent)
    _limit_memory(memory)
    # A worker that kept its siblings' ends open would keep them from seeing that the parent closed them.
    for connection in inherited:
        connection.close()
    while True:
        try:
            order: _Order = pipe.recv()
            for fold in order.forget:
                del folds[fold]
            if order.brings_fold:
                folds[order.unit.fold] = load(recv_handle(pipe))
        except (EOFError, OSError):
            break
        pipe.send(_answer(candidates, order.unit, folds, memory))
    sys.stdout.flush()
    # Nothing that the parent's exit would run may run here: its database connection is inherited, not ours.
    os._exit(0)


def _answer(
    candidates: Mapping[str, Compute], unit: Unit, folds: Mapping[int, Any], memory: int
) -> UnitScored | UnitFailed:
    try:
        return candidates[unit.model](unit, folds[unit.fold])
    except MemoryError:
        allowed = f"it may take {memory / 2**30:.3g} GiB" if memory else "the machine has no more"
        return UnitFailed(unit.model, unit.fold, f"It ran out of memory: {allowed}.")
    except Exception as error:  # noqa: BLE001 - whatever an estimator raises costs its own row and nothing else
        return failed(unit, error)


def failed(unit: Unit, error: Exception) -> UnitFailed:
    """Tell a unit's failure by the first line of an error."""
    lines = str(error).strip().splitlines()
    return UnitFailed(unit.model, unit.fold, f"{type(error).__name__}: {lines[0] if lines else 'no message'}")


def explain(code: int | None) -> str:
    """Say how a unit's process ended, by its exit code."""
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"Its process died by {name}."
    return f"Its process ended with code {code}."


def _limit_memory(memory: int) -> None:
    """Let an allocation fail that goes further, here in the worker: nothing else on the machine is hurt then.

    Only Linux counts private memory; elsewhere the limit is not held.
    """
    if not memory or sys.platform != "linux":
        return
    held = psutil.Process().memory_info().data
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))


def _die_with(parent: int) -> None:
    if sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
