"""Rows that are there more than once, and so are learned by heart before they are tested on."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.preflight.evidence import Evidence, Rows
from workbench.preflight.findings import Finding
from workbench.preflight.subject import Subject

MATTERS, MISLEADS = 0.02, 0.1
"""Share of the rows tested on what was learned by heart, from which that is noted, and from which it is warned of: a
score of 0.8 may then be one of 0.78."""
BY_CHANCE = 10
"""So many times the pairs that independent columns would bring about, and rows were repeated rather than alike."""
COPIED, COPIED_BY_CHANCE = 0.9, 0.7
"""Rows are copies where so many that agree in one column agree in all, target and all, and no more would by chance."""
DIFFER = 0.9
"""Below so many of the pairs whose targets would differ by chance, what is learned of a row tells of others."""


def rows(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Look for rows that are alike in all features."""
    found = evidence.rows
    if found is None or subject.is_series or not found.alike:
        return
    if all(column.distinct <= 1 for column in subject.features):
        return
    folds = subject.spec.folds
    across = found.across(folds) if folds > 1 else found.alike / found.rows
    if across < MATTERS:
        return
    is_copied = _is_copied(found)
    is_repeated = is_copied or found.pairs > BY_CHANCE * found.expected_pairs
    misleads = subject.has_target and _agree(found) and across >= MISLEADS
    yield Finding(
        "rows.duplicate",
        "warning" if is_repeated and misleads else "note",
        (),
        _said(subject, found, across, is_repeated=is_repeated),
        {
            "alike": found.alike,
            "conflicting": found.conflicting,
            "rows": found.rows,
            "across_folds": round(across, 4),
            "expected_pairs": round(found.expected_pairs, 1),
            "pairs": found.pairs,
            "agreeing": found.agreeing,
            "repeated": is_repeated,
            "copied": is_copied,
        },
    )


def _is_copied(found: Rows) -> bool:
    if found.copied is None or found.copied_by_chance is None:
        return False
    return found.copied >= COPIED and found.copied_by_chance <= COPIED_BY_CHANCE


def _agree(found: Rows) -> bool:
    """Whether the targets of rows that are alike differ less often than by chance, or never."""
    differ, by_chance = found.pairs - found.agreeing, found.pairs - found.agreeing_by_chance
    return differ < DIFFER * by_chance or differ == 0


def _said(subject: Subject, found: Rows, across: float, *, is_repeated: bool) -> str:
    of = f"{found.alike:,} of {found.rows:,} rows{'' if found.is_whole else ' that were looked at'}"
    why = "" if is_repeated else ", as rows of few distinct values are"
    if not subject.has_target:
        return f"{of} are like another one in all features{why}."
    differs = f"; in {found.conflicting:,} of them the target differs" if found.conflicting else ""
    if not _agree(found):
        return (
            f"{of} are like another one in all features{why}{differs}, no less often than by chance: they are no "
            "copies of each other."
        )
    return (
        f"{of} are like another one in all features{why}{differs}: with {subject.spec.folds} folds, {across:.0%} of "
        "all rows are tested on what was learned by heart."
    )
