"""Findings about where the best one errs: classes, numbers, steps of a forecast, segments."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.advice import Evidence, Finding, Plot, Series
from workbench.advisors.examination import Confusion, Examination, ForecastErrors, Residuals
from workbench.advisors.run_explainer.words import chance, number, percent
from workbench.advisors.thresholds import Thresholds

_SEGMENTS = 6


def findings(examination: Examination, thresholds: Thresholds) -> Iterator[Finding]:
    if examination.confusion is not None:
        yield from _confusion(examination.confusion, thresholds)
    if examination.residuals is not None:
        yield _residuals(examination.residuals, thresholds)
    if examination.forecast is not None:
        yield _forecast(examination.forecast)
    if examination.segments is not None:
        yield _segments(examination, thresholds)


def _confusion(confusion: Confusion, thresholds: Thresholds) -> Iterator[Finding]:
    """Tell which class is found least, and what it is taken for."""
    found: list[tuple[float, int, str, str, int]] = []
    for place, row in enumerate(confusion.matrix):
        rows = sum(row)
        if not rows:
            continue
        mistaken = [(count, other) for other, count in enumerate(row) if other != place]
        count, other = max(mistaken, default=(0, place))
        found.append((row[place] / rows, rows, confusion.labels[place], confusion.labels[other], count))
    if not found:
        return
    recall, rows, label, taken_for, count = min(found)
    plot = Plot(
        kind="matrix",
        title="Rows held out: true class down, predicted across",
        series=tuple(
            Series(name=name, x=confusion.labels, y=row)
            for name, row in zip(confusion.labels, confusion.matrix, strict=True)
        ),
        x_title="predicted",
        y_title="true",
    )
    is_weak = recall < thresholds["explainer.recall_least"]
    claim = f"Of {rows:,} rows that are '{label}', {percent(recall)} are found"
    claim += f"; {count:,} are taken for '{taken_for}'." if count else "."
    yield Finding(
        id="confusion",
        severity="warning" if is_weak else "note",
        evidence=Evidence(
            claim=claim if len(found) > 1 else f"{claim} There are no others.",
            measured={"class": label, "rows": rows, "recall": recall, "taken_for": taken_for, "taken": count},
            thresholds=("explainer.recall_least",),
            plot=plot,
        ),
        recommendation=(
            f"Where missing '{label}' costs more than a false alarm, rank by Recall or F1, or move the threshold."
            if is_weak
            else ""
        ),
    )


def _residuals(found: Residuals, thresholds: Thresholds) -> Finding:
    interval, share = found.bias_interval, abs(found.bias) / found.spread if found.spread else 0.0
    is_certain = interval is not None and (interval.low > 0 or interval.high < 0)
    is_biased = is_certain and share >= thresholds["explainer.bias_share"]
    grows = (
        found.growth is not None
        and found.growth_p is not None
        and found.growth_p < thresholds["explainer.p"]
        and abs(found.growth) >= thresholds["explainer.growth"]
    )
    low, high, least, most = (number(found.quantiles[percent]) for percent in ("25", "75", "1", "99"))
    direction = "too low" if found.bias > 0 else "too high"
    claim = (
        f"Truth less prediction is {low} to {high} for half of the rows, below {least} or above {most} for one in 50."
    )
    if is_biased:
        claim += f" Predictions are {direction} by {number(abs(found.bias))} on average."
    else:
        claim += f" On average they are not off ({number(found.bias)})."
    if grows and found.growth is not None:
        how = "grow" if found.growth > 0 else "shrink"
        claim += f" Errors {how} with the prediction (rank correlation {found.growth:.2f})."
    plot = Plot(
        kind="points",
        title="Truth less prediction, by tenths of the prediction",
        series=(
            Series(
                name="mean of truth less prediction",
                x=tuple(bin_.predicted for bin_ in found.bins),
                y=tuple(bin_.residual for bin_ in found.bins),
            ),
            Series(
                name="mean size of the error",
                x=tuple(bin_.predicted for bin_ in found.bins),
                y=tuple(bin_.size for bin_ in found.bins),
            ),
        ),
        x_title="prediction",
        y_title="truth less prediction",
    )
    hints = []
    if is_biased:
        hints.append("Look for what the rows have in common that are off on one side")
    if grows and found.growth is not None and found.growth > 0:
        hints.append("try the set-up option transform_target, which evens out errors that grow with the target")
    return Finding(
        id="residuals",
        severity="warning" if is_biased else "note",
        evidence=Evidence(
            claim=claim,
            measured={
                "bias": found.bias,
                "bias_share": share,
                "growth": found.growth,
                "growth_p": found.growth_p,
                "quantiles": dict(found.quantiles),
            },
            thresholds=("explainer.bias_share", "explainer.growth", "explainer.p"),
            plot=plot,
        ),
        recommendation=_sentence(hints),
    )


def _sentence(hints: list[str]) -> str:
    told = "; ".join(hints)
    return f"{told[0].upper()}{told[1:]}." if told else ""


def _forecast(found: ForecastErrors) -> Finding:
    places = tuple(step.step for step in found.steps)
    worst = max(found.steps, key=lambda step: abs(step.truth - step.predicted))
    claim = (
        f"Over {len(found.steps)} steps held out the forecast is {number(abs(found.bias))} too "
        f"{'low' if found.bias > 0 else 'high'} on average; it is farthest off at step {worst.step}: "
        f"{number(worst.predicted)} instead of {number(worst.truth)}."
    )
    return Finding(
        id="forecast",
        severity="note",
        evidence=Evidence(
            claim=claim,
            measured={"bias": found.bias},
            plot=Plot(
                kind="lines",
                title="Steps held out",
                series=(
                    Series(name="truth", x=places, y=tuple(step.truth for step in found.steps)),
                    Series(name="forecast", x=places, y=tuple(step.predicted for step in found.steps)),
                ),
                x_title="steps ahead",
            ),
        ),
    )


def _segments(examination: Examination, thresholds: Thresholds) -> Finding:
    metric, looked_at = examination.segment_metric, examination.segments_looked_at
    whole = examination.held_out.get(metric)
    weak = [
        segment
        for segment in examination.segments or ()
        if segment.p_corrected is not None
        and segment.p_corrected < thresholds["explainer.p"]
        and segment.score is not None
        and segment.elsewhere is not None
        and _share(segment.score, segment.elsewhere, is_bounded=examination.segment_greater_is_better)
        >= thresholds["explainer.segment_share"]
    ]
    cited = ("explainer.p", "explainer.segment_share")
    if not weak:
        claim = (
            f"None of {looked_at} segments does so much worse than the rest that it is both certain and large "
            f"({metric}, corrected for how many were looked at)."
        )
        return Finding(
            id="segments",
            severity="good" if looked_at else "note",
            evidence=Evidence(claim=claim, measured={"looked_at": looked_at}, thresholds=cited),
        )
    worst = weak[0]
    shown = weak[:_SEGMENTS]
    more = f", and {len(weak) - 1} more segments are weak" if len(weak) > 1 else ""
    return Finding(
        id="segments",
        severity="warning",
        evidence=Evidence(
            claim=(
                f"It does worst where {worst.column} is {worst.value}: {metric} {number(worst.score)} on "
                f"{worst.rows:,} rows, {number(worst.elsewhere)} on all others "
                f"({chance(worst.p_corrected or 0.0)}, corrected for {looked_at} segments){more}."
            ),
            measured={
                "segments": [
                    {
                        "column": segment.column,
                        "value": segment.value,
                        "rows": segment.rows,
                        "score": segment.score,
                        "elsewhere": segment.elsewhere,
                        "p": segment.p_corrected,
                    }
                    for segment in weak
                ],
                "looked_at": looked_at,
                "all": whole,
            },
            thresholds=cited,
            columns=tuple(dict.fromkeys(segment.column for segment in shown)),
            plot=Plot(
                kind="bars",
                title=f"{metric} by segment",
                series=(
                    Series(
                        name="segment",
                        x=tuple(f"{segment.column}: {segment.value}" for segment in shown),
                        y=tuple(segment.score for segment in shown),
                    ),
                    Series(
                        name="all others",
                        x=tuple(f"{segment.column}: {segment.value}" for segment in shown),
                        y=tuple(segment.elsewhere for segment in shown),
                    ),
                ),
                x_title=metric,
            ),
        ),
        recommendation="Look at these rows: they may lack a column that tells them apart, or be of another kind.",
    )


def _share(score: float, elsewhere: float, *, is_bounded: bool) -> float:
    """How much worse a segment is: of what errs, where 1 is best; else of the error elsewhere."""
    if is_bounded:
        return elsewhere - score
    return (score - elsewhere) / abs(elsewhere) if elsewhere else 0.0
