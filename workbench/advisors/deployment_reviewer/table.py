"""Rules about the table: what it gives away, what it lacks, and how its classes lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.advisors.advice import RiskFlag
from workbench.advisors.codes import finding_id, words
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.advisors.table import Found
from workbench.plain import listed

_LEAKS = ("leak.copy", "leak.computed", "leak.gaps", "leak.score")
_OTHERS: Mapping[str, RiskFlag | None] = {
    "column.cardinality": None,
    "column.dates": "missing_encoder",
    "split.time": None,
    "split.groups": None,
    "target.rare": "small_sample",
}
"""Warnings of the pre-flight that are told on, and what they put at risk."""


def leaks(case: Case) -> Iterator[Ruling]:
    """The target must not be among what it is predicted from: by the pre-flight, by the score, by the importances."""
    found = case.looked(*_LEAKS)
    for seen in found:
        yield _leak(case, seen)
    if not found:
        yield from _suspicion(case)


def _leak(case: Case, seen: Found) -> Ruling:
    blocks = seen.severity == "blocking"
    passed = " The run was started all the same." if seen.code in case.evidence.overridden else ""
    carried = case.carried(seen.columns[0]) if len(seen.columns) == 1 else None
    share = "" if carried is None else f" It carries {carried:.0%} of what the model goes by."
    phrase = f"the target leaks through {listed(seen.columns)}" if blocks else f"{listed(seen.columns)} may leak it"
    return case.ruling(
        finding_id(seen),
        "blocking" if blocks else "warning",
        f"{seen.message}{passed}{share}",
        f"{seen.label or f'Leave {listed(seen.columns)} out'}, unless it is known before the target is.",
        flag="leak",
        phrase=phrase,
        measured={**seen.measured, **({} if carried is None else {"carried": round(carried, 4)})},
        columns=seen.columns,
        mends=seen.is_mended,
    )


def _suspicion(case: Case) -> Iterator[Ruling]:
    """Look for what no single column gives away: a score without an error, one column that carries everything."""
    if case.measure is None:
        return
    skill = case.measure.cross_validated(case.reviewed)
    if skill is None:
        return
    found = case.examination.importances if case.examination is not None else None
    top = max(found, key=lambda each: each.drop) if found else None
    carried = None if top is None else case.carried(top.column)
    measured = {"skill": round(skill, 4), "measure": case.measure.metric}
    if skill >= case.limit("reviewer.too_good"):
        yield case.ruling(
            "leak.too_good",
            "warning",
            f"The cross-validated {case.measure.metric} is {case.reviewed.metrics[case.measure.metric].mean:.4f}, as "
            "good as no error: that is rarely so unless a column is known only after the target is.",
            "Ask of each important column when it is known, and leave out what comes after the target.",
            flag="leak",
            phrase="the score is too good to be true",
            measured=measured,
            held=("reviewer.too_good",),
            columns=() if top is None else (top.column,),
        )
    elif top is not None and carried is not None and carried >= case.limit("reviewer.carries_all"):
        if len(case.reviewed.columns) < case.limit("reviewer.fewest_columns"):
            return
        suspect = skill >= case.limit("reviewer.carried_skill")
        yield case.ruling(
            f"leak.carries:{top.column}" if suspect else f"column.carries:{top.column}",
            "warning" if suspect else "note",
            f"'{top.column}' carries {carried:.0%} of what the model goes by, of {len(case.reviewed.columns)} columns; "
            f"its skill ({case.measure.metric}) is {skill:.2f} of 1.",
            f"Make sure that '{top.column}' is known before the target is, and means the same in use.",
            flag="leak" if suspect else None,
            phrase=f"'{top.column}' carries nearly everything" if suspect else "",
            measured={**measured, "carried": round(carried, 4), "drop": top.drop},
            held=("reviewer.carries_all", "reviewer.carried_skill"),
            columns=(top.column,),
        )


def identifiers(case: Case) -> Iterator[Ruling]:
    """What names a row must not be learned from: a new row has another name."""
    for seen in case.looked("column.identifier"):
        carried = max((found for name in seen.columns if (found := case.carried(name)) is not None), default=None)
        leans = any(case.leans_on(name) for name in seen.columns)
        share = "" if carried is None else f" It carries {carried:.0%} of what the model goes by."
        yield case.ruling(
            finding_id(seen),
            "blocking" if leans else "warning",
            f"{seen.message}{share}",
            f"{seen.label or f'Leave {listed(seen.columns)} out'} and fit again.",
            flag="identifier",
            phrase=f"it {'leans on' if leans else 'learned from'} the identifier {listed(seen.columns)}",
            measured={**seen.measured, **({} if carried is None else {"carried": round(carried, 4)})},
            held=("reviewer.identifier_carries", "reviewer.drop_noise") if carried is not None else (),
            columns=seen.columns,
            mends=seen.is_mended,
        )


def copies(case: Case) -> Iterator[Ruling]:
    """Whoever is tested on copies of what was learned is not tested."""
    for seen in case.looked("rows.duplicate"):
        if seen.severity == "note":
            continue
        blocks = case.is_of_copies(seen)
        yield case.ruling(
            finding_id(seen),
            "blocking" if blocks else "warning",
            f"{seen.message} Its scores tell how well it repeats such rows; for new ones they cannot be believed.",
            "Take each row once, and fit again.",
            flag="duplicate_rows",
            phrase="it was judged on copies of what it learned" if blocks else "rows that are alike flatter its score",
            measured=seen.measured,
            held=("reviewer.copied",),
        )


def others(case: Case) -> Iterator[Ruling]:
    """What else the pre-flight warned of that makes a score on folds drawn at random too good."""
    for seen in case.looked(*_OTHERS):
        if seen.severity == "note":
            continue
        yield case.ruling(
            finding_id(seen),
            "warning",
            seen.message,
            f"{seen.label} and fit again." if seen.label else "Judge it on rows of another time or place.",
            flag=_OTHERS[seen.code],
            phrase=words(seen),
            measured=seen.measured,
            columns=seen.columns,
            mends=seen.is_mended,
        )


def sample(case: Case) -> Iterator[Ruling]:
    """Few rows teach little, and tell little of how well that was learned."""
    reviewed, task = case.reviewed, case.reviewed.task
    rows, columns = reviewed.rows_learned, len(reviewed.columns)
    if rows is None or task == "time_series":
        return
    least = case.limit("reviewer.rows_least")
    if rows < least:
        yield _few(
            case,
            "rows",
            f"It learned from {rows:,} rows; below {least:.0f} even a share of rows that are right is known to ± 10 "
            "percentage points at best.",
            measured={"rows": rows},
            held=("reviewer.rows_least",),
        )
        return
    if case.is_classes and reviewed.classes:
        rarest, events = min(reviewed.classes.items(), key=lambda pair: pair[1])
        if events < case.limit("reviewer.class_rows_least"):
            yield _few(
                case,
                "class",
                f"Of class '{rarest}' it learned from {events:,} rows; fewer than "
                f"{case.limit('reviewer.class_rows_least'):.0f} do not show what the class is like.",
                measured={"class": rarest, "rows": events},
                held=("reviewer.class_rows_least",),
            )
            return
        basis, what = events, f"rows of class '{rarest}', the rarest,"
    else:
        basis, what = rows, "rows"
    if columns and basis < case.limit("reviewer.rows_per_column") * columns:
        yield _few(
            case,
            "columns",
            f"There are {basis / columns:.1f} {what} for each of {columns:,} columns; below "
            f"{case.limit('reviewer.rows_per_column'):.0f} chance is easily learned for a rule.",
            measured={"rows": basis, "columns": columns},
            held=("reviewer.rows_per_column",),
        )


def _few(case: Case, what: str, claim: str, *, measured: dict[str, object], held: tuple[str, ...]) -> Ruling:
    return case.ruling(
        f"sample.{what}",
        "warning",
        claim,
        "Gather more rows, or tell those who use it how far its score may be off.",
        flag="small_sample",
        phrase="the sample is small",
        measured=measured,
        held=held,
    )


def imbalance(case: Case) -> Iterator[Ruling]:
    """A class that is rare is easily never predicted."""
    shares = case.shares
    if not case.is_classes or len(shares) < 2:
        return
    rarest, share = min(shares.items(), key=lambda pair: pair[1])
    even = share * len(shares)
    if even > case.limit("reviewer.rare_class"):
        return
    recall = _recall(case, rarest)
    misses = recall is not None and recall < case.limit("reviewer.rare_recall")
    told = "" if recall is None else f" Of the rows held out that are '{rarest}' it finds {recall:.0%}."
    yield case.ruling(
        "classes.imbalance",
        "warning" if misses or case.reviewed.sort == "Accuracy" else "note",
        f"{share:.1%} of the rows learned from are '{rarest}', {even:.0%} of an even share.{told}",
        "Rank by MCC, and look at how many of the rare class are found; a threshold other than one half may serve "
        "better.",
        flag="imbalance",
        phrase=f"'{rarest}' is rare{' and mostly missed' if misses else ''}",
        measured={"class": rarest, "share": round(share, 4), "of_even": round(even, 4), "recall": recall},
        held=("reviewer.rare_class", *(("reviewer.rare_recall",) if recall is not None else ())),
    )


def _recall(case: Case, label: str) -> float | None:
    found = case.examination.confusion if case.examination is not None else None
    if found is None or label not in found.labels:
        return None
    place = found.labels.index(label)
    row = found.matrix[place]
    return row[place] / sum(row) if sum(row) else None
