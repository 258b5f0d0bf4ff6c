"""The drift analyst's rules: evidence in, advice out.

A column drifts where two things hold at once: its population stability index, less what chance alone adds to it for so
many rows, passes a threshold, and a test that is corrected for all tests made finds that this is more than chance. The
verdict is the gravest that any finding calls for: ``RETRAIN NOW`` from ``drift.psi_retrain`` on, or where the score on
rows with a known truth fell by ``drift.score_lost`` and beyond both intervals; ``INVESTIGATE`` from
``drift.psi_investigate`` on, where values of a column are missing more often or of another type, or the score fell;
``MONITOR`` from ``drift.psi_monitor`` on, or where rows are too few for silence to tell anything; else ``NO ACTION``.
With less than ``drift.rows_least`` rows it is ``INVESTIGATE`` at most. That dates go on bears on nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.advisors.advice import Advice, Evidence, Finding, RiskFlag, ordered
from workbench.advisors.drift_analyst import telling
from workbench.advisors.drift_analyst.evidence import DriftEvidence, Shift
from workbench.advisors.drift_analyst.ruling import (
    VERDICTS,
    Level,
    Moved,
    counts,
    gaps,
    is_sure,
    level_of_score,
    lost,
    moved,
    rows_needed,
    smallest_found,
)
from workbench.advisors.thresholds import Thresholds

FINDINGS_MOST = 40
"""Most columns of a kind of finding that are told one by one; all are in the finding ``measured``."""
NAMED = 3
_FLAGS: dict[str, RiskFlag] = {
    "input": "drift_inputs",
    "prediction": "drift_predictions",
    "score": "drift_predictions",
    "target": "drift_target",
}


def advise(evidence: DriftEvidence, thresholds: Thresholds) -> Advice:
    """Judge whether a deployment is asked for, and answers, what its pipeline learned from."""
    found = moved(evidence.shifts, thresholds)
    drifted = [one for one in found if counts(one.shift)]
    missing = sorted(gaps(evidence.shifts, thresholds), key=lambda one: -one.shift.missing_live)
    unfit = [shift for shift in evidence.shifts if shift.unfit]
    scored = Level.NONE if evidence.score is None else level_of_score(evidence.score, thresholds)
    levels = [scored, *(one.level for one in (*drifted, *missing))]
    levels += [Level.INVESTIGATE for shift in unfit if _is_many(shift, evidence, thresholds)]
    needed = rows_needed(evidence, thresholds)
    is_few = evidence.live.rows < thresholds["drift.rows_least"]
    level = max(levels)
    is_short = is_few or (level == Level.NONE and evidence.live.rows < needed)
    if is_short:
        level = max(Level.MONITOR, min(level, Level.INVESTIGATE))
    findings = [
        *_of_score(evidence, scored),
        *(
            telling.of_moved(one, target=evidence.target, tests=evidence.tests, correction=evidence.correction)
            for one in drifted[:FINDINGS_MOST]
        ),
        *(telling.of_gaps(one) for one in missing[:FINDINGS_MOST]),
        *(
            telling.of_unfit(shift, evidence.live.rows, "warning" if _is_many(shift, evidence, thresholds) else "note")
            for shift in unfit[:FINDINGS_MOST]
        ),
        *_beyond(evidence, thresholds),
        *([_too_few(evidence, needed, thresholds)] if is_short else []),
        *(telling.of_date(one.shift) for one in found if not counts(one.shift)),
        *_nothing_moved(evidence, drifted, missing, thresholds),
        _samples(evidence, thresholds),
        *_together(evidence, thresholds),
        _all_measured(evidence),
        *(_note(at, note) for at, note in enumerate(evidence.notes, 1)),
    ]
    flags: list[RiskFlag] = [_FLAGS[one.shift.of] for one in drifted]
    flags += ["drift_inputs"] if missing or any(_is_many(shift, evidence, thresholds) for shift in unfit) else []
    flags += ["too_few_rows"] if is_short else []
    is_retraining = level == Level.RETRAIN
    return Advice(
        verdict=VERDICTS[level],
        reasoning_summary=_summary(evidence, level, drifted, missing, scored, is_short=is_short, needed=needed),
        findings=ordered(findings),
        suggested_config=evidence.retraining if is_retraining else None,
        suggested_action=_action(evidence, level, drifted, needed, is_short=is_short),
        risk_flags=tuple(dict.fromkeys(flags)),
    )


def _is_many(shift: Shift, evidence: DriftEvidence, thresholds: Thresholds) -> bool:
    return shift.unfit / max(1, evidence.live.rows) >= thresholds["drift.missing_rise"]


def _of_score(evidence: DriftEvidence, level: Level) -> Iterator[Finding]:
    score = evidence.score
    if score is None:
        return
    told = _with_interval(score.measured, score.low, score.high)
    promised = _with_interval(score.expected, score.expected_low, score.expected_high)
    what = f"{score.metric} on the {score.rows:,} rows with a known {evidence.target} is {told}; "
    what += f"cross-validation promised {promised}"
    if score.known is not None:
        known = _with_interval(score.known, score.known_low, score.known_high)
        what += f", {score.known_rows:,} rows held out gave {known}"
    if level == Level.NONE:
        is_worse = lost(score) > 0
        verdict = "what it is worse by may be chance" if is_worse else "it is no worse"
        severity, recommendation = telling.SEVERITIES[level] if is_worse else "good", ""
    else:
        verdict = f"it lost {lost(score):.0%} of it, more than chance explains"
        severity, recommendation = (
            telling.SEVERITIES[level],
            "Train anew on rows of today, and compare both on the same rows.",
        )
    yield Finding(
        id="score",
        severity=severity,
        evidence=Evidence(
            claim=f"{what}: {verdict}.",
            measured=score.model_dump(mode="json") | {"lost": lost(score) if score.expected else None},
            thresholds=("drift.score_lost",),
        ),
        recommendation=recommendation,
    )


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.4g}" if low is None or high is None else f"{value:.4g} ({low:.4g} to {high:.4g})"


def _beyond(evidence: DriftEvidence, thresholds: Thresholds) -> Iterator[Finding]:
    """Point out values that no row had from which the pipeline learned."""
    least, told = thresholds["drift.fresh_share"], 0
    for shift in evidence.shifts:
        if told == FINDINGS_MOST:
            return
        if shift.fresh_rows:
            is_much = shift.fresh_rows >= least * shift.live_rows and is_sure(shift.p_corrected, thresholds)
            yield telling.of_fresh(shift, "warning" if is_much else "note")
            told += 1
        elif (shift.outside or 0.0) >= least and shift.form == "number" and is_sure(shift.p_corrected, thresholds):
            yield telling.of_outside(shift)
            told += 1


def _too_few(evidence: DriftEvidence, needed: int, thresholds: Thresholds) -> Finding:
    claim = (
        f"{evidence.live.rows:,} live rows are too few to say that nothing moved: it takes about {needed:,} to find a "
        f"column with a PSI of {thresholds['drift.psi_investigate']:.2f} in {thresholds['drift.power']:.0%} of cases."
    )
    return Finding(
        id="too_few_rows",
        severity="warning",
        evidence=Evidence(
            claim=claim,
            measured={"rows": evidence.live.rows, "needed": needed, "tests": evidence.tests},
            thresholds=("drift.power", "drift.alpha", "drift.psi_investigate", "drift.rows_least"),
        ),
        recommendation="Ask again once more rows have come, for a longer window, or on a table with rows of today.",
    )


def _nothing_moved(
    evidence: DriftEvidence, drifted: Sequence[Moved], missing: Sequence[Moved], thresholds: Thresholds
) -> Iterator[Finding]:
    if drifted or missing or not evidence.tests:
        return
    farthest = max(evidence.shifts, key=lambda shift: shift.effect if counts(shift) else -1.0)
    found = smallest_found(evidence, thresholds)
    claim = (
        f"None of {len(evidence.shifts):,} distributions moved beyond chance by {evidence.tests:,} tests; the farthest "
        f"is {farthest.name}, PSI {farthest.psi or 0.0:.2f}. A column with a PSI of {found:.2f} would mostly have been "
        "found."
    )
    yield Finding(
        id="nothing_moved",
        severity="good",
        evidence=Evidence(
            claim=claim,
            measured={"tests": evidence.tests, "smallest_found": found, "farthest": telling.measured(farthest)},
            thresholds=telling.INDICES,
        ),
    )


def _samples(evidence: DriftEvidence, thresholds: Thresholds) -> Finding:
    when = f", from {evidence.since} to {evidence.until}" if evidence.since else ""
    others = f" {evidence.others:,} rows that other pipelines answered there are left out." if evidence.others else ""
    claim = f"Compared were {evidence.reference.about}, with {evidence.live.about}{when}.{others}"
    return Finding(
        id="samples",
        severity="note",
        evidence=Evidence(
            claim=claim,
            measured={
                "reference": evidence.reference.model_dump(mode="json"),
                "live": evidence.live.model_dump(mode="json"),
                "requests": evidence.requests,
                "since": evidence.since,
                "until": evidence.until,
                "hours": evidence.hours,
                "others": evidence.others,
                "smallest_found": smallest_found(evidence, thresholds),
            },
        ),
    )


def _together(evidence: DriftEvidence, thresholds: Thresholds) -> Iterator[Finding]:
    """Warn that rows of one request are not independent."""
    if not evidence.requests or evidence.live.rows < thresholds["drift.rows_a_request"] * evidence.requests:
        return
    of_each = evidence.live.rows / evidence.requests
    claim = (
        f"The live rows came in {evidence.requests:,} requests, {of_each:.1f} rows each: rows of one request may hang "
        "together, and tests that take them to be independent then find too much."
    )
    yield Finding(
        id="bursts",
        severity="note",
        evidence=Evidence(
            claim=claim,
            measured={"rows": evidence.live.rows, "requests": evidence.requests},
            thresholds=("drift.rows_a_request",),
        ),
        recommendation="Look whether what moved did so in many requests.",
    )


def _all_measured(evidence: DriftEvidence) -> Finding:
    names = ("name", "of", "form", "psi", "chance", "distance", "p_corrected", "missing_reference", "missing_live")
    rows = [[getattr(shift, name) for name in names] for shift in evidence.shifts]
    unjudged = [shift.name for shift in evidence.shifts if shift.psi is None]
    claim = f"{len(rows):,} distributions were measured by {evidence.tests:,} tests."
    if unjudged:
        more = f" and {len(unjudged) - NAMED:,} more" if len(unjudged) > NAMED else ""
        claim += (
            f" Of {', '.join(unjudged[:NAMED])}{more} only the share of missing values was tested: names, free text, "
            "counters, or columns without a value on one side have no distribution to compare."
        )
    return Finding(
        id="measured", severity="note", evidence=Evidence(claim=claim, measured={"columns": names, "rows": rows})
    )


def _note(number: int, note: str) -> Finding:
    return Finding(id=f"note:{number}", severity="note", evidence=Evidence(claim=note))


def _summary(
    evidence: DriftEvidence,
    level: Level,
    drifted: Sequence[Moved],
    missing: Sequence[Moved],
    scored: Level,
    *,
    is_short: bool,
    needed: int,
) -> str:
    of = evidence.source or f"what {evidence.deployment} was asked"
    parts = [
        f"{evidence.live.rows:,} rows of {of} were held against {evidence.reference.rows:,} that {evidence.pipeline} "
        "learned from."
    ]
    inputs = [one for one in drifted if one.shift.of == "input"]
    if inputs:
        named = ", ".join(f"{one.shift.name} (PSI {one.shift.psi:.2f})" for one in inputs[:NAMED])
        more = f" and {len(inputs) - NAMED:,} more" if len(inputs) > NAMED else ""
        parts.append(f"{len(inputs):,} of its input columns moved: {named}{more}.")
    parts += [
        f"{telling.subject(one.shift, evidence.target)} moved (PSI {one.shift.psi:.2f})."
        for one in drifted
        if one.shift.of != "input"
    ]
    if missing:
        parts.append(f"Values are missing otherwise in {', '.join(one.shift.name for one in missing[:NAMED])}.")
    if scored:
        assert evidence.score is not None
        parts.append(
            f"{evidence.score.metric} fell short of what cross-validation promised by {lost(evidence.score):.0%}."
        )
    if is_short:
        parts.append(f"So few rows do not tell that all is well: about {needed:,} are needed.")
    elif level == Level.NONE:
        parts.append("Nothing moved beyond chance.")
    if evidence.score is None:
        parts.append("How right the answers still are is not known: no row came with the truth.")
    return " ".join(parts)


def _named(shift: Shift, evidence: DriftEvidence) -> str:
    return evidence.target or shift.name if shift.of == "target" else shift.name


def _action(evidence: DriftEvidence, level: Level, drifted: Sequence[Moved], needed: int, *, is_short: bool) -> str:
    if level == Level.RETRAIN:
        if evidence.retraining is not None:
            return f"Train the same model on {evidence.newest}, and have it promoted against the one that answers."
        return (
            "Bring rows of today, with the target, as the data source's next version, and train the same model on it."
        )
    if level == Level.INVESTIGATE:
        what = _named(drifted[0].shift, evidence) if drifted else "the columns named"
        return f"Find out why {what} changed before training anew: a feed that broke is to be mended, not learned."
    if is_short:
        return f"Ask again once about {needed:,} rows have come."
    return "Ask again when more rows have come." if level == Level.MONITOR else "Nothing is to be done."
