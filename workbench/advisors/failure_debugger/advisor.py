"""The failure debugger: whose fault it is, the cause, the line that matters, and a request to launch instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.advisors.advice import Advice, Evidence, Finding, ordered
from workbench.advisors.failure_debugger import complaints
from workbench.advisors.failure_debugger.diagnosis import Diagnosis, diagnose
from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.advisors.failure_debugger.lines import WHERE, frames
from workbench.advisors.failure_debugger.mends import Case, mend
from workbench.advisors.failure_debugger.patterns import known
from workbench.advisors.failure_debugger.request import Request
from workbench.advisors.thresholds import Thresholds

_TIMES = ("run_timeout_s", "model_timeout_s")
_LIMITS = (*_TIMES, "unit_memory")
_STRETCHED = ("debugger.limit_margin", "debugger.limit_least_s", "debugger.limit_most")
"""Thresholds that a longer limit is made by."""


def advise(evidence: FailureEvidence, thresholds: Thresholds) -> Advice:
    """Diagnose a run, and correct its request where another one can mend it.

    Parameters
    ----------
    evidence
        A run in which something failed.
    """
    patterns = known()
    found = _distinct([diagnose(complaint, evidence, patterns) for complaint in complaints.gather(evidence)])
    if not found:
        return Advice(
            verdict="ENGINE: the run ended without telling why",
            reasoning_summary="The run has no error, and none of its models tells a reason.",
            findings=tuple(_lacking(evidence)),
            suggested_action="Read the run's log; `workbench doctor` tells whether something is wrong with the home.",
        )
    request = Request(evidence)
    mended = [each for each in found if mend(request, Case(each, evidence, thresholds))]
    first = found[0]
    findings = [_cause(each, evidence) for each in found]
    findings += [_line(first, evidence), *_mending(request), *_died(evidence), *_lacking(evidence)]
    return Advice(
        verdict=f"{first.category}: {first.title}",
        reasoning_summary=_summary(found, evidence),
        findings=ordered(findings),
        suggested_config=request.arguments() if request.is_launchable else None,
        suggested_action=_action(first, request, first in mended, evidence),
        risk_flags=("failed_models",) if evidence.failures else (),
    )


def _distinct(found: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Keep each cause once; what is not recognised is told apart by its line."""
    kept: dict[tuple[str, str], Diagnosis] = {}
    for each in found:
        key = (each.id, each.line.text if each.pattern is None else ",".join(each.complaint.models))
        kept.setdefault(key, each)
    return list(kept.values())


def _cause(found: Diagnosis, evidence: FailureEvidence) -> Finding:
    complaint = found.complaint
    measured: dict[str, Any] = {
        "category": found.category,
        "line": found.line.shown,
        "where": found.line.where,
        "models": [failure.model for failure in complaint.failures],
        "recognised": found.pattern is not None,
    }
    if found.pattern is not None:
        measured |= {"library": found.pattern.library, "told": dict(found.told or {})}
    cost = ""
    if complaint.failures and evidence.field:
        cost = f" It cost {len(complaint.failures)} of {len(evidence.field)} models."
    severity = "blocking" if complaint.is_of_run or not evidence.scored else "warning"
    suffix = f":{','.join(complaint.models)}" if complaint.models else ""
    return Finding(
        id=f"cause.{found.id}{suffix}" if found.pattern is not None else f"cause.unrecognised:{found.line.shown[:60]}",
        severity=severity,
        evidence=Evidence(claim=f"{found.cause}{cost}", measured=measured, columns=found.columns),
        recommendation=found.recommendation,
    )


def _line(first: Diagnosis, evidence: FailureEvidence) -> Finding:
    at = frames(evidence.log) if first.complaint.is_of_run else ()
    measured: dict[str, Any] = {"line": first.line.shown, "where": first.line.where}
    if at:
        measured["raised_in"] = at[-1].words
    return Finding(
        id="line",
        severity="note",
        evidence=Evidence(
            claim=f"The line that matters, of {WHERE[first.line.where]}: {first.line.shown}", measured=measured
        ),
    )


def _mending(request: Request) -> list[Finding]:
    if not request.is_launchable:
        return []
    words = "; ".join(change.words for change in request.changes)
    claim = f"The suggested run differs in this: {words}." if words else "The suggested run is the same once more."
    measured = {"changes": [change.as_dict() for change in request.changes]}
    is_longer = any(change.what in _TIMES for change in request.changes)
    held = Evidence(claim=claim, measured=measured, thresholds=_STRETCHED if is_longer else ())
    return [Finding(id="mend", severity="good", evidence=held)]


def _died(evidence: FailureEvidence) -> list[Finding]:
    """Tell of processes that the run lost on its way, whatever it ended by."""
    lost = [event.message for event in evidence.notable if event.kind == "run.requeued"]
    if not lost:
        return []
    claim = f"The run lost its process {len(lost)} time{'s' if len(lost) > 1 else ''} on the way: {lost[-1]}"
    return [Finding(id="process_lost", severity="note", evidence=Evidence(claim=claim, measured={"times": len(lost)}))]


def _lacking(evidence: FailureEvidence) -> list[Finding]:
    return [
        Finding(id=f"not_looked_at:{number}", severity="note", evidence=Evidence(claim=lacking))
        for number, lacking in enumerate(evidence.lacking, 1)
    ]


def _summary(found: Sequence[Diagnosis], evidence: FailureEvidence) -> str:
    first = found[0]
    whose = {
        "DATA": "The table is at fault as it is.",
        "CONFIG": "Another request would do on this same table.",
        "ENGINE": "Neither the table nor the request is at fault, but the machine, the installation or a library.",
    }[first.category]
    if first.pattern is None:
        whose = ""
    others = len(found) - 1
    more = f" {others} further cause{'s were' if others > 1 else ' was'} found among its models." if others else ""
    stands = ""
    if evidence.scored:
        is_many = len(evidence.scored) > 1
        stands = f" {len(evidence.scored)} model{'s are' if is_many else ' is'} scored on every fold, and that stands."
    return " ".join(f"{first.cause} {whose}{more}{stands}".split())


def _action(first: Diagnosis, request: Request, is_mended: bool, evidence: FailureEvidence) -> str:
    if not request.is_launchable:
        return first.recommendation
    if not request.changes:
        return f"{first.recommendation} The suggested run asks for the same once more."
    words = "; ".join(change.words for change in request.changes)
    is_limit = all(change.what in _LIMITS for change in request.changes)
    resumed = " To resume the run with that limit keeps what is scored." if is_limit and evidence.scored else ""
    if not is_mended:
        return f"{first.recommendation} The suggested run mends what else was found: {words}.{resumed}"
    return f"Launch the suggested run: {words}.{resumed}"
