"""Classes that are too rare for the folds, or too common to be told apart by accuracy."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.catalogue import FOLDS_LEAST, TASKS
from workbench.plain import listed
from workbench.preflight.evidence import Evidence
from workbench.preflight.findings import Finding, Mend
from workbench.preflight.subject import Subject

COMMON, VERY_COMMON = 0.8, 0.9
"""Share of the most frequent class from which that is noted, and from which accuracy is warned of."""
_BY_SHARES = "MCC"
"""The metric by which a model that always says the same scores 0, however common that is."""


def target(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Look at the classes of the target."""
    if subject.is_classes and subject.target is not None:
        yield from _rare(subject, evidence)
        yield from _imbalance(subject)


def _rare(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    column, folds = subject.target, subject.spec.folds
    assert column is not None
    classes = evidence.columns.classes if evidence.columns is not None else ()
    if not classes and column.rarest is not None:
        classes = tuple(pair for pair in column.top if pair[1] == column.rarest) or (("", column.rarest),)
    share = subject.setup("train_size")
    trained = [(name, rows, int(rows * share)) for name, rows in classes]
    rare = [(name, rows, left) for name, rows, left in trained if left < folds]
    if not rare:
        return
    fewest = min(left for _, _, left in rare)
    names = [name for name, _, _ in rare if name]
    what = f"{'Class' if len(rare) == 1 else 'Classes'} {listed(names)}" if names else "A class"
    yield Finding(
        "target.rare",
        "warning",
        (column.name,),
        f"{what} of '{column.name}' {'has' if len(rare) == 1 else 'have'} fewer rows to train on than there are folds, "
        f"{fewest:,} against {folds}: some folds have none, and what is measured there leaves the class out.",
        {"classes": {name: rows for name, rows, _ in rare}, "folds": folds},
        Mend(f"Take {fewest} folds", {"folds": fewest}) if fewest >= FOLDS_LEAST else None,
    )


def _imbalance(subject: Subject) -> Iterator[Finding]:
    column, spec = subject.target, subject.spec
    assert column is not None
    if not column.top:
        return
    value, rows = column.top[0]
    share = rows / (subject.source.row_count - column.missing)
    if share < COMMON:
        return
    task = TASKS[spec.task]
    by_accuracy = spec.sort == task.sort
    metric = task.metric(_BY_SHARES)
    yield Finding(
        "target.imbalance",
        "warning" if by_accuracy and share >= VERY_COMMON else "note",
        (column.name,),
        f"{share:.1%} of the rows are '{value}': a model that always says so is right as often"
        f"{', and accuracy hardly tells others from it' if by_accuracy else ''}.",
        {"class": value, "share": round(share, 4), "rows": rows},
        Mend(f"Rank by {metric.name}", {"sort": metric.name}) if by_accuracy and metric is not None else None,
    )
