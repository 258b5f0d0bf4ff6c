"""What advisors are shown of a table before a run: its facts, its profile, and pre-flight with its mends."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from workbench.advisors import table as shown
from workbench.data.source import Column, Source
from workbench.data.sources import Sources
from workbench.dates import read_date
from workbench.errors import WorkbenchError
from workbench.preflight.check import preflight
from workbench.preflight.checks.columns import names_rows
from workbench.preflight.findings import Finding, Preflight, apply
from workbench.preflight.machine import free
from workbench.preflight.refusals import suggest_task
from workbench.preflight.requested import specify
from workbench.preflight.subject import Subject
from workbench.runs.asked import Asked
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.data.profile import Profile
    from workbench.data.profile.parts import ColumnPart

PATIENCE_S = 60
"""Seconds that the profile of a table is waited for; what is missing then is told."""
ROUNDS = 3
"""Times that a mended request is looked at again: what is left out may bring up something else."""
_DAY_S = 24 * 3600
_UNMENDED = ("memory.wide",)
"""Notes on what fits all the same: to leave columns out for them is for a person to decide."""
_SPLITS = ("split.groups", "split.time")


def profiled(data: Sources, source: Source, target: str | None, against: Source | None = None) -> Profile:
    """Return a table's profile, as far as it is computed within `PATIENCE_S`, by processes of its own."""
    from workbench.data.profile import Profile
    from workbench.data.profile.parts import End, Failed

    parts = list(data.profiled(source, target=target, against=against, patience_s=PATIENCE_S))
    jobs = 1 + (target is not None) + (against is not None)
    over = sum(isinstance(part, End | Failed) for part in parts)
    return Profile.of(parts, is_complete=over >= jobs)


def table_of(data: Sources, source: Source, profile: Profile | None) -> shown.Table:
    """Put together what is known of a table.

    Parameters
    ----------
    profile
        None: it was not asked for.
    """
    sample = next((each for each in data.samples() if source.kind == "sample" and each.name == source.name), None)
    unseen = list(profile.failures) if profile is not None else []
    if profile is not None and not profile.is_complete:
        unseen.append(f"The profile of {source.name} was not complete after {PATIENCE_S} s.")
    dates = [column.name for column in source.columns if column.kind == "date"]
    first = data.head(source) if dates else []
    return shown.Table(
        source_id=source.id,
        name=source.name,
        version=source.version,
        rows=source.row_count,
        columns=tuple(
            _column(column, None if profile is None else profile.column(column.name), first)
            for column in source.columns
        ),
        unseen=tuple(unseen),
        known_target=None if sample is None else sample.target,
        known_task=None if sample is None else sample.task,
    )


def target_of(profile: Profile) -> shown.Target | None:
    """Return what a profile tells of the target; None where it tells nothing."""
    told = profile.target
    if told is None:
        return None
    return shown.Target(
        name=told.name,
        classes=tuple((value.label, value.count) for value in told.classes),
        class_count=told.class_count,
        features=tuple(
            shown.Associated(name=each.name, strength=each.strength, measure=each.measure) for each in told.features
        ),
        sampled_rows=told.sampled_rows,
    )


def look(store: Store, data: Sources, source: Source, request: Mapping[str, Any]) -> shown.Look:
    """Look at a table for a request, and merge into the request what mends the findings.

    The splits' mends contradict each other, and the gravest alone is taken; a column by which folds are made, or which
    is named for something else, is not left out.

    Parameters
    ----------
    request
        Arguments of ``Runs.submit``, the data source left out.
    """
    try:
        found = _looked(store, data, source, request)
    except WorkbenchError as error:
        return shown.Look(request=dict(request), refusal=refusal_of(error))
    mended, taken, left = dict(request), set[tuple[str, tuple[str, ...]]](), found
    try:
        for _ in range(ROUNDS):
            merged = _merged(mended, left, taken)
            if merged == mended:
                break
            mended = merged
            left = _looked(store, data, source, mended)
    except WorkbenchError as error:
        return shown.Look(
            findings=tuple(_found(each) for each in found.findings),
            request=dict(request),
            left=tuple(_found(each) for each in found.findings),
            refusal=refusal_of(error),
            looked_at=found.looked_at,
        )
    # What is found still, and nothing is left to be done about, is mended as far as it can be.
    still = {(each.code, each.columns) for each in left.findings if each.mend is not None}
    still |= {(each.code, each.columns) for each in left.findings} - taken
    return shown.Look(
        findings=tuple(
            _found(
                each,
                is_mended=(each.code, each.columns) not in still,
                # What another mend has mended along has none of its own.
                is_taken=(each.code, each.columns) in taken,
            )
            for each in found.findings
        ),
        request=mended,
        left=tuple(_found(each) for each in left.findings),
        looked_at=found.looked_at,
    )


