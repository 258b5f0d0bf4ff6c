"""Processes forked for what may go wrong: they die with their parent, and hold to a limit of memory."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import psutil

from workbench.training.request import Limits
from workbench.training.work import first_line

FORK = multiprocessing.get_context("fork")
_PR_SET_PDEATHSIG = 1
T = TypeVar("T")


class Lost(Exception):
    """What a process of its own was to do did not come about; the words say why, in a sentence."""


def alone(task: Callable[[], T], limits: Limits) -> T:
    """Carry something out in a forked process of its own, within the limits of a unit.

    Raises
    ------
    Lost
        When it raises, dies, or takes too long.
    """
    ours, theirs = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_alone, args=(theirs, task, limits.unit_bytes, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    try:
        # A process that the task has left behind may hold the pipe open after it.
        if not wait([ours, process.sentinel], timeout=limits.model_s or None):
            raise Lost(f"It took longer than the {limits.model_s:g} s that a model may take.")
        result: T | _Reason | None = ours.recv() if ours.poll() else None
    except (EOFError, OSError):
        result = None
    finally:
        process.kill()
        process.join()
        ours.close()
    if result is None:
        raise Lost(explain(process.exitcode))
    if isinstance(result, _Reason):
        raise Lost(result.words)
    return result


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why there is no result."""

    words: str


def _alone(pipe: Connection, task: Callable[[], Any], memory: int, parent: int) -> None:
    settle(parent)
    allow_memory(memory)
    try:
        result = task()
    except MemoryError:
        result = _Reason(out_of_memory(memory))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the parent's to tell
        result = _Reason(f"{first_line(error)}.")
    allow_memory(0)
    pipe.send(result)
    sys.stdout.flush()
    os._exit(0)


def out_of_memory(memory: int) -> str:
    allowed = f"it may take {memory / 2**30:.3g} GiB" if memory else "the machine has no more"
    return f"It ran out of memory: {allowed}."


def settle(parent: int) -> None:
    """Begin a forked process: it dies with its parent, and leaves alone what it has from it.

    A collection of garbage that walked over what was there before the fork would copy every page that it touched.
    """
    gc.freeze()
    _die_with(parent)


def explain(code: int | None) -> str:
    """Say how a unit's process ended, by its exit code."""
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"Its process died by {name}."
    return f"Its process ended with code {code}."


def allow_memory(more: int) -> None:
    """Let an allocation fail here that goes further than so many bytes beyond what is held now; 0: as far as can be.

    Nothing else on the machine is hurt then. Only Linux counts private memory; elsewhere the limit is not held.
    """
    if sys.platform != "linux":
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = psutil.Process().memory_info().data if more else 0
    resource.setrlimit(resource.RLIMIT_DATA, (held + more if more else hard, hard))


def _die_with(parent: int) -> None:
    if sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
