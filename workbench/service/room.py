"""Room in memory: what the runs of this machine have said that they will take, so that the next one knows what is left.

What is free tells nothing of a run that has only begun. So each says what it will take, before it reads its table, in a
file beside those of the others; it counts as long as the process lives.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from workbench.preflight.machine import free


@dataclass(frozen=True, slots=True)
class Room:
    """What is left at the moment.

    Attributes
    ----------
    bytes
        What is free, less what others will still take.
    is_shared
        Whether there are others.
    """

    bytes: int
    is_shared: bool
    _own: Path

    def take(self, size: int) -> None:
        """Say that this process, which has forked none yet, will take so many bytes beyond what it holds now."""
        process = psutil.Process()
        held = int(process.memory_info().rss)
        said = {"process_id": process.pid, "created": process.create_time(), "held": held, "bytes": size}
        self._own.write_text(json.dumps(said), encoding="utf-8")


@contextmanager
def looked_at(folder: Path, run_id: str) -> Iterator[Room]:
    """Look at the room there is for a run; nobody else takes any meanwhile.

    Parameters
    ----------
    folder
        Where the runs of a home say what they will take.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{run_id}.json"
    with FileLock(folder / "lock"):
        owed = [size for said in folder.glob("*.json") if said != own and (size := _owed(said)) is not None]
        yield Room(max(0, free() - sum(owed)), bool(owed), own)


def _owed(said: Path) -> int | None:
    """Return what a run will still take; None where its process is no more."""
    with suppress(OSError, ValueError, KeyError, psutil.Error):
        told = json.loads(said.read_text(encoding="utf-8"))
        process = psutil.Process(told["process_id"])
        if process.create_time() == told["created"] and process.pid != os.getpid():
            return max(0, int(told["bytes"]) - max(0, _held(process) - int(told["held"])))
    said.unlink(missing_ok=True)
    return None


def _held(process: psutil.Process) -> int:
    """Return the bytes that a process holds with those that it forked, what they share once."""
    held = int(process.memory_info().rss)
    for worker in process.children(recursive=True):
        with suppress(psutil.Error):
            held += int(worker.memory_full_info().uss)
    return held
