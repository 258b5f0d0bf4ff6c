"""The deployment reviewer's verdict: whatever blocks forbids, whatever warns is a caveat, else it approves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from workbench.advisors.advice import Advice, ordered, sentence
from workbench.advisors.deployment_reviewer import fit, goal, groups, inputs, running, table
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.advisors.thresholds import Thresholds

RULES: tuple[Callable[[Case], Iterator[Ruling]], ...] = (
    running.artifact,
    table.leaks,
    table.copies,
    fit.baseline,
    running.versions,
    table.identifiers,
    inputs.answers,
    inputs.gaps,
    inputs.values,
    fit.overfit,
    goal.metric,
    goal.calibration,
    groups.fairness,
    groups.weak,
    table.sample,
    table.imbalance,
    table.others,
    fit.margin,
    fit.board,
    running.serving,
)
"""All rules, those first whose findings weigh most among equally grave ones."""


def advise(evidence: ReviewEvidence, thresholds: Thresholds) -> Advice:
    """Review a pipeline before it answers, or while it does.

    ``DO NOT DEPLOY`` where one finding blocks, ``APPROVE WITH CAVEATS`` where one warns, else ``APPROVE``; notes change
    no verdict.
    """
    case = Case(evidence, thresholds)
    rulings = [ruling for rule in RULES for ruling in rule(case)] + list(_unseen(case))
    blocking, warnings = _of(rulings, "blocking"), _of(rulings, "warning")
    if blocking:
        verdict = f"DO NOT DEPLOY: {sentence(_phrases(blocking))}"
    elif warnings:
        verdict = f"APPROVE WITH CAVEATS: {sentence(_phrases(warnings))}"
    else:
        verdict = "APPROVE"
    return Advice(
        verdict=verdict,
        reasoning_summary=_summary(case, rulings),
        findings=ordered([ruling.finding for ruling in rulings]),
        suggested_config=_config(case, [*blocking, *warnings]),
        suggested_action=_action(case, blocking, warnings),
        risk_flags=tuple(dict.fromkeys(ruling.flag for ruling in rulings if ruling.flag is not None)),
    )


def _of(rulings: Sequence[Ruling], severity: str) -> list[Ruling]:
    return [ruling for ruling in rulings if ruling.finding.severity == severity]


def _phrases(rulings: Sequence[Ruling]) -> list[str]:
    return list(dict.fromkeys(ruling.phrase for ruling in rulings if ruling.phrase))


def _unseen(case: Case) -> Iterator[Ruling]:
    """What could not be looked at is told: silence never means that all is well."""
    if case.unseen:
        yield case.ruling(
            "review.unseen",
            "note",
            f"Not all could be looked at: {' '.join(case.unseen)}",
            measured={"notes": list(case.unseen)},
        )


def _summary(case: Case, rulings: Sequence[Ruling]) -> str:
    reviewed, examination = case.reviewed, case.examination
    own = reviewed.metrics.get(reviewed.sort)
    parts = [f"{reviewed.model_name} for {reviewed.target or 'no target'}"]
    if reviewed.rows_learned is not None:
        parts[0] += f", learned from {reviewed.rows_learned:,} rows"
    if own is not None and own.mean is not None:
        reach = "" if own.low is None or own.high is None else f" ({own.low:.4f} to {own.high:.4f})"
        over = f" over {reviewed.folds} folds" if reviewed.folds > 1 else ""
        parts.append(f"{reviewed.sort} {own.mean:.4f}{reach}{over}")
    if examination is not None and examination.score is not None:
        parts.append(f"{examination.score:.4f} on {examination.rows_examined:,} rows held out")
    counts = {severity: len(_of(rulings, severity)) for severity in ("blocking", "warning", "good")}
    judged = (
        f"{_count(counts['blocking'], 'finding')} against it, {_count(counts['warning'], 'caveat')}, "
        f"{_count(counts['good'], 'point')} in its favour."
    )
    why = next((ruling.finding.evidence.claim for ruling in rulings if ruling.finding.severity == "blocking"), "")
    unseen = " Not all could be looked at." if any(r.finding.id == "review.unseen" for r in rulings) else ""
    return f"{'; '.join(parts)}. {judged}{f' {why}' if why else ''}{unseen}"


def _count(many: int, what: str) -> str:
    return f"{many or 'no'} {what}{'' if many == 1 else 's'}"


def _action(case: Case, blocking: Sequence[Ruling], warnings: Sequence[Ruling]) -> str:
    first = next(
        (ruling.finding.recommendation for ruling in (*blocking, *warnings) if ruling.finding.recommendation), ""
    )
    if first:
        return first
    return "Leave it in service." if case.evidence.served is not None else "Deploy it."


def _config(case: Case, rulings: Sequence[Ruling]) -> Mapping[str, Any] | None:
    """Make a request of what would mend the findings, the gravest first; None where none would."""
    evidence = case.evidence
    mends = any(ruling.mends for ruling in rulings)
    if evidence.request is None or not (mends or any(ruling.changes for ruling in rulings)):
        return None
    asked: dict[str, Any] = dict(evidence.request)
    if mends and evidence.look is not None:
        asked |= evidence.look.request
    decided: dict[str, Any] = {}
    for ruling in rulings:
        for name, value in ruling.changes.items():
            if name == "setup":
                asked["setup"] = {**(asked.get("setup") or {}), **value}
            else:
                decided.setdefault(name, value)
    asked |= decided
    asked = {name: value for name, value in asked.items() if value is not None and value != {}}
    return asked if asked != evidence.request else None
