"""Asking for a profile: what is there is returned, and a process started where what is missing has none yet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from workbench.data.profile import sheet
from workbench.data.profile.job import Job, Table
from workbench.data.profile.parts import GONE, Failed, Part, encoded
from workbench.data.profile.profile import Profile
from workbench.data.profile.sheet import Sheet
from workbench.errors import BadRequest, choices

if TYPE_CHECKING:
    from workbench.data.source import Source

_LOOK_S, _LOOK_AFTER_S = 0.05, 1.0
"""How often is looked for more parts, and how often whether their writer lives, in seconds."""
# A pool each would fight over the processors that the columns are shared out to.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Following:
    """A profile that was asked for, read as it grows; nothing here waits for it. Takes what `ask` takes."""

    def __init__(self, files: Path, source: Source, against: Source | None = None, target: str | None = None) -> None:
        jobs = _jobs(files, source, against, target)
        self._sheets = {job: Sheet(job.path) for job in jobs}
        self._given = dict.fromkeys(jobs, 0)
        self._table, self._is_gone = jobs[0].table.path, False
        self._start()

    def parts(self) -> list[Part]:
        """Return what was told since the last time, each part once."""
        if time.monotonic() > self._looked + _LOOK_AFTER_S:
            # Whoever wrote it may have died.
            self._start()
        found: list[Part] = []
        for job, sheet_ in self._sheets.items():
            # Another writer begins again from the first part, and what it tells is the same.
            new = sheet_.read().parts[self._given[job] :]
            self._given[job] += len(new)
            found += new
        if not self.is_over and not self._table.exists():
            # Nobody writes of a table that is not there.
            self._is_gone = True
            found.append(GONE)
        return found

    @property
    def is_over(self) -> bool:
        """Whether all was told that will be, as far as `parts` has looked."""
        return self._is_gone or all(sheet_.told.is_over for sheet_ in self._sheets.values())

    def close(self) -> None:
        """Stop reading; whoever computes goes on."""
        for sheet_ in self._sheets.values():
            sheet_.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        self._looked = time.monotonic()
        _start(list(self._sheets))


def ask(files: Path, source: Source, against: Source | None = None, target: str | None = None) -> Profile:
    """Return what is told of a table so far, and have what is missing computed by a process of its own.

    It does not wait for that process, which outlives this one: whoever asks next finds what it has told by then. What
    was computed once is read from the file in which it was told.

    Parameters
    ----------
    files
        Folder of the tables.
    source
        A stored version of a data source.
    against
        An earlier version that it is compared with; None: none.
    target
        The column that is to be predicted; None: none.

    Raises
    ------
    BadRequest
        ``spec.target_missing`` when the table has no such column.
    """
    with Following(files, source, against, target) as following:
        parts = following.parts()
        return Profile.of(parts, is_complete=following.is_over)


def follow(
    files: Path, source: Source, against: Source | None = None, target: str | None = None, *, patience_s: float = 600
) -> Iterator[Part]:
    """Give the parts of a profile as they are told, each once, from the first on. Takes what `ask` takes.

    Parameters
    ----------
    patience_s
        Seconds after which it ends, whatever is missing then.
    """
    deadline = time.monotonic() + patience_s
    with Following(files, source, against, target) as following:
        while True:
            yield from following.parts()
            if following.is_over or time.monotonic() > deadline:
                return
            time.sleep(_LOOK_S)


def _jobs(files: Path, source: Source, against: Source | None, target: str | None) -> list[Job]:
    table = table_of(files, source)
    jobs = [Job(table)]
    if target is not None:
        if target not in table.names:
            raise BadRequest(
                "spec.target_missing",
                f"{source.name} has no column '{target}'.",
                hint=choices(target, table.names),
                source_id=source.id,
            )
        jobs.append(Job(table, target=target))
    if against is not None:
        jobs.append(Job(table, before=table_of(files, against)))
    return jobs


def table_of(files: Path, source: Source) -> Table:
    """Return a data source's table as it is stored."""
    columns = tuple((column.name, column.kind, column.missing) for column in source.columns)
    return Table(source.id, files / source.location, columns)


def _start(jobs: Sequence[Job]) -> None:
    """Start a process for those that nobody is about."""
    held = [descriptor for job in jobs if (descriptor := sheet.begin(job.path, job)) is not None]
    if not held:
        return
    command = [sys.executable, "-P", "-m", "workbench.data.profile", *map(str, held)]
    try:
        # Ends at once: what it starts detaches itself, so that no process of ours is its parent.
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # Locks are held by whoever has the files open: it takes the writer's places over.
            pass_fds=held,
            env=os.environ | _ENVIRONMENT,
            check=False,
        )
    except OSError as error:
        for descriptor in held:
            sheet.append(descriptor, encoded(Failed("failed", f"No process could be started: {error.strerror}.")))
    finally:
        for descriptor in held:
            os.close(descriptor)
