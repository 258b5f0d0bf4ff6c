"""Rules about groups of rows: whether the model is worse for some of them, and whether it treats some otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from workbench.advisors.advice import Plot, Series
from workbench.advisors.deployment_reviewer.measures import p_of_shares
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
    groups = [
        segment
        for segment in (case.examination.segments or () if case.examination is not None else ())
        if segment.column == name and segment.rows >= case.limit("reviewer.group_rows")
    ]
    if len(groups) < 2:
        yield case.ruling(
            f"fairness.unknown:{name}",
            "note",
            f"Whether it is fair across '{name}' could not be told: there are {len(groups)} groups of "
            f"{case.limit('reviewer.group_rows'):.0f} or more rows that were held out.",
            "Name an input column that has at least two such groups, or hold more rows out.",
            held=("reviewer.group_rows",),
            columns=(name,),
        )
        return
    worse = [group for group in groups if _is_weak(case, group)]
    for group in worse[:_MOST]:
        yield _told(case, group, id="fairness.score")
    selection = list(_selection(case, name, groups))
    yield from selection
    if not worse and not selection:
        yield case.ruling(
            f"fairness.even:{name}",
            "good",
            f"Across the {len(groups)} groups of '{name}' neither the score nor what is predicted differs by more than "
            "noise and what the rules allow.",
            columns=(name,),
        )


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


def _selection(case: Case, name: str, groups: Sequence[SegmentScore]) -> Iterator[Ruling]:
    """Hold the shares of rows that are predicted the class against each other: the four-fifths rule, and a test."""
    if not case.is_classes or len(case.reviewed.classes) != 2:
        return
    known = [(group, group.predicted) for group in groups if group.predicted is not None]
    pairs = list(combinations(known, 2))
    if not pairs:
        return
    (low, least), (high, most) = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
    p = min(1.0, len(pairs) * p_of_shares(least, low.rows, most, high.rows))
    ratio = least / most if most else 1.0
    if ratio >= case.limit("reviewer.selection_ratio") or p >= case.limit("reviewer.p"):
        return
    truth = ""
    if low.observed is not None and high.observed is not None:
        truth = f" In truth it is {low.observed:.0%} and {high.observed:.0%}."
    label = max(case.reviewed.classes)
    yield case.ruling(
        f"fairness.selection:{name}",
        "warning",
        f"'{label}' is predicted for {least:.0%} of the rows where '{name}' is {low.value} and for {most:.0%} where it "
        f"is {high.value}, {ratio:.2f} times as often (p {p:.2g}).{truth}",
        f"Ask whether '{name}' may matter for this decision; if not, leave it and what stands for it out, and compare.",
        flag="fairness_gap",
        phrase=f"it treats groups of '{name}' unequally",
        measured={"ratio": ratio, "low": least, "high": most, "p": p, "low_of": low.value, "high_of": high.value},
        held=("reviewer.selection_ratio", "reviewer.p", "reviewer.group_rows"),
        columns=(name,),
        plot=Plot(
            kind="bars",
            title=f"Predicted '{label}' by '{name}'",
            series=(
                Series(name="predicted", x=[share for _, share in known], y=[group.value for group, _ in known]),
                Series(
                    name="in truth", x=[group.observed for group, _ in known], y=[group.value for group, _ in known]
                ),
            ),
            x_title="share of rows",
        ),
    )
