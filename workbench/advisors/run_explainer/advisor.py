"""What a run came to, in a verdict: a clear winner, none, or nothing learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.advisors.advice import Advice, Evidence, Finding, RiskFlag, ordered
from workbench.advisors.examination import Examination
from workbench.advisors.run_explainer import errors, ranking, workings
from workbench.advisors.run_explainer.evidence import BoardRow, ExplanationEvidence
from workbench.advisors.run_explainer.standing import Standing, simplest, standing
from workbench.advisors.run_explainer.words import named, number
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import PLANS, TASKS

_TOGETHER = 3
"""Models of a blend: as many as a run takes that names none."""
_OF_A_CLASS = 2
"""Rows of each class that a fold must have."""
_PARTS = {
    "scores": "how it does on rows that it did not learn from",
    "preparation": "what it does with gaps",
    "calibration": "whether its probabilities mean what they say",
    "errors": "where it errs",
    "segments": "its weak segments",
    "importances": "which columns carry it",
    "learning": "whether more rows would help",
}


def advise(evidence: ExplanationEvidence, thresholds: Thresholds) -> Advice:
    """Explain a run.

    Parameters
    ----------
    evidence
        Of a run with at least one model that has a rank.
    """
    found = standing(evidence, thresholds)
    examination = evidence.examination
    row = next((row for row in evidence.board if row.model == evidence.best), None)
    findings = [*ranking.findings(evidence, found, thresholds)]
    if examination is not None:
        findings += workings.findings(examination, row, thresholds)
        findings += errors.findings(examination, thresholds)
    findings += _not_looked_at(evidence)
    findings += _ended_early(evidence)
    config, action = _next(evidence, found, examination, thresholds)
    return Advice(
        verdict=_verdict(evidence, found),
        reasoning_summary=_summary(evidence, found, findings),
        findings=ordered(findings),
        suggested_config=config,
        suggested_action=action,
        risk_flags=tuple(_flags(evidence, found, findings, thresholds)),
    )


def _verdict(evidence: ExplanationEvidence, found: Standing) -> str:
    first, metric = found.first, evidence.metric
    if found.verdict == "nothing":
        return f"NOTHING LEARNED: {metric} {number(first.mean)} is no better than guessing"
    if found.verdict == "clear":
        return f"A CLEAR WINNER: {first.name}, {metric} {number(first.mean)}"
    if not found.others:
        return f"NO CLEAR WINNER: {first.name} is the only model"
    close = found.rivals or found.untold
    why = "within the noise" if found.rivals else "too few folds to tell"
    return f"NO CLEAR WINNER: {first.name} and {named([row.name for row in close], most=2)}, {why}"


def _summary(evidence: ExplanationEvidence, found: Standing, findings: Sequence[Finding]) -> str:
    told = {finding.id: finding.evidence.claim for finding in findings}
    weak = [finding.evidence.claim for finding in findings if finding.severity in ("blocking", "warning")]
    parts = [told["winner"], told["baseline"]]
    if "rivals" in told:
        parts.append(told["rivals"])
    if "new_rows" in told:
        parts.append(told["new_rows"])
    parts += [claim for claim in weak if claim not in parts][:1]
    if evidence.not_examined:
        parts.append(f"It was not examined on new rows: {evidence.not_examined}")
    elif found.verdict != "nothing" and found.first.model != evidence.best and evidence.best is not None:
        parts.append(f"The run fitted {evidence.best}, and that is what was examined.")
    return " ".join(parts)


def _not_looked_at(evidence: ExplanationEvidence) -> Iterator[Finding]:
    if evidence.examination is None:
        claim = f"The best model was not examined on rows that it did not learn from: {evidence.not_examined}"
        yield Finding(id="not_examined", severity="note", evidence=Evidence(claim=claim))
        return
    gaps: dict[str, list[str]] = {}
    for note in evidence.examination.notes:
        if note.is_gap:
            gaps.setdefault(note.about, []).append(_PARTS.get(note.part, "how it answers any row"))
    for place, (why, parts) in enumerate(gaps.items(), 1):
        claim = f"Not looked at: {named(list(dict.fromkeys(parts)), most=len(_PARTS))}. {why}"
        yield Finding(id=f"not_looked_at:{place}", severity="note", evidence=Evidence(claim=claim))


def _ended_early(evidence: ExplanationEvidence) -> Iterator[Finding]:
    if evidence.status == "succeeded":
        return
    claim = f"The run {'was cancelled' if evidence.status == 'cancelled' else 'ended without success'}"
    claim += f" ({evidence.error.rstrip('.')})" if evidence.error else ""
    yield Finding(
        id="ended_early",
        severity="warning",
        evidence=Evidence(claim=f"{claim}: what is told is of the models that were scored by then."),
        recommendation="Resume it: what is scored is kept.",
    )


_Proposal = tuple[dict[str, Any] | None, str]
"""Arguments of a run, or None; and what a person should do, in a sentence."""


def _next(
    evidence: ExplanationEvidence, found: Standing, examination: Examination | None, thresholds: Thresholds
) -> _Proposal:
    """Propose one run that the evidence speaks for, and say why; or say what a person should do."""
    first = found.first
    if evidence.status in ("failed", "cancelled"):
        return None, "Resume the run; what is scored is kept."
    if found.verdict == "nothing":
        return None, "Look for columns that have to do with the target, or for more rows, before trying more models."
    is_off = evidence.best == first.model and workings.is_miscalibrated(examination, thresholds)
    if is_off and first.kind != "calibrated" and _can(evidence, first, "calibrate"):
        why = f"Calibrate {first.name}: its probabilities do not mean what they say."
        return _config(evidence, "calibrate", model=first.model), why
    if not found.others:
        return _alone(evidence, first)
    if not found.rivals and not found.untold:
        return _further(evidence, found)
    return _together(evidence, found) if found.near else _told_apart(evidence, found, thresholds)


def _alone(evidence: ExplanationEvidence, first: BoardRow) -> _Proposal:
    config = _config(evidence, "compare") if "compare" in TASKS[evidence.task].plans else None
    return config, f"Compare {first.name} with other models on the same rows."


def _further(evidence: ExplanationEvidence, found: Standing) -> _Proposal:
    """Tune a winner that was not tuned yet."""
    first = found.first
    if found.verdict == "clear" and evidence.plan == "compare" and _can(evidence, first, "tune"):
        why = f"Tune {first.name}: no other model of the field is as good."
        return _config(evidence, "tune", model=first.model), why
    return None, f"Deploy {first.name}, or ask for a review of it first."


def _together(evidence: ExplanationEvidence, found: Standing) -> _Proposal:
    """Blend models that are about as good as each other, or take the simplest."""
    close = (found.first, *found.near)
    group = [row for row in close if row.status == "scored" and _can(evidence, row, "blend")][:_TOGETHER]
    plain = simplest(close)
    if len(group) > 1 and evidence.plan == "compare":
        names = named([row.name for row in group])
        or_else = (
            f", or take {plain[0].name}, the simplest of those that cannot be told apart" if plain is not None else ""
        )
        config = _config(evidence, "blend", include=[row.model for row in group])
        return config, f"Blend {names}, of which none is shown to be better{or_else}."
    if plain is not None:
        return None, f"Take {plain[0].name}, the simplest of those that cannot be told apart."
    return None, f"Take the fastest of {named([row.name for row in close])}: they cannot be told apart."


def _told_apart(evidence: ExplanationEvidence, found: Standing, thresholds: Thresholds) -> _Proposal:
    """Score models on more folds that are not near each other, and yet cannot be told apart."""
    first, folds = found.first, int(thresholds["explainer.folds_enough"])
    close = [first, *(found.rivals or found.untold)][:_TOGETHER]
    names, few = named([row.name for row in close]), f"{evidence.folds} fold{'s' if evidence.folds != 1 else ''}"
    if evidence.folds >= folds:
        return None, f"Take {first.name}, which ranks first, or gather more rows: {few} cannot tell {names} apart."
    rarest = min(evidence.class_shares.values(), default=1.0) * evidence.rows
    is_possible = evidence.task in ("classification", "regression") and rarest >= _OF_A_CLASS * folds
    if not is_possible or evidence.plan != "compare" or not all(row.kind for row in close):
        return None, f"Score {names} on more folds, or gather more rows: {few} cannot tell them apart."
    config = _config(evidence, "compare", include=[row.model for row in close], folds=folds)
    return config, f"Score {names} on {folds} folds: {few} cannot tell them apart, and they may well be."


def _can(evidence: ExplanationEvidence, row: BoardRow, plan: str) -> bool:
    """Whether a plan can work on a model."""
    return plan in TASKS[evidence.task].plans and bool(row.kind) and PLANS[plan].takes(row.kind)


def _config(evidence: ExplanationEvidence, plan: str, **models: Any) -> dict[str, Any]:
    return {"from_run": evidence.run_id, "plan": plan, **models}


def _flags(
    evidence: ExplanationEvidence, found: Standing, findings: Sequence[Finding], thresholds: Thresholds
) -> Iterator[RiskFlag]:
    warned = {finding.id for finding in findings if finding.severity in ("blocking", "warning")}
    named_by: Mapping[str, RiskFlag] = {
        "calibration": "miscalibrated",
        "segments": "weak_segment",
        "failed": "failed_models",
    }
    if found.verdict == "nothing":
        yield "no_better_than_baseline"
    if found.rivals:
        yield "tiny_margin"
    if 0 < evidence.rows < thresholds["explainer.rows_least"]:
        yield "small_sample"
    for id_, flag in named_by.items():
        if id_ in warned:
            yield flag
