"""Forked workers: each inherits the prepared folds by copy-on-write and computes units until told to stop."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Any

from workbench.training.request import UnitFailed, UnitScored

_FORK = multiprocessing.get_context("fork")
_PR_SET_PDEATHSIG = 1

Compute = Callable[["Unit"], UnitScored]


@dataclass(frozen=True, slots=True)
class Unit:
    """One model on one fold."""

    model: str
    fold: int


@dataclass(slots=True)
class Worker:
    """A forked process and the units it has been given.

    Attributes
    ----------
    generation
        Number of folds that were prepared when it was forked; it knows no later ones.
    given
        Units sent and not yet answered, the one under way first.
    started
        When the unit under way was begun (monotonic seconds), as far as it was heard.
    """

    process: ForkProcess
    pipe: Connection
    generation: int
    given: deque[Unit] = field(default_factory=deque)
    started: float | None = None

    def give(self, unit: Unit) -> None:
        """Send a unit.

        Raises
        ------
        OSError
            When the process is gone.
        """
        self.pipe.send(unit)
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

    def overdue(self, limit_s: float) -> bool:
        return bool(limit_s) and self.started is not None and time.monotonic() - self.started > limit_s

    def stop(self) -> None:
        """Let an idle worker end."""
        self.pipe.close()
        self.process.join()
        self.process.close()

    def kill(self) -> int | None:
        """End the process at once; return its exit code (negative: the signal)."""
        self.process.kill()
        self.process.join()
        code = self.process.exitcode
        self.pipe.close()
        self.process.close()
        return code


def fork(compute: Compute, generation: int, siblings: list[Worker]) -> Worker:
    """Fork a worker that computes units with what this process holds now."""
    # What is alive now outlives the worker: a collection there that walked over it would copy every page it touched.
    gc.freeze()
    ours, theirs = _FORK.Pipe()
    inherited = [ours, *(sibling.pipe for sibling in siblings)]
    process = _FORK.Process(target=_work, args=(theirs, compute, inherited, os.getpid()), daemon=True)
    process.start()
    gc.unfreeze()
    theirs.close()
    return Worker(process, ours, generation)


def _work(pipe: Connection, compute: Compute, inherited: list[Connection], parent: int) -> None:
    _die_with(parent)
    # A worker that kept its siblings' ends open would keep them from seeing that the parent closed them.
    for connection in inherited:
        connection.close()
    while True:
        try:
            unit = pipe.recv()
        except (EOFError, OSError):
            break
        pipe.send(_answer(compute, unit))
    sys.stdout.flush()
    # Nothing that the parent's exit would run may run here: its database connection is inherited, not ours.
    os._exit(0)


def _answer(compute: Compute, unit: Unit) -> UnitScored | UnitFailed:
    try:
        return compute(unit)
    except MemoryError:
        return UnitFailed(unit.model, unit.fold, "It ran out of memory.")
    except Exception as error:  # noqa: BLE001 - whatever an estimator raises costs its own row and nothing else
        return UnitFailed(unit.model, unit.fold, f"{type(error).__name__}: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no message"


def _die_with(parent: int) -> None:
    if sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
