"""Findings about the board: the winner, those that cannot be told from it, the baseline, those that failed."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.advice import Evidence, Finding, Plot, Series
from workbench.advisors.run_explainer.evidence import BoardRow, ExplanationEvidence
from workbench.advisors.run_explainer.standing import Standing, fastest, simplest
from workbench.advisors.run_explainer.words import chance, named, number
from workbench.advisors.thresholds import Thresholds
from workbench.ranking import interval, mean_of

_PLOTTED = 15


def findings(evidence: ExplanationEvidence, standing: Standing, thresholds: Thresholds) -> Iterator[Finding]:
    yield _winner(evidence, standing, thresholds)
    yield _baseline(evidence, standing)
    if standing.rivals or standing.untold:
        yield _rivals(evidence, standing)
    yield from _failed(evidence)


def _winner(evidence: ExplanationEvidence, standing: Standing, thresholds: Thresholds) -> Finding:
    first = standing.first
    scored = f"{first.name} ranks first with {evidence.metric} {_mean(first)}"
    measured = {"model": first.model, "mean": first.mean, "std": first.std, "lead": standing.lead}
    cited: tuple[str, ...] = ()
    recommendation = ""
    if not standing.others:
        claim = f"{scored}; no other model was scored that learns anything, so there is nothing to hold it against."
        recommendation = "Compare it with other models on the same rows."
        return Finding(
            id="winner",
            severity="note",
            evidence=Evidence(claim=claim, measured=measured),
            recommendation=recommendation,
        )
    second = standing.others[0]
    claim = f"{scored}, {number(standing.lead)} better than {second.name} ({number(second.mean)})."
    if standing.lead_share is not None and not standing.rivals and not standing.untold:
        cited = ("explainer.lead_share",)
        measured["lead_share"] = standing.lead_share
        share = f"{standing.lead_share:.0%} of what it is better than {_ignorant(standing)}"
        if standing.lead_share < thresholds["explainer.lead_share"]:
            claim += f" The lead is no chance, but it is small: {share}."
            recommendation = f"Where {second.name} is simpler or faster, little is lost by taking it."
        else:
            claim += f" That is {share}."
    return Finding(
        id="winner",
        severity="good" if standing.verdict == "clear" else "note",
        evidence=Evidence(claim=claim, measured=measured, thresholds=cited, plot=_board(evidence)),
        recommendation=recommendation,
    )


def _ignorant(standing: Standing) -> str:
    assert standing.baseline is not None, "a share is of what is better than it"
    return standing.baseline.name


def _mean(row: BoardRow) -> str:
    if row.interval is None:
        return number(row.mean)
    return f"{number(row.mean)} (95 %: {number(row.interval.low)} to {number(row.interval.high)})"


def _board(evidence: ExplanationEvidence) -> Plot | None:
    rows = [row for row in evidence.ranked if row.mean is not None][:_PLOTTED]
    if len(rows) < 2:
        return None
    bounds = [row.interval for row in rows]
    known = [interval for interval in bounds if interval is not None]
    is_known = len(known) == len(rows)
    series = Series(
        name=evidence.metric,
        x=tuple(row.name for row in rows),
        y=tuple(row.mean for row in rows),
        low=tuple(interval.low for interval in known) if is_known else (),
        high=tuple(interval.high for interval in known) if is_known else (),
    )
    title = f"{evidence.metric} over {evidence.folds} folds" if evidence.folds > 1 else evidence.metric
    return Plot(kind="bars", title=title, series=(series,), x_title=evidence.metric)


def _baseline(evidence: ExplanationEvidence, standing: Standing) -> Finding:
    found = standing.baseline
    if found is None:
        claim = "Nothing was scored that knows the target alone, so it is not told whether anything was learned at all."
        hint = "Add the model dummy to the field, or a naive forecaster of a series."
        if evidence.target is None:
            claim, hint = "Without a target there is nothing that guessing could be held against.", ""
        return Finding(id="baseline", severity="note", evidence=Evidence(claim=claim), recommendation=hint)
    first = standing.first
    measured = {"baseline": found.score, "first": first.mean, "p": found.p}
    held = f"{evidence.metric} {number(first.mean)} against {number(found.score)} of {found.name}"
    told = f"{found.how}, {chance(found.p)}" if found.p is not None else found.how
    cited = ("explainer.p",) if found.p is not None else ()
    if found.is_beaten is None:
        claim = f"{held}: the folds are too few to tell whether that is more than noise."
        return Finding(id="baseline", severity="warning", evidence=Evidence(claim=claim, measured=measured))
    if found.is_beaten:
        claim = f"{first.name} learned something: {held} ({told})."
        return Finding(
            id="baseline", severity="good", evidence=Evidence(claim=claim, measured=measured, thresholds=cited)
        )
    claim = f"Nothing better than guessing was found: {held} ({told})."
    return Finding(
        id="baseline",
        severity="blocking",
        evidence=Evidence(claim=claim, measured=measured, thresholds=cited),
        recommendation="Look for columns that have to do with the target, or for more rows, before trying more models.",
    )


def _rivals(evidence: ExplanationEvidence, standing: Standing) -> Finding:
    close = standing.rivals or standing.untold
    names = [row.name for row in close]
    every = (standing.first, *(standing.near if standing.rivals else close))
    if standing.rivals:
        claim = (
            f"{named(names)} cannot be told from {standing.first.name}: the difference is within the noise of "
            f"{evidence.folds} folds."
        )
    else:
        claim = f"The folds are too few to tell {standing.first.name} from {named(names)}."
    plain, quick = (simplest(every), fastest(every)) if len(every) > 1 else (None, None)
    more = []
    if plain is not None:
        more.append(f"{plain[0].name} is the simplest of them, {plain[1]}")
    if quick is not None and (plain is None or quick is not plain[0]):
        more.append(f"{quick.name} is the fastest, {number(quick.fit_s)} s a fit")
    elif quick is not None:
        more[-1] += f", and the fastest ({number(quick.fit_s)} s a fit)"
    if len(every) < len(close) + 1:
        claim += " " + _far(standing)
    chosen = next((row for row in (plain and plain[0], quick) if row is not None and row is not standing.first), None)
    if not standing.rivals or chosen is None:
        told = f"Score them on more folds: {evidence.folds} cannot tell."
    else:
        told = _instead(evidence, standing.first, chosen)
    return Finding(
        id="rivals",
        severity="note",
        evidence=Evidence(
            claim=f"{claim} {'; '.join(more)}." if more else claim,
            measured={
                "models": [row.model for row in close],
                "near": [row.model for row in standing.near],
                "folds": evidence.folds,
            },
            thresholds=("explainer.lead_share",) if standing.rivals else (),
        ),
        recommendation=told,
    )


def _far(standing: Standing) -> str:
    """Tell that what cannot be told apart may be far apart all the same."""
    if not standing.lags:
        return "Without a baseline it is not known whether they are near it."
    worst = max(standing.rivals, key=lambda row: standing.lags[row.model])
    share = f"{standing.lags[worst.model]:.0%} of what {standing.first.name} is better than {_ignorant(standing)}"
    return f"That does not make them as good: {worst.name} is behind by {share}."


def _instead(evidence: ExplanationEvidence, first: BoardRow, chosen: BoardRow) -> str:
    """Tell what taking another one may cost: not to be told apart is not to be as good."""
    behind = [
        None if ours is None or theirs is None else (ours - theirs if evidence.greater_is_better else theirs - ours)
        for ours, theirs in zip(first.folds, chosen.folds, strict=False)
    ]
    bounds, mean = interval(behind, test_ratio=evidence.test_ratio), mean_of(behind)
    if bounds is None or mean is None or evidence.nearest_zero:
        return ""
    return (
        f"{chosen.name} may be taken instead: it is {number(mean)} behind, and up to {number(bounds[1])} cannot be "
        "ruled out; more folds would tell."
    )


def _failed(evidence: ExplanationEvidence) -> Iterator[Finding]:
    lost = [row for row in evidence.board if row.status in ("failed", "timed_out")]
    if not lost:
        return
    whys = "; ".join(f"{row.name}: {(row.reason or 'no reason was given').rstrip('.')}" for row in lost[:3])
    more = f"; and {len(lost) - 3} more" if len(lost) > 3 else ""
    many = f"{len(lost)} of {len(evidence.board)} models"
    yield Finding(
        id="failed",
        severity="warning",
        evidence=Evidence(
            claim=f"{many} failed or ran out of time, so that the board does not tell how good they are: {whys}{more}.",
            measured={"failed": [row.model for row in lost], "field": len(evidence.board)},
        ),
        recommendation="Ask the failure debugger about the run where one of them matters.",
    )
