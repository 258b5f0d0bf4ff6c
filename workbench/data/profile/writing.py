"""Computing a profile and telling it part by part, in a process of its own."""

from __future__ import annotations

import fcntl
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from workbench.access.places import without_places
from workbench.data.profile import features as kept
from workbench.data.profile import sample, sheet
from workbench.data.profile.association import association
from workbench.data.profile.columns import Columns
from workbench.data.profile.drift import drift
from workbench.data.profile.features import Features
from workbench.data.profile.job import Job, Table
from workbench.data.profile.parts import GONE, End, Failed, Head, Part, encoded
from workbench.data.profile.target import target

_LONGEST_REASON = 300


def write(descriptor: int) -> None:
    """Write the file that is open there, and whose lock comes with it; complete it, or say why it cannot be.

    It ends early, and silently, where the file was dropped meanwhile.
    """
    try:
        job = sheet.told_in(descriptor).job
        assert job is not None, "its writer's place is taken first"
        started = time.perf_counter()
        try:
            for part in _parts(job):
                sheet.append(descriptor, encoded(part))
                if not sheet.is_at(descriptor, sheet.partial(job.path)):
                    return
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits for it must be told
            sheet.append(descriptor, encoded(Failed("failed", _reason(error))))
        else:
            sheet.append(descriptor, encoded(End("end", round(time.perf_counter() - started, 3), _peak_bytes())))
            with suppress(FileNotFoundError):
                sheet.partial(job.path).replace(job.path)
            _drop_of_no_table(job.path, job.table)
    finally:
        os.close(descriptor)


def _parts(job: Job) -> Iterator[Part]:
    if job.before is not None:
        yield drift(job.before, job.table, _features(job.before), _features(job.table))
    elif job.target is not None:
        columns = Columns(job.table)
        part, counted = columns.counted(job.table.names.index(job.target))
        yield target(part, counted, _features(job.table))
    else:
        yield from _columns(job.table)


def _columns(table: Table) -> Iterator[Part]:
    columns = Columns(table)
    drawn = len(columns.sampled)
    yield Head(
        part="head",
        rows=columns.rows,
        columns=tuple((name, kind) for name, kind, _ in table.columns),
        sampled_rows=drawn if drawn < columns.rows else None,
        drawn=sample.told(columns.rows, drawn),
    )
    features = []
    for part, feature in columns.profiled():
        features.append(feature)
        yield part
    found = Features(columns.rows, drawn, tuple(features))
    _keep(found, table)
    yield association(found)


def _features(table: Table) -> Features:
    """Read the rows that were drawn of a table, or draw them where nobody has yet."""
    _await(sheet.partial(Job(table).path))
    found = kept.load(table.sample, table.names)
    if found is None:
        columns = Columns(table)
        found = Features(columns.rows, len(columns.sampled), tuple(columns.features()))
        _keep(found, table)
    return found


def _keep(found: Features, table: Table) -> None:
    """Keep the rows that were drawn."""
    if table.path.exists():
        kept.save(found, table.sample)
        _drop_of_no_table(table.sample, table)


def _drop_of_no_table(path: Path, table: Table) -> None:
    """Drop a file that was made while its table was dropped, by who may have looked before it was there."""
    if not table.path.exists():
        path.unlink(missing_ok=True)


def _await(path: Path) -> None:
    """Wait for whoever writes a file; the kernel frees the lock however that ends."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
    except FileNotFoundError:
        return


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return GONE.reason
    words = " ".join(without_places(str(error)).split()) or type(error).__name__
    told = words if isinstance(error, OSError) else f"{type(error).__name__}: {words}"
    return f"The table could not be profiled: {told[:_LONGEST_REASON].rstrip('.')}."
