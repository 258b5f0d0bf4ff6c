"""Features that know the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from workbench.preflight.evidence import Columns, Evidence, Seen
from workbench.preflight.findings import Finding
from workbench.preflight.subject import Subject

SUSPECT = 0.98
"""Score from which a feature alone knows too much. Of the tables that come with Workbench the best honest one, the
width of iris petals, scores 0.97."""


def leaks(subject: Subject, evidence: Evidence, *, grouping: Collection[str] = ()) -> Iterator[Finding]:
    """Look for features that are the target, are computed with it, or predict it alone.

    Parameters
    ----------
    grouping
        Columns whose values are groups of rows: they know the target of their groups, and nothing of others.
    """
    found = evidence.columns
    if found is None or subject.target is None:
        return
    features = {column.name for column in subject.features}
    for name, seen in found.columns.items():
        if name not in features:
            continue
        if seen.copy is not None:
            yield _copy(subject, seen, found)
        elif seen.gaps_tell is not None:
            yield _gaps(subject, seen, found)
        elif seen.score is not None and seen.score >= SUSPECT and name not in grouping:
            yield _score(subject, seen, found)
    for left, sign, right in found.computed:
        if left in features and right in features:
            yield Finding(
                "leak.computed",
                "blocking",
                (left, right),
                f"The target '{subject.spec.target}' is '{left}' {sign} '{right}' in all rows that have them.",
                {"formula": f"{left} {sign} {right}", "rows": found.table_rows},
                subject.leave_out([left, right]),
            )


def _copy(subject: Subject, seen: Seen, found: Columns) -> Finding:
    says = {
        "renamed": "is the target '{}' under another name: each value of the one goes with one of the other",
        "linear": "is the target '{}' on another scale: the one is a multiple of the other, plus a number",
        "ordered": "follows the target '{}' without exception: the greater the one, the greater, or smaller, the other",
    }[seen.copy or ""]
    return Finding(
        "leak.copy",
        "blocking",
        (seen.name,),
        f"'{seen.name}' {says.format(subject.spec.target)}, in all rows.",
        {"how": seen.copy, **_scored(seen, found), "rows": found.table_rows},
        subject.leave_out([seen.name]),
    )


def _gaps(subject: Subject, seen: Seen, found: Columns) -> Finding:
    assert seen.gaps_tell is not None
    value, are_gaps = seen.gaps_tell
    where = "" if found.is_whole else f" in the {found.rows:,} rows that were looked at"
    return Finding(
        "leak.gaps",
        "warning",
        (seen.name,),
        f"'{seen.name}' {'lacks' if are_gaps else 'has'} a value exactly where '{subject.spec.target}' is "
        f"'{value}'{where}: it may have been filled in afterwards.",
        {"class": value, **_scored(seen, found), "rows": found.rows},
        subject.leave_out([seen.name]),
    )


def _score(subject: Subject, seen: Seen, found: Columns) -> Finding:
    return Finding(
        "leak.score",
        "warning",
        (seen.name,),
        f"'{seen.name}' alone predicts '{subject.spec.target}' with an {found.measure} of {seen.score:.3f}"
        f"{' by rank' if seen.is_by_rank else ''}: is it known before the target is?",
        {**_scored(seen, found), "rows": found.rows},
        subject.leave_out([seen.name]),
    )


def _scored(seen: Seen, found: Columns) -> dict[str, Any]:
    return {"score": seen.score, "measure": f"{found.measure}{' by rank' if seen.is_by_rank else ''}"}
