"""Rows that belong together or follow each other, so that folds drawn at random tell too good a story."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.data.source import Column
from workbench.preflight.checks.columns import names_rows
from workbench.preflight.evidence import Evidence, Seen
from workbench.preflight.findings import Finding, Mend
from workbench.preflight.subject import Subject

IN_ORDER = 0.99
"""Part of the steps that go one way from which rows count as sorted: a few late entries do not hide an order."""
FEWEST_DATES = 10
DRIFTS = {"AUC": 0.6, "R²": 0.05}
"""Score of the period alone from which the target changes with time."""
FEWEST_GROUPS = 20
ROWS_EACH = (2, 50)
"""Rows of a group, on average: from two on there is something to share; a value with many is a category."""
IN_RUNS = 0.5
ALIKE = 0.1
"""Part of the target's variance between groups from which folds that cut through them flatter a model."""
DEVIATIONS = 6
"""So many standard deviations above chance: no table has columns enough to come there by chance."""


def splits(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Look for dates that rows follow, and for groups whose rows have targets alike."""
    if not subject.has_target or subject.is_series or evidence.columns is None:
        return
    yield from _time(subject, evidence)
    yield from _groups(subject, evidence)


def grouping(subject: Subject, evidence: Evidence) -> list[str]:
    """Return the columns whose values are groups of rows with targets alike, the most alike first."""
    found = [
        seen
        for column in subject.source.columns
        if column.name != subject.spec.target
        and (seen := evidence.seen(column.name)) is not None
        and _groups_rows(column, seen)
    ]
    return [seen.name for seen in sorted(found, key=lambda seen: -(seen.likeness or 0))]


def _groups_rows(column: Column, seen: Seen) -> bool:
    if column.kind not in ("text", "number") or (column.kind == "number" and not column.integral):
        return False
    least, most = ROWS_EACH
    if seen.distinct < FEWEST_GROUPS or not least * seen.distinct <= seen.known <= most * seen.distinct:
        return False
    if seen.likeness is None or seen.likeness < max(ALIKE, DEVIATIONS * (seen.likeness_by_chance or 0)):
        return False
    if names_rows(column.name):
        return True
    # Sorted by a measure, its values stand in runs too.
    is_sorted = seen.ascending is not None and not 1 - IN_ORDER < seen.ascending < IN_ORDER
    is_code = column.kind == "text" and all(any(map(str.isdigit, value)) for value, _ in column.top)
    return is_code or (seen.runs >= IN_RUNS and not is_sorted)


def _groups(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    if subject.setup("fold_strategy") in ("groupkfold", "timeseries"):
        return
    features = {column.name: column for column in subject.features}
    for name in grouping(subject, evidence):
        seen = evidence.seen(name)
        assert seen is not None
        mend, but = None, ""
        if name not in features:
            but = " (fold_groups takes a feature, and it is left out)"
        elif features[name].missing:
            but = " (fold_groups takes no column with gaps)"
        elif seen.distinct >= subject.spec.folds:
            changes = {"setup": {"fold_strategy": "groupkfold", "fold_groups": name}}
            mend = Mend(f"Keep the rows of each '{name}' in one fold", changes)
        yield Finding(
            "split.groups",
            "warning",
            (name,),
            f"Rows with the same '{name}' have targets alike, {seen.likeness:.0%} of the variance: folds drawn at "
            f"random test on groups that were learned{but}.",
            {
                "likeness": seen.likeness,
                "by_chance": seen.likeness_by_chance,
                "groups": seen.distinct,
                "rows_each": round(seen.known / seen.distinct, 1),
            },
            mend,
        )


def _time(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    assert evidence.columns is not None
    if subject.setup("fold_strategy") == "timeseries":
        return
    drifting = DRIFTS.get(evidence.columns.measure or "", 1.0)
    # How far the order goes, from none to one that has no exception, up or down.
    found = [
        (2 * abs(seen.ascending - 0.5), seen)
        for column in subject.source.columns
        if column.kind == "date"
        and (seen := evidence.seen(column.name)) is not None
        and seen.distinct >= FEWEST_DATES
        and seen.ascending is not None
    ]
    follows = 2 * IN_ORDER - 1
    telling = [(order, seen) for order, seen in found if order >= follows or (seen.drift or 0) >= drifting]
    if not telling:
        return
    order, seen = max(telling, key=lambda pair: (pair[0], pair[1].drift or 0))
    drifts = (seen.drift or 0) >= drifting
    is_sorted = order >= follows
    goes_up = is_sorted and (seen.ascending or 0) > 0.5
    what = f"Rows follow '{seen.name}'" if is_sorted else f"'{seen.name}' holds dates"
    what += f"{', the newest first' if is_sorted and not goes_up else ''}"
    what += f", and '{subject.spec.target}' changes with it" if drifts else ""
    does = "folds drawn at random train on what came after the rows they test on"
    hint = "" if goes_up else "; for folds in order, bring the table sorted by it"
    yield Finding(
        "split.time",
        "warning" if drifts else "note",
        (seen.name,),
        f"{what}: {does}{hint}.",
        {"ascending": seen.ascending, "drift": seen.drift, "measure": evidence.columns.measure, "dates": seen.distinct},
        _in_order(subject) if goes_up else None,
    )


def _in_order(subject: Subject) -> Mend:
    setup = {"fold_strategy": "timeseries", "data_split_shuffle": False}
    # PyCaret refuses either of them beside folds in order.
    if subject.setup("data_split_stratify"):
        setup["data_split_stratify"] = False
    if subject.setup("fold_shuffle"):
        setup["fold_shuffle"] = False
    return Mend("Test on what comes later than what is learned", {"setup": setup})
