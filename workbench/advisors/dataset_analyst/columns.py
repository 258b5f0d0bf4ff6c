"""The features: gaps, spread, scales, spellings, and what goes together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import isfinite

from workbench.advisors import usable
from workbench.advisors.advice import Plot, Series
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.dataset_analyst.remark import Remark, listed, remark
from workbench.advisors.table import Column
from workbench.advisors.thresholds import Thresholds
from workbench.advisors.usable import learnable, unusable

_BARS = 15
"""Columns that a plot shows."""


def remarks(evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    """Look at the columns beside the target."""
    left_out = (evidence.look.request.get("setup") or {}).get("ignore_features") or () if evidence.look else ()
    features = [
        column
        for column in evidence.table.columns
        if column.name != evidence.target_name and column.name not in left_out and column.distinct
    ]
    yield from _unusable(evidence, left_out, thresholds)
    yield from _missing(features, evidence, thresholds)
    yield from _suspects(features)
    yield from _misread(features, thresholds)
    yield from _spellings(features)
    if evidence.task == "time_series":
        return
    numbers = [column for column in features if column.kind == "number"]
    yield from _skewed(numbers, thresholds)
    yield from _scales(numbers, thresholds)
    yield from _alike(features, evidence, thresholds)


def nothing_left(evidence: DatasetEvidence, left_out: Collection[str]) -> Iterator[Remark]:
    """Tell where no feature can teach anything.

    Parameters
    ----------
    left_out
        Columns that the suggested set-up leaves out.
    """
    if evidence.task in (None, "time_series") or (evidence.look is not None and evidence.look.refusal is not None):
        return
    if learnable(evidence.table, {*left_out, evidence.target_name}):
        return
    why = usable.nothing_left(evidence.table, evidence.target_name)
    yield remark(
        "columns.none",
        "blocking",
        f"{why[:1].upper()}{why[1:]}: what is not left out has one value or none.",
        "Bring columns that differ from row to row.",
        measured={"columns": len(evidence.table.columns), "left_out": sorted(left_out)},
        stop=why,
    )


def _unusable(evidence: DatasetEvidence, left_out: Collection[str], thresholds: Thresholds) -> Iterator[Remark]:
    found = unusable(evidence.table, thresholds)
    is_refused = evidence.look is not None and evidence.look.refusal is not None
    for name, why in found.items():
        is_target = name == evidence.target_name
        if evidence.task == "time_series" and not is_target:
            continue
        is_mended = name in left_out and not is_target and not is_refused
        yield remark(
            f"column.unusable:{name}",
            "warning" if is_mended else "blocking",
            f"'{name}' {why}: a run with it fails.",
            "Leave it out: the suggested set-up does so. Better find out what such a value stands for."
            if is_mended
            else "Find out what such a value stands for, and bring the table with it mended.",
            measured={"infinite": _infinite(evidence, name)},
            thresholds=("analyst.magnitude",),
            columns=(name,),
            mend=f"numbers beyond bounds in '{name}'" if is_mended else "",
            stop="" if is_mended else f"'{name}' {why}",
        )


def _infinite(evidence: DatasetEvidence, name: str) -> int | None:
    column = evidence.table.column(name)
    return None if column is None else column.infinite


def _missing(features: list[Column], evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    rows = max(1, evidence.table.rows)
    found = sorted((column for column in features if column.missing), key=lambda column: -column.missing)
    named = [column for column in found if column.missing / rows >= thresholds["analyst.missing"]]
    if not named:
        yield remark(
            "columns.missing",
            "good" if not found else "note",
            "No feature has a gap."
            if not found
            else f"{len(found):,} features have gaps, each in fewer than {thresholds['analyst.missing']:.0%} of rows.",
            measured={"missing": {column.name: column.missing for column in found[:_BARS]}},
            thresholds=("analyst.missing",),
        )
        return
    most = [column.name for column in named if column.missing / rows >= thresholds["analyst.missing_most"]]
    many = [column.name for column in named if column.missing / rows >= thresholds["analyst.missing_many"]]
    shown = found[:_BARS]
    series = Series(
        name="missing", x=[round(each.missing / rows, 4) for each in shown], y=[each.name for each in shown]
    )
    worst = named[0]
    advice = "Find out why they are missing; PyCaret fills numbers by the mean and texts by the most frequent value."
    yield remark(
        "columns.missing",
        "warning" if many else "note",
        f"{len(named):,} feature{'s lack' if len(named) > 1 else ' lacks'} {thresholds['analyst.missing']:.0%} of the "
        f"values or more; '{worst.name}' lacks {worst.missing / rows:.0%}.",
        f"Leave out {listed(most)}, which hold{'' if len(most) > 1 else 's'} next to nothing. {advice}"
        if most
        else advice,
        measured={"missing": {column.name: column.missing for column in shown}, "rows": rows},
        thresholds=("analyst.missing", "analyst.missing_many", "analyst.missing_most"),
        columns=tuple(column.name for column in named),
        plot=Plot(kind="bars", title="Missing values", series=(series,), x_title="share of rows"),
        mend=f"gaps in {listed(many, 2)}" if many else "",
        setup={"ignore_features": most} if most else {},
    )


def _suspects(features: list[Column]) -> Iterator[Remark]:
    found = [column for column in features if column.suspects]
    if not found:
        return
    told = [
        f"'{value}' in '{column.name}' ({rows:,} rows, {why})"
        for column in found
        for value, rows, why in column.suspects[:1]
    ]
    more = f", and in {len(told) - 3:,} columns more" if len(told) > 3 else ""
    yield remark(
        "columns.suspects",
        "note",
        f"Some values may stand for gaps: {'; '.join(told[:3])}{more}.",
        "If they do, read the table again with these as gaps.",
        measured={
            column.name: [[value, rows, why] for value, rows, why in column.suspects] for column in found[:_BARS]
        },
        columns=tuple(column.name for column in found),
    )


def _misread(features: list[Column], thresholds: Thresholds) -> Iterator[Remark]:
    least = thresholds["analyst.like_another"]
    for what, found in (
        ("numbers", {column.name: column.like_numbers for column in features if (column.like_numbers or 0) >= least}),
        ("dates", {column.name: column.like_dates for column in features if (column.like_dates or 0) >= least}),
    ):
        if found:
            kind = what.removesuffix("s").removeprefix("a ")
            yield remark(
                f"columns.like_{what}",
                "warning",
                f"{listed(tuple(found))} {'is' if len(found) == 1 else 'are'} read as text, and nearly all {what}.",
                f"Read the table again, and say that {'it is' if len(found) == 1 else 'they are'} of the kind {kind}.",
                measured={"share": found},
                thresholds=("analyst.like_another",),
                columns=tuple(found),
                mend=f"{what} that are read as text",
            )


def _spellings(features: list[Column]) -> Iterator[Remark]:
    found = [column for column in features if column.variants]
    if not found:
        return
    first = found[0]
    shown = ", ".join(f"'{value}'" for value in first.variants[0][:3])
    yield remark(
        "columns.spellings",
        "note",
        f"Some values differ by case or blanks only, in {listed([column.name for column in found])}: such as {shown} "
        f"in '{first.name}', which count as several.",
        "Bring them to one spelling.",
        measured={column.name: [list(group) for group in column.variants] for column in found[:_BARS]},
        columns=tuple(column.name for column in found),
    )


def _skewed(numbers: list[Column], thresholds: Thresholds) -> Iterator[Remark]:
    found = {
        column.name: round(column.skew, 2)
        for column in numbers
        if column.skew is not None and column.distinct > 2 and abs(column.skew) >= thresholds["analyst.skew_transform"]
    }
    if not found:
        return
    most = max(found, key=lambda name: abs(found[name]))
    is_many = len(found) >= thresholds["analyst.skewed_share"] * len(numbers)
    yield remark(
        "columns.skewed",
        "note",
        f"{len(found):,} of {len(numbers):,} numeric features {'is' if len(found) == 1 else 'are'} strongly skewed; "
        f"'{most}' most, by {found[most]:.1f}.",
        "Make features more normal (transformation): linear models gain by it, trees do not mind."
        if is_many
        else "Linear models may gain by a transformation of all; trees do not mind.",
        measured={"skew": found},
        thresholds=("analyst.skew_transform", "analyst.skewed_share"),
        columns=tuple(found),
        setup={"transformation": True} if is_many else {},
    )


def _scales(numbers: list[Column], thresholds: Thresholds) -> Iterator[Remark]:
    spans = {
        column.name: column.maximum - column.minimum
        for column in numbers
        if column.maximum is not None
        and column.minimum is not None
        and column.maximum > column.minimum
        # The bounds may be so far apart that what lies between is none.
        and isfinite(column.maximum - column.minimum)
    }
    if len(spans) < 2:
        return
    wide, narrow = max(spans, key=lambda name: spans[name]), min(spans, key=lambda name: spans[name])
    times = spans[wide] / spans[narrow]
    if times < thresholds["analyst.scales"]:
        return
    yield remark(
        "columns.scales",
        "note",
        f"'{wide}' spans {spans[wide]:,.4g} and '{narrow}' {spans[narrow]:,.4g}: linear models and neighbours "
        "would see little of the latter.",
        "Scale the features (normalize).",
        measured={"widest": [wide, spans[wide]], "narrowest": [narrow, spans[narrow]]},
        thresholds=("analyst.scales",),
        columns=(wide, narrow),
        setup={"normalize": True},
    )


def _alike(features: list[Column], evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    names = {column.name for column in features}
    found = [
        pair
        for pair in evidence.pairs
        if pair.strength >= thresholds["analyst.alike"] and {pair.left, pair.right} <= names
    ]
    if not found:
        return
    best = found[0]
    yield remark(
        "columns.alike",
        "note",
        f"{len(found):,} pair{' of features is' if len(found) == 1 else 's of features are'} next to the same; "
        f"'{best.left}' and '{best.right}' go together by {best.strength:.2f}.",
        "Leave one of each out (remove_multicollinearity), where weights or importances are to be read.",
        measured={"pairs": [[pair.left, pair.right, pair.strength] for pair in found]},
        thresholds=("analyst.alike",),
        columns=tuple(dict.fromkeys(name for pair in found for name in (pair.left, pair.right))),
    )
