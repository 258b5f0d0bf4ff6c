"""The dataset analyst's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.advisors.advice import Advice, Evidence, Finding, ordered, sentence
from workbench.advisors.codes import finding_id, flags, once, words
from workbench.advisors.dataset_analyst import change, columns, rows, target
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.dataset_analyst.remark import Remark
from workbench.advisors.table import Found, Look
from workbench.advisors.thresholds import Thresholds

_SHOWN = 6
"""Columns that a sentence names."""


def advise(evidence: DatasetEvidence, thresholds: Thresholds) -> Advice:
    """Say whether a table is ready for a run.

    The verdict is ``READY`` where nothing stands in the way; ``READY WITH MENDS`` where what is found is mended in the
    suggested set-up, or should be known; ``NOT READY`` where something blocks that no set-up mends, no target can be
    chosen, or the rows are too few.
    """
    remarks = [
        *target.remarks(evidence, thresholds),
        *rows.remarks(evidence, thresholds),
        *columns.remarks(evidence, thresholds),
        *change.remarks(evidence, thresholds),
    ]
    remarks += columns.nothing_left(evidence, _left_out(evidence, remarks))
    look = evidence.look
    found = once(look.findings) if look is not None else []
    findings = ordered(
        [*(_of_preflight(each, evidence) for each in found), *(each.finding for each in remarks), *_unseen(evidence)]
    )
    risks = dict.fromkeys([*flags(found), *(r for each in remarks for r in each.risks)])
    stops = _stops(look, remarks)
    mends = [words(each) for each in found if each.severity in ("blocking", "warning")]
    mends = list(dict.fromkeys([*mends, *(each.mend for each in remarks if each.mend)]))
    config = None if stops or look is None else _config(evidence, look, remarks)
    return Advice(
        verdict=_verdict(stops, mends),
        reasoning_summary=_summary(evidence, stops, mends),
        findings=findings,
        suggested_config=config,
        suggested_action=_action(evidence, stops, mends),
        risk_flags=tuple(risks),
    )


def _left_out(evidence: DatasetEvidence, remarks: list[Remark]) -> set[str]:
    """Return the columns that the suggested set-up leaves out."""
    request = evidence.look.request if evidence.look is not None else {}
    setups = [request.get("setup") or {}, *(each.setup for each in remarks)]
    return {name for setup in setups for name in setup.get("ignore_features") or ()}


def _stops(look: Look | None, remarks: list[Remark]) -> list[str]:
    """Return what stands in the way, in a few words each."""
    stops = [each.stop for each in remarks if each.stop]
    if look is not None and look.refusal is not None:
        stops.append(look.refusal.message.rstrip("."))
    left = look.left if look is not None and look.refusal is None else ()
    return stops + [words(each) for each in left if each.severity == "blocking"]


def _verdict(stops: list[str], mends: list[str]) -> str:
    if stops:
        return f"NOT READY: {sentence(stops)}"
    return f"READY WITH MENDS: {sentence(mends)}" if mends else "READY"


def _config(evidence: DatasetEvidence, look: Look, remarks: list[Remark]) -> dict[str, Any]:
    request = dict(look.request)
    setup = dict(request.get("setup") or {})
    for remark in remarks:
        for name, value in remark.setup.items():
            setup[name] = _merged(setup, name, value)
    if setup:
        request["setup"] = setup
    if evidence.task == "classification" or "sort" not in request:
        request |= {name: value for each in remarks for name, value in each.request.items() if name not in request}
    return {"data": evidence.table.source_id, **request}


def _merged(setup: Mapping[str, Any], name: str, value: Any) -> Any:
    """Add columns to those that are left out already; what is named for something else stays."""
    if name != "ignore_features":
        return setup.get(name, value)
    named = {
        str(other) for option, other in setup.items() if option not in ("ignore_features",) and isinstance(other, str)
    }
    named |= {
        str(each)
        for option, other in setup.items()
        if option != "ignore_features" and isinstance(other, list)
        for each in other
    }
    return list(dict.fromkeys([*setup.get(name, ()), *(column for column in value if column not in named)]))


def _of_preflight(found: Found, evidence: DatasetEvidence) -> Finding:
    plot = None
    if found.code.startswith("leak.") or found.code == "split.groups":
        plot = target.associations(evidence)
    elif found.code == "target.imbalance":
        plot = target.shares(evidence)
    does = f"{found.label}: the suggested set-up does so." if found.is_mended and found.label else found.label
    return Finding(
        id=finding_id(found),
        severity=found.severity,
        evidence=Evidence(claim=found.message, measured=found.measured, columns=found.columns, plot=plot),
        recommendation=does,
    )


def _unseen(evidence: DatasetEvidence) -> list[Finding]:
    return [
        Finding(
            id=f"unseen:{number}",
            severity="note",
            evidence=Evidence(claim=said),
            recommendation="Ask again later: what is told by then is kept.",
        )
        for number, said in enumerate(evidence.table.unseen)
    ]


def _summary(evidence: DatasetEvidence, stops: list[str], mends: list[str]) -> str:
    table = evidence.table
    of = f" for predicting '{evidence.target_name}'" if evidence.target_name else ""
    what = f"{table.name} has {table.rows:,} rows and {len(table.columns):,} columns"
    if stops:
        said = f"It is not ready{of}: {sentence(stops)}."
    elif mends:
        things = "one thing" if len(mends) == 1 else f"{len(mends)} things"
        said = f"It is ready{of}, with {things} to know or to mend before: {sentence(mends)}."
    else:
        said = f"Nothing was found that stands in the way{of}."
    unseen = " Not all of it could be looked at." if table.unseen else ""
    looked = f" {evidence.look.looked_at}" if evidence.look is not None and evidence.look.looked_at else ""
    return f"{what}. {said}{looked}{unseen}"


def _action(evidence: DatasetEvidence, stops: list[str], mends: list[str]) -> str:
    if not stops:
        return "Launch the suggested run." if not mends else "Read what is found, then launch the suggested run."
    if evidence.target_name is None and evidence.candidates:
        named = ", ".join(f"'{each.name}'" for each in evidence.candidates[:_SHOWN])
        return f"Choose the target: {named} could be one. Without one, take clustering or anomaly detection."
    if evidence.look is not None and evidence.look.refusal is not None and evidence.look.refusal.hint:
        return evidence.look.refusal.hint
    return "Bring a table in which that is mended, or choose another target."
