"""Pre-flight: all checks of a table for one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.data.sources import Sources
from workbench.preflight import asking
from workbench.preflight.checks.columns import columns
from workbench.preflight.checks.leaks import leaks
from workbench.preflight.checks.memory import foresee, memory
from workbench.preflight.checks.rows import rows
from workbench.preflight.checks.splits import grouping, splits
from workbench.preflight.checks.target import target
from workbench.preflight.evidence import Evidence
from workbench.preflight.findings import Finding, Preflight, ordered
from workbench.preflight.forecast import Forecast
from workbench.preflight.subject import Subject


def preflight(data: Sources, folder: Path, subject: Subject, *, free: int) -> Preflight:
    """Look at the table of a run before it starts.

    What takes looking at rows is measured once for a table and a target, and kept beside the table.

    Parameters
    ----------
    folder
        Where the files of tables lie.
    free
        Bytes of memory that can be taken.

    Raises
    ------
    Gone
        ``data.file_missing`` when the table's file is not there any more.
    EngineFault
        ``artifact.hash_mismatch`` when it is not what was stored.
    """
    seen = _evidence(data, folder, subject)
    foreseen = foresee(subject)
    return Preflight(
        findings=ordered(_findings(subject, seen, foreseen, free)),
        forecast=foreseen,
        looked_at=seen.columns.words if seen.columns is not None else "",
    )


def _evidence(data: Sources, folder: Path, subject: Subject) -> Evidence:
    source, spec = subject.source, subject.spec
    return asking.evidence(
        folder,
        source.id,
        lambda: data.path(source),
        rows=source.row_count,
        kinds=tuple((column.name, column.kind) for column in source.columns),
        target=spec.target,
        task=spec.task,
        features=() if subject.is_series else tuple(column.name for column in subject.features),
    )


def _findings(subject: Subject, seen: Evidence, foreseen: Forecast, free: int) -> Iterator[Finding]:
    if seen.failure is not None:
        yield Finding(
            "table.unseen",
            "warning",
            (),
            f"The rows of {subject.source.name} could not be looked at, and leaks not be sought: {seen.failure}.",
        )
    yield from memory(subject, foreseen, free)
    yield from leaks(subject, seen, grouping=grouping(subject, seen))
    yield from columns(subject, seen)
    yield from target(subject, seen)
    yield from rows(subject, seen)
    yield from splits(subject, seen)
