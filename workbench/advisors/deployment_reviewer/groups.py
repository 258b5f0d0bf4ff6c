"""Rules about groups of rows: whether the model is worse for some of them, and whether it treats some otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from workbench.advisors.advice import Plot, Series
from workbench.advisors.deployment_reviewer.measures import p_of_means, p_of_shares
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.advisors.examination import SegmentScore

_MOST = 3


def weak(case: Case) -> Iterator[Ruling]:
    """Where the model is much worse than elsewhere, those rows must be known."""
    if case.examination is None:
        return
    found = [
        segment
        for segment in case.examination.segments or ()
        if segment.column != case.evidence.segment and _is_weak(case, segment)
    ]
    for segment in found[:_MOST]:
        yield _told(case, segment, id="segment.weak")


def fairness(case: Case) -> Iterator[Ruling]:
    """Across the values of the column that was named, rows are to be served alike."""
    name = case.evidence.segment
    if name is None:
        return
    found = case.examination.segments or () if case.examination is not None else ()
    least = case.limit("reviewer.group_rows")
    groups = [segment for segment in found if segment.column == name and segment.rows >= least]
    small = [segment for segment in found if segment.column == name and segment.rows < least]
    if len(groups) < 2:
        yield case.ruling(
            f"fairness.unknown:{name}",
            "note",
            f"Whether it is fair across '{name}' could not be told: there are {len(groups)} groups of "
            f"{least:.0f} or more rows that were held out.",
            "Name an input column that has at least two such groups, or hold more rows out.",
            held=("reviewer.group_rows",),
            columns=(name,),
        )
        return
    worse = [group for group in groups if _is_weak(case, group)]
    for group in worse[:_MOST]:
        yield _told(case, group, id="fairness.score")
    selection = list(_treated(case, name, groups))
    yield from selection
    unjudged = list(_unjudged(case, name, groups, small))
    yield from unjudged
    is_held = _holds_predictions(case, groups)
    if not is_held:
        yield case.ruling(
            f"fairness.predictions:{name}",
            "note",
            f"Whether what is predicted differs across '{name}' was not tested: {_why_not_held(case)}.",
            "Compare the predictions of the groups by hand.",
            columns=(name,),
        )
    if not worse and not selection:
        what = "neither the score nor what is predicted differs" if is_held else "the score does not differ"
        which = f"groups of '{name}' that could be judged" if unjudged else f"groups of '{name}'"
        yield case.ruling(
            f"fairness.even:{name}",
            "good" if is_held and not unjudged else "note",
            f"Across the {len(groups)} {which} {what} by more than noise and what the rules allow.",
            columns=(name,),
        )


def _unjudged(case: Case, name: str, groups: Sequence[SegmentScore], small: Sequence[SegmentScore]) -> Iterator[Ruling]:
    """Name the groups that nothing can be said of: silence is not to be taken for fairness."""
    assert case.examination is not None
    cut = case.examination.rows_examined - sum(segment.rows for segment in (*groups, *small))
    if not small and cut <= 0:
        return
    metric = case.examination.segment_metric
    told = [
        f"'{group.value}' ({group.rows:,} rows"
        + (f", {metric} {group.score:.3f}, elsewhere {group.elsewhere:.3f})" if _is_scored(group) else ")")
        for group in small[:_MOST]
    ]
    if len(small) > _MOST:
        told.append(f"{len(small) - _MOST:,} groups more")
    if cut > 0:
        told.append(f"the {cut:,} rows of {'rarer' if groups[0].kind == 'value' else 'other'} values")
    yield case.ruling(
        f"fairness.unjudged:{name}",
        "note",
        f"Whether it is fair to all groups of '{name}' is not known: held out are too few rows, or values were not "
        f"looked at one by one, of {', '.join(told)}.",
        "Gather more rows of these groups, or put groups together that are alike, before it decides about them.",
        measured={"rows": {group.value: group.rows for group in small}, "cut": max(0, cut)},
        held=("reviewer.group_rows",),
        columns=(name,),
    )


def _is_scored(group: SegmentScore) -> bool:
    return group.score is not None and group.elsewhere is not None


def _is_weak(case: Case, segment: SegmentScore) -> bool:
    examination = case.examination
    assert examination is not None
    if segment.rows < case.limit("reviewer.group_rows") or segment.score is None or segment.elsewhere is None:
        return False
    if segment.p_corrected is None or segment.p_corrected >= case.limit("reviewer.p"):
        return False
    if examination.segment_greater_is_better:
        return segment.elsewhere - segment.score >= case.limit("reviewer.group_gap")
    spread = examination.residuals.spread if examination.residuals is not None else 0.0
    matters = segment.score - segment.elsewhere >= case.limit("reviewer.group_error_spread") * spread
    return matters and segment.score >= case.limit("reviewer.group_error") * segment.elsewhere


def _told(case: Case, segment: SegmentScore, *, id: str) -> Ruling:
    examination = case.examination
    assert examination is not None and segment.score is not None and segment.elsewhere is not None
    metric = examination.segment_metric
    is_fairness = segment.column == case.evidence.segment
    # Between two classes that a number tells apart lie values that tell little, whatever the model.
    is_expected = segment.kind == "range" and not is_fairness and case.is_classes
    limits = (
        ("reviewer.group_gap",)
        if examination.segment_greater_is_better
        else ("reviewer.group_error", "reviewer.group_error_spread")
    )
    return case.ruling(
        f"{id}:{segment.column}={segment.value}",
        "note" if is_expected else "warning",
        f"Where '{segment.column}' is {segment.value} ({segment.rows:,} rows held out), {metric} is "
        f"{segment.score:.3f}, elsewhere {segment.elsewhere:.3f}: more than noise (p {segment.p_corrected:.2g}, "
        "corrected).",
        "Gather more such rows or columns that tell them apart, and do not act on its answers there without a second "
        "look.",
        flag="fairness_gap" if is_fairness else None if is_expected else "weak_segment",
        phrase="" if is_expected else f"it is worse where '{segment.column}' is {segment.value}",
        measured={
            "score": segment.score,
            "elsewhere": segment.elsewhere,
            "rows": segment.rows,
            "p": segment.p_corrected,
            "metric": metric,
        },
        held=(*limits, "reviewer.p", "reviewer.group_rows"),
        columns=(segment.column,),
    )


def _known(groups: Sequence[SegmentScore]) -> list[tuple[SegmentScore, float]]:
    return [(group, group.predicted) for group in groups if group.predicted is not None]


def _holds_predictions(case: Case, groups: Sequence[SegmentScore]) -> bool:
    """Whether what is predicted can be held against each other."""
    if len(_known(groups)) < len(groups):
        return False
    return _label(case) is not None if case.is_classes else _spread(case) > 0


def _why_not_held(case: Case) -> str:
    many = len(case.reviewed.classes)
    return f"shares of {many} classes are not compared" if case.is_classes and many != 2 else "they are not known"


def _label(case: Case) -> str | None:
    """Return the class of two whose share is told: the last one in the order of the examination."""
    found = case.examination
    if found is None:
        return None
    if found.confusion is not None:
        return found.confusion.labels[-1] if len(found.confusion.labels) == 2 else None
    return (found.calibration.of or None) if found.calibration is not None else None


def _spread(case: Case) -> float:
    found = case.examination
    return found.residuals.spread if found is not None and found.residuals is not None else 0.0


def _treated(case: Case, name: str, groups: Sequence[SegmentScore]) -> Iterator[Ruling]:
    """Hold what is predicted for the groups against each other."""
    if not _holds_predictions(case, groups):
        return
    known = _known(groups)
    low, high = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
    looks = len(list(combinations(known, 2)))
    yield from (_selection if case.is_classes else _level)(case, name, known, low, high, looks)


_Group = tuple[SegmentScore, float]


def _level(case: Case, name: str, known: Sequence[_Group], low: _Group, high: _Group, looks: int) -> Iterator[Ruling]:
    """Hold means of predicted numbers against each other, by the spread of the target."""
    spread, gap = _spread(case), high[1] - low[1]
    p = min(1.0, looks * p_of_means(gap, spread, low[0].rows, high[0].rows))
    if gap < case.limit("reviewer.group_prediction") * spread or p >= case.limit("reviewer.p"):
        return
    truth = ""
    if low[0].observed is not None and high[0].observed is not None:
        truth = f" In truth the means are {low[0].observed:,.4g} and {high[0].observed:,.4g}."
    apart = f"{gap / spread:.2f} standard deviations of '{case.reviewed.target}'"
    yield _unequal(
        case,
        name,
        known,
        f"Where '{name}' is {low[0].value}, {low[1]:,.4g} is predicted on average, and {high[1]:,.4g} where it is "
        f"{high[0].value}: {apart} apart (p {p:.2g}).{truth}",
        {"gap": gap, "spread": spread, "low": low[1], "high": high[1], "p": p},
        (low[0], high[0]),
        ("reviewer.group_prediction", "reviewer.p", "reviewer.group_rows"),
        ("Mean prediction", "mean"),
    )


def _selection(
    case: Case, name: str, known: Sequence[_Group], low: _Group, high: _Group, looks: int
) -> Iterator[Ruling]:
    """Hold the shares of rows that are predicted the class against each other: the four-fifths rule, and a test."""
    (fewest, least), (most_of, most) = low, high
    p = min(1.0, looks * p_of_shares(least, fewest.rows, most, most_of.rows))
    ratio = least / most if most else 1.0
    if ratio >= case.limit("reviewer.selection_ratio") or p >= case.limit("reviewer.p"):
        return
    truth = ""
    if fewest.observed is not None and most_of.observed is not None:
        truth = f" In truth it is {fewest.observed:.0%} and {most_of.observed:.0%}."
    label = _label(case)
    yield _unequal(
        case,
        name,
        known,
        f"'{label}' is predicted for {least:.0%} of the rows where '{name}' is {fewest.value} and for {most:.0%} where "
        f"it is {most_of.value}, {ratio:.2f} times as often (p {p:.2g}).{truth}",
        {"ratio": ratio, "low": least, "high": most, "p": p},
        (fewest, most_of),
        ("reviewer.selection_ratio", "reviewer.p", "reviewer.group_rows"),
        (f"Predicted '{label}'", "share of rows"),
    )


def _unequal(
    case: Case,
    name: str,
    known: Sequence[_Group],
    claim: str,
    measured: dict[str, object],
    ends: tuple[SegmentScore, SegmentScore],
    held: tuple[str, ...],
    titles: tuple[str, str],
) -> Ruling:
    values = [group.value for group, _ in known]
    return case.ruling(
        f"fairness.selection:{name}",
        "warning",
        claim,
        f"Ask whether '{name}' may matter for this decision; if not, leave it and what stands for it out, and compare.",
        flag="fairness_gap",
        phrase=f"it treats groups of '{name}' unequally",
        measured={**measured, "low_of": ends[0].value, "high_of": ends[1].value},
        held=held,
        columns=(name,),
        plot=Plot(
            kind="bars",
            title=f"{titles[0]} by '{name}'",
            series=(
                Series(name="predicted", x=[told for _, told in known], y=values),
                Series(name="in truth", x=[group.observed for group, _ in known], y=values),
            ),
            x_title=titles[1],
        ),
    )
