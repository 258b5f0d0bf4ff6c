"""Whether a process that the store knows lives, and its end; when it was started tells it from a later namesake."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil


def is_alive(process_id: int | None, started: float | None) -> bool:
    """Whether a process lives; one that has ended and waits to be reaped does not.

    Parameters
    ----------
    started
        When it was started, in seconds since the epoch; None: whoever bears the id is taken for it.
    """
    if process_id is None:
        return False
    try:
        process = psutil.Process(process_id)
        is_it = started is None or abs(process.create_time() - started) < 1
        return is_it and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_group(process_id: int) -> None:
    """Kill a process with all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)
