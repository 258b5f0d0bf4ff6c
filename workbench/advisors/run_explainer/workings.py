"""Findings about how the best one works: on new rows, by which columns, how sure of itself, with how many rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from workbench.advisors.advice import Evidence, Finding, Plot, Series
from workbench.advisors.examination import Calibration, Examination, Importance, LearningCurve
from workbench.advisors.run_explainer.evidence import BoardRow
from workbench.advisors.run_explainer.words import named, number
from workbench.advisors.thresholds import Thresholds
from workbench.ranking import t_quantile

_COLUMNS = 12


def findings(examination: Examination, row: BoardRow | None, thresholds: Thresholds) -> Iterator[Finding]:
    yield from _new_rows(examination, row)
    if examination.importances:
        yield _importances(examination, examination.importances, thresholds)
    if examination.calibration is not None:
        yield _calibration(examination.calibration, thresholds)
    if examination.learning is not None:
        yield _learning(examination, examination.learning, thresholds)


def is_miscalibrated(examination: Examination | None, thresholds: Thresholds) -> bool:
    """Whether probabilities are off by more than chance, and by so much that it matters."""
    found = None if examination is None else examination.calibration
    return (
        found is not None and found.p < thresholds["explainer.p"] and found.error >= thresholds["explainer.calibration"]
    )


def _new_rows(examination: Examination, row: BoardRow | None) -> Iterator[Finding]:
    """Hold the rows that it did not learn from against the folds, and against those that it did."""
    score, interval = examination.score, examination.held_out_interval
    if score is None:
        return
    metric = examination.metric
    claim = f"On {examination.rows_examined:,} rows that it did not learn from, {metric} is {number(score)}"
    claim += f" (95 %: {number(interval.low)} to {number(interval.high)})" if interval is not None else ""
    mean = None if row is None else row.mean
    is_worse = False
    if mean is not None and interval is not None:
        is_worse = interval.high < mean if examination.greater_is_better else interval.low > mean
        own = None if row is None else row.interval
        if own is not None:
            # Both are uncertain: only where neither reaches the other do they differ.
            apart = interval.high < own.low if examination.greater_is_better else interval.low > own.high
            is_worse = is_worse and apart
        claim += f"; the folds said {number(mean)}"
    learned = examination.learned.get(metric)
    claim += f", and on rows that it learned from it is {number(learned)}." if learned is not None else "."
    measured = {"held_out": score, "folds": mean, "learned": learned, "rows": examination.rows_examined}
    if is_worse:
        claim += " That is worse than the folds said, by more than chance."
    yield Finding(
        id="new_rows",
        severity="warning" if is_worse else "good",
        evidence=Evidence(claim=claim, measured=measured),
        recommendation=(
            "See whether the choice of models, or something in the set-up, was fitted to the folds." if is_worse else ""
        ),
    )


def _importances(examination: Examination, found: tuple[Importance, ...], thresholds: Thresholds) -> Finding:
    shown = found[:_COLUMNS]
    carried = [one for one in found if _shows(one, examination.rows_examined, thresholds)]
    fewest = min(one.repeats for one in found)
    total = sum(one.drop for one in found if one.drop > 0)
    top, idle = found[0], len(found) - len(carried)
    share = top.drop / total if total > 0 else 0.0
    is_alone = bool(carried) and len(found) > 1 and share >= thresholds["explainer.dominant_share"]
    if fewest < thresholds["explainer.repeats_least"]:
        often = f"Columns were shuffled {'once' if fewest == 1 else f'{fewest} times'} only"
        claim = f"{often}, too seldom to tell which of them carry it."
    elif not carried:
        claim = (
            f"No column carries it: {examination.metric} does not drop by more than chance when any one is shuffled."
        )
    else:
        verb = "carry" if len(carried) > 1 else "carries"
        claim = (
            f"{named([one.column for one in carried])} {verb} it: with {top.column} shuffled, "
            f"{examination.metric} gets {number(top.drop)} worse."
        )
    if is_alone:
        claim += f" That one column makes {share:.0%} of all drops."
    if idle and carried:
        claim += f" With the other {idle} of {len(found)} columns the drop may be chance."
    return Finding(
        id="importances",
        severity="note",
        evidence=Evidence(
            claim=claim,
            measured={"drops": {one.column: one.drop for one in shown}, "share": share, "idle": idle},
            thresholds=("explainer.dominant_share", "explainer.carry_p", "explainer.repeats_least"),
            columns=tuple(one.column for one in carried[:_COLUMNS]),
            plot=Plot(
                kind="bars",
                title=f"How much worse {examination.metric} gets when a column is shuffled",
                series=(
                    Series(
                        name="drop",
                        x=tuple(one.column for one in shown),
                        y=tuple(one.drop for one in shown),
                        low=tuple(one.drop - one.std for one in shown),
                        high=tuple(one.drop + one.std for one in shown),
                    ),
                ),
                x_title=examination.metric,
            ),
        ),
        recommendation=(
            f"Make sure that {top.column} is known at the moment of a prediction; if it is found out with the target "
            "or after it, leave it out."
            if is_alone
            else ""
        ),
    )


def _shows(found: Importance, rows_examined: int, thresholds: Thresholds) -> bool:
    """Whether a drop would show on other rows too: by a one-sided bound of Student's t.

    Repeats vary as draws of so many rows do. Their mean varies by that, the less the more of them there are, and with
    the rows that are drawn from, which are one draw of all.
    """
    many = found.repeats
    if many < max(2.0, thresholds["explainer.repeats_least"]):
        return False
    reach = t_quantile(1 - thresholds["explainer.carry_p"], many - 1)
    # `std` is of the population: of the sample it is as much larger.
    spread = found.std * math.sqrt(many / (many - 1))
    of_rows = found.rows / rows_examined if found.rows and rows_examined else 1.0
    return found.drop > 0 and found.drop > reach * spread * math.sqrt(1 / many + of_rows)


def _calibration(found: Calibration, thresholds: Thresholds) -> Finding:
    is_certain = found.p < thresholds["explainer.p"]
    is_large = found.error >= thresholds["explainer.calibration"]
    whose = f"of {found.of}" if found.of else "of the predicted class"
    held = f"Probabilities {whose} are off by {found.error * 100:.1f} points on average"
    chance_alone = f"{found.error_by_chance * 100:.1f} could be chance"
    if is_certain and is_large:
        claim = f"{held}, and {chance_alone}: they do not mean what they say."
    elif is_certain:
        claim = f"{held}: more than chance ({chance_alone}), but little."
    else:
        claim = f"{held}, which chance alone explains ({chance_alone})."
    diagonal = (0.0, 1.0)
    return Finding(
        id="calibration",
        severity="warning" if is_certain and is_large else "good",
        evidence=Evidence(
            claim=claim,
            measured={
                "error": found.error,
                "error_by_chance": found.error_by_chance,
                "p": found.p,
                "brier": found.brier,
            },
            thresholds=("explainer.p", "explainer.calibration"),
            plot=Plot(
                kind="lines",
                title="What was predicted and what came true",
                series=(
                    Series(
                        name="as predicted",
                        x=tuple(bin_.predicted for bin_ in found.bins),
                        y=tuple(bin_.observed for bin_ in found.bins),
                    ),
                    Series(name="right", x=diagonal, y=diagonal),
                ),
                x_title=f"probability {whose}",
                y_title="share that came true",
            ),
        ),
        recommendation="Calibrate it before probabilities are shown or thresholds set."
        if is_certain and is_large
        else "",
    )


def _learning(examination: Examination, found: LearningCurve, thresholds: Thresholds) -> Finding:
    sign = 1 if examination.greater_is_better else -1
    gain, interval = sign * found.gain, found.gain_interval
    before, after = found.points[-2:]
    is_certain = interval is not None and (interval.low > 0 if sign > 0 else interval.high < 0)
    first = sign * (after.score - found.points[0].score)
    share = gain / first if first > 0 else 0.0
    helps = is_certain and share >= thresholds["explainer.gain_share"]
    held = (
        f"{examination.metric} went from {number(before.score)} on {before.rows:,} rows to {number(after.score)} on "
        f"{after.rows:,}"
    )
    if helps:
        claim = f"More rows would likely help: {held}, which is more than chance."
    elif is_certain:
        claim = f"More rows would help a little: {held}, much less than the rows before them brought."
    elif gain < 0:
        claim = f"More rows of the same kind would hardly help: {held}."
    else:
        claim = f"More rows of the same kind would hardly help: {held}, which may be chance."
    return Finding(
        id="learning",
        severity="note",
        evidence=Evidence(
            claim=claim,
            measured={"gain": gain, "points": [[point.rows, point.score] for point in found.points]},
            thresholds=("explainer.gain_share",),
            plot=Plot(
                kind="lines",
                title=f"{examination.metric} on rows held out, by rows learned from",
                series=(
                    Series(
                        name=examination.metric,
                        x=tuple(point.rows for point in found.points),
                        y=tuple(point.score for point in found.points),
                    ),
                ),
                x_title="rows learned from",
                y_title=examination.metric,
            ),
        ),
        recommendation="Collect more rows before trying more models." if helps else "",
    )
