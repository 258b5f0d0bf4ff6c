"""The file in which a profile is told: lines of JSON that are only ever appended to.

It has the ending ``.partial`` until it is complete. Whoever writes it holds its lock, and loses it however the process
ends; the next to ask begins again below what is there, and readers leave out what they have been told already.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from workbench.data.profile.job import Job
from workbench.data.profile.parts import End, Failed, Part, decoded, encoded

MOST_ATTEMPTS = 2
"""Writers that may die in a row before nobody tries again for a while."""
REST_S = 600.0
"""How long that while is, after a failure too."""
_BEGAN = b'{"began":'
_DIED = Failed("failed", "The process that profiles the table died more than once; there may be too little memory.")


@dataclass(slots=True)
class Told:
    """What a file tells so far: the parts of the last writer that began, its job, and how many began before it."""

    parts: list[Part] = field(default_factory=list)
    job: Job | None = None
    attempt: int = 0

    @property
    def is_over(self) -> bool:
        return bool(self.parts) and isinstance(self.parts[-1], End | Failed)

    @property
    def has_failed(self) -> bool:
        return bool(self.parts) and isinstance(self.parts[-1], Failed)

    def take(self, lines: Iterable[bytes]) -> None:
        """Take whole lines."""
        for line in lines:
            # The last line of a writer that died in the middle of it is left out.
            with suppress(ValueError):
                self._take(line)

    def _take(self, line: bytes) -> None:
        if line.startswith(_BEGAN):
            began = json.loads(line)["began"]
            self.parts, self.job, self.attempt = [], Job.of(began["job"]), began["attempt"]
        elif line:
            self.parts.append(decoded(line))


class Sheet:
    """One file of a profile, read while it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = Told()
        self._stream: BinaryIO | None = None
        self._rest = b""

    def read(self) -> Told:
        """Return what is told, with all that has come since the last time."""
        if not self._is_current():
            self._open()
        if self._stream is not None:
            *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
            self.told.take(lines)
        return self.told

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _is_current(self) -> bool:
        if self._stream is None:
            return False
        descriptor = self._stream.fileno()
        return is_at(descriptor, partial(self.path)) or is_at(descriptor, self.path)

    def _open(self) -> None:
        self.close()
        self.told, self._rest = Told(), b""
        # It may be completed between the first two.
        for path in (self.path, partial(self.path), self.path):
            try:
                self._stream = path.open("rb")
            except FileNotFoundError:
                continue
            return


def begin(path: Path, job: Job) -> int | None:
    """Take the writer's place where nobody has it and there is something to write.

    Returns
    -------
    int or None
        A descriptor to be appended to that holds the lock, and with it the place; None where the file is complete, is
        being written, tells of a failure that is not old, or where the table is gone.
    """

    def is_in_vain() -> bool:
        return path.exists() or not job.table.path.exists()

    descriptor = None if is_in_vain() else _locked(partial(path))
    if descriptor is None:
        return None
    try:
        if is_in_vain():
            # A writer completes it, under the lock, by a new name; who drops a table drops it before what is told of
            # it. Either way this one was just made, and for nothing.
            partial(path).unlink(missing_ok=True)
        elif (attempt := _next_attempt(descriptor)) is not None:
            line = json.dumps({"began": {"attempt": attempt, "job": job.as_dict()}}, separators=(",", ":"))
            # What stands before may be half a line.
            append(descriptor, b"\n" + line.encode("ascii") + b"\n")
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def partial(path: Path) -> Path:
    """Return where a file is until it is complete."""
    return path.with_name(f"{path.name}.partial")


def told_in(descriptor: int) -> Told:
    """Read a file from its start."""
    told = Told()
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        stream.seek(0)
        told.take(stream.read().split(b"\n")[:-1])
    return told


def append(descriptor: int, line: bytes) -> None:
    """Write a whole line."""
    while line:
        line = line[os.write(descriptor, line) :]


def is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that lies there."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _locked(path: Path) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if is_at(descriptor, path):
            return descriptor
        # It was completed or dropped between opening and locking.
        os.close(descriptor)


def _next_attempt(descriptor: int) -> int | None:
    """Count the writers; None where it had better be left alone."""
    told = told_in(descriptor)
    if time.time() - os.fstat(descriptor).st_mtime > REST_S:
        return 1
    if told.has_failed:
        return None
    if told.attempt >= MOST_ATTEMPTS:
        append(descriptor, b"\n" + encoded(_DIED))
        return None
    return told.attempt + 1
