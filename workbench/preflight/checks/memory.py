"""Runs that take more memory than there is, or make many columns of few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.catalogue import TASKS
from workbench.plain import byte_size, listed
from workbench.preflight.findings import Finding, Mend
from workbench.preflight.forecast import Forecast, forecast, least_workers
from workbench.preflight.subject import Subject

WIDE_COLUMNS, WIDE_TIMES = 200, 5
"""Columns after set-up, and how many times those before it, from which the width is worth a word."""
_HELPS = 0.8
"""A mend that does not suffice is offered where it takes the forecast down to so much or less."""


def foresee(subject: Subject, setup: Mapping[str, Any] | None = None) -> Forecast:
    """Forecast what set-up will take.

    Parameters
    ----------
    setup
        Options instead of the run's own; None: those.
    """
    spec = subject.spec
    return forecast(
        subject.source,
        spec.setup if setup is None else setup,
        task=spec.task,
        target=spec.target,
        truth=spec.options.get("ground_truth"),
    )


def memory(subject: Subject, found: Forecast, free: int) -> Iterator[Finding]:
    """Hold the forecast against the memory that there is.

    Parameters
    ----------
    free
        Bytes that can be taken.
    """
    workers = _least_workers(subject)
    told = {
        "needed_bytes": found.needed(workers),
        "setup_bytes": found.setup_bytes,
        "free_bytes": free,
        "columns_before": found.columns_before,
        "columns_after": found.columns_after,
        "widest": dict(found.widest),
    }
    widest = tuple(name for name, _ in found.widest)
    words = found.words_of_all(workers)
    if found.needed(workers) > free:
        message = f"{words} {byte_size(free)} of memory are free."
        yield Finding("memory.exceeded", "blocking", widest, message, told, _mend(subject, found, free))
    elif found.needed_perhaps(workers) > free:
        perhaps = byte_size(found.needed_perhaps(workers))
        message = f"{words} It may be {perhaps}, and {byte_size(free)} of memory are free."
        yield Finding("memory.tight", "warning", widest, message, told, _mend(subject, found, free))
    elif found.columns_after >= max(WIDE_COLUMNS, WIDE_TIMES * found.columns_before):
        by = f": most by {listed(widest)}" if widest else ""
        message = f"{found.columns_before:,} columns become {found.columns_after:,}{by}."
        yield Finding("memory.wide", "note", widest, message, told, _narrower(subject, found))


def _least_workers(subject: Subject) -> int:
    return least_workers(subject.spec.task, subject.spec.plan, subject.spec.executor)


def _mend(subject: Subject, found: Forecast, free: int) -> Mend | None:
    """Return the least change that makes the run fit; where none does, the one that helps most, if it helps at all."""
    best: tuple[int, Mend] | None = None
    workers = _least_workers(subject)
    for mend in _mends(subject, found):
        needed = _mended(subject, mend).needed_perhaps(workers)
        if needed <= free:
            return mend
        if best is None or needed < best[0]:
            best = needed, mend
    return best[1] if best is not None and best[0] <= _HELPS * found.needed_perhaps(workers) else None


def _narrower(subject: Subject, found: Forecast) -> Mend | None:
    """Return the least change by which at most half as many columns come out; None where there is none."""
    fits = (mend for mend in _mends(subject, found) if 2 * _mended(subject, mend).columns_after <= found.columns_after)
    return next(fits, None)


def _mended(subject: Subject, mend: Mend) -> Forecast:
    return foresee(subject, {**subject.spec.setup, **mend.changes["setup"]})


def _mends(subject: Subject, found: Forecast) -> Iterator[Mend]:
    for name in ("polynomial_features", "pca", "fix_imbalance"):
        if subject.setup(name):
            yield Mend(f"Do without {name}", {"setup": {name: False}})
    most = subject.setup("max_encoding_ohe")
    usual = TASKS["classification"].options["max_encoding_ohe"].default
    if most is not None and (most < 0 or most > usual):
        yield Mend(f"Encode texts one-hot up to {usual} values", {"setup": {"max_encoding_ohe": usual}})
    names = [name for name, _ in found.widest]
    for count in range(1, len(names) + 1):
        mend = subject.leave_out(names[:count])
        if mend is not None:
            yield mend