def refusal_of(error: WorkbenchError) -> shown.Refusal:
    """Return an error as an advisor is shown it."""
    return shown.Refusal(code=error.code, message=error.message, hint=error.hint or "")


def _looked(store: Store, data: Sources, source: Source, request: Mapping[str, Any]) -> Preflight:
    spec = specify(source, Asked.of(request), store.settings)
    return preflight(data, store.settings.files, Subject(source, spec), free=free())


def _merged(request: Mapping[str, Any], found: Preflight, taken: set[tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    """Merge the mends that do not contradict each other, and take note of which they are."""
    merged, has_split = dict(request), any(code in _SPLITS for code, _ in taken)
    # Splits first: what folds are made by is not to be left out then.
    for finding in sorted(found.findings, key=lambda each: each.code not in _SPLITS):
        if finding.mend is None or (finding.code in _UNMENDED and finding.severity == "note"):
            continue
        if finding.code in _SPLITS and has_split:
            continue
        if _drops_what_is_named(finding, merged):
            continue
        has_split |= finding.code in _SPLITS
        merged = apply(merged, finding.mend)
        taken.add((finding.code, finding.columns))
    return merged


def _drops_what_is_named(finding: Finding, request: Mapping[str, Any]) -> bool:
    assert finding.mend is not None
    dropped = (finding.mend.changes.get("setup") or {}).get("ignore_features") or ()
    named = [value for name, value in (request.get("setup") or {}).items() if name != "ignore_features"]
    return any(
        column == value or (isinstance(value, list) and column in value) for column in dropped for value in named
    )


def _found(finding: Finding, *, is_mended: bool = False, is_taken: bool = True) -> shown.Found:
    told = finding.as_dict()
    mend = told["mend"] if is_taken or not is_mended else None
    return shown.Found(
        code=finding.code,
        severity=finding.severity,
        columns=finding.columns,
        message=finding.message,
        measured=told["evidence"],
        label="" if mend is None else mend["label"],
        changes={} if mend is None else mend["changes"],
        is_mended=is_mended,
    )


def _column(column: Column, part: ColumnPart | None, first: list[dict[str, Any]]) -> shown.Column:
    return shown.Column(
        name=column.name,
        kind=column.kind,
        missing=column.missing,
        distinct=column.distinct,
        is_exact=column.distinct_exact,
        is_integral=column.integral,
        is_unique=column.unique,
        minimum=column.minimum,
        maximum=column.maximum,
        top=column.top,
        rarest=column.rarest,
        names_rows=names_rows(column.name),
        suits=suggest_task(column),
        step_days=_step_days([row.get(column.name) for row in first]) if column.kind == "date" else None,
        **_measured(part),
    )


def _measured(part: ColumnPart | None) -> dict[str, Any]:
    told = None if part is None else part.measures
    if told is None:
        return {}
    if told.of == "number":
        return {
            "infinite": told.infinite,
            "skew": told.skew,
            "far_share": None if told.outliers is None else told.outliers.far_share,
            "suspects": tuple((each.label, each.count, each.why) for each in told.suspects),
        }
    if told.of == "text":
        return {
            "suspects": tuple((each.label, each.count, each.why) for each in told.suspects),
            "variants": tuple(tuple(value.label for value in group) for group in told.variants),
            "like_numbers": None if told.numbers is None else told.numbers.share,
            "like_dates": None if told.dates is None else told.dates.share,
        }
    if told.of == "date":
        return {
            "order": told.order,
            "gap_days": None if told.gap is None else told.gap.days,
            "span_days": _span_days(told.first, told.last),
        }
    return {}


def _span_days(first: str, last: str) -> float | None:
    begins, ends = read_date(first), read_date(last)
    return None if begins is None or ends is None else (ends - begins).total_seconds() / _DAY_S


def _step_days(values: list[Any]) -> float | None:
    read = [found for value in values if value is not None and (found := read_date(str(value))) is not None]
    steps = [abs((later - earlier).total_seconds()) / _DAY_S for earlier, later in pairwise(read)]
    return median(steps) if any(steps) else None
