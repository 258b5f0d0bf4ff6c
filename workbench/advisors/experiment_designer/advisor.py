"""The experiment designer's answer."""

from __future__ import annotations

from dataclasses import replace

from workbench.advisors.advice import Advice, Evidence, Finding, RiskFlag, ordered, sentence
from workbench.advisors.codes import finding_id, flags, once, words
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.experiment_designer.design import Design, column_choice, design
from workbench.advisors.experiment_designer.evidence import DesignEvidence
from workbench.advisors.table import Found, Look
from workbench.advisors.thresholds import Thresholds
from workbench.advisors.usable import learnable, nothing_left
from workbench.catalogue import TASKS

_IN_CHOICES = ("split.groups", "split.time", "target.imbalance", "target.rare")
"""What the choices tell themselves."""
_GRAVE = ("leak.computed", "leak.copy", "leak.gaps", "leak.score")


def advise(evidence: DesignEvidence, thresholds: Thresholds) -> Advice:
    """Design an experiment for a goal.

    The verdict is ``DESIGNED`` where goal and table leave no doubt; ``DESIGNED WITH DOUBTS`` where something was
    guessed, wished for in vain, or found by pre-flight; ``UNCLEAR`` where the goal has to be asked about.
    """
    made = design(evidence, thresholds)
    if made.aim.task is None:
        return _unclear(evidence, made, made.aim.unclear, made.aim.question)
    wrong = [column_choice(*each) for each in made.unusable.items()]
    made = replace(made, choices=(*made.choices, *wrong))
    look = evidence.look
    if made.aim.target is not None and made.aim.target in made.unusable:
        why = f"'{made.aim.target}' {made.unusable[made.aim.target]}"
        return _unclear(evidence, made, why, "Find out what such a value stands for, or choose another target.")
    refusal = evidence.refusal or (look.refusal if look is not None else None)
    if refusal is not None or look is None or not made.request:
        why = refusal.message if refusal is not None else _too_few(made)
        return _unclear(evidence, made, why.rstrip("."), refusal.hint if refusal is not None else "")
    left_out = (made.request.get("setup") or {}).get("ignore_features") or ()
    if made.aim.task != "time_series" and not learnable(evidence.table, {*left_out, made.aim.target}):
        why = nothing_left(evidence.table, made.aim.target)
        return _unclear(evidence, made, why, "Bring columns that differ from row to row.")
    return _designed(evidence, made, look, thresholds)


def _designed(evidence: DesignEvidence, made: Design, look: Look, thresholds: Thresholds) -> Advice:
    told = [choice.finding() for choice in made.choices]
    of_table = [each for each in once(look.findings) if each.code not in _IN_CHOICES]
    doubts = [choice.doubt for choice in made.choices if choice.doubt]
    doubts += [f"{words(each)} is left out" for each in of_table if each.code in _GRAVE and each.is_mended]
    doubts += [words(each) for each in of_table if not each.is_mended and each.severity in ("blocking", "warning")]
    blocked = [each for each in look.left if each.severity == "blocking"]
    findings = [*told, *(_of_table(each) for each in of_table), *_unseen(evidence)]
    config = {"data": evidence.table.source_id, **made.request}
    head = _head(made)
    if blocked:
        action = f"Mend what blocks it first: {blocked[0].message}"
    else:
        action = (
            "Launch it as it is designed." if not doubts else "Read the doubts, then launch it, or say the goal anew."
        )
    return Advice(
        verdict=f"DESIGNED WITH DOUBTS: {sentence(doubts)}" if doubts else f"DESIGNED: {head}",
        reasoning_summary=f"{_summary(made)} {_doubtful(doubts)}",
        findings=ordered(findings),
        suggested_config=None if blocked else config,
        suggested_action=action,
        risk_flags=tuple(_flags(made, look, thresholds)),
    )


def _unclear(evidence: DesignEvidence, made: Design, why: str, question: str) -> Advice:
    asked = question or "What is to be found out?"
    finding = Finding(
        id="goal.unclear",
        severity="blocking",
        evidence=Evidence(
            claim=f"{why[:1].upper()}{why[1:]}.",
            measured={
                "goal": evidence.goal[:_SHOWN],
                "words": len(made.aim.goal.words),
                "tasks": dict(made.aim.goal.tasks),
                "named": [mention.column for mention in made.aim.goal.named],
            },
        ),
        recommendation=asked,
    )
    return Advice(
        verdict=f"UNCLEAR: {why}",
        reasoning_summary=f"Nothing is designed, since {why[:1].lower()}{why[1:]}. {asked} Goals are read in English.",
        findings=ordered([finding, *(choice.finding() for choice in made.choices), *_unseen(evidence)]),
        suggested_action=asked,
    )


_SHOWN = 200
"""Characters of a goal that are repeated."""


def _too_few(made: Design) -> str:
    return f"{made.aim.table.name} has {made.aim.table.rows:,} rows, too few for a forecast in folds"


def _head(made: Design) -> str:
    assert made.aim.task is not None
    request, task = made.request, TASKS[made.aim.task].title.lower()
    of = f"{task} of '{made.aim.target}'" if made.aim.target is not None else task
    folds = f" in {request['folds']} folds" if request.get("folds", 1) > 1 else ""
    return f"{of}, {len(request['include'])} models{folds}, ranked by {request['sort']}"


def _summary(made: Design) -> str:
    reasons = [choice.claim for choice in made.choices if choice.id in ("task", "target", "metric")]
    return " ".join([f"{_head(made)[:1].upper()}{_head(made)[1:]}.", *reasons])


def _doubtful(doubts: list[str]) -> str:
    if not doubts:
        return "Nothing about it is doubtful."
    return f"{len(doubts)} thing{' is' if len(doubts) == 1 else 's are'} doubtful: {sentence(doubts, most=6)}."


def _of_table(found: Found) -> Finding:
    severity = found.severity
    if found.is_mended:
        severity = "warning" if found.code in _GRAVE else "note"
    mended = f" {found.label}: the design does so." if found.is_mended and found.label else ""
    return Finding(
        id=finding_id(found),
        severity=severity,
        evidence=Evidence(claim=f"{found.message}{mended}", measured=found.measured, columns=found.columns),
        recommendation="" if found.is_mended else found.label,
    )


def _unseen(evidence: DesignEvidence) -> list[Finding]:
    return [
        Finding(id=f"unseen:{number}", severity="note", evidence=Evidence(claim=said))
        for number, said in enumerate(evidence.table.unseen)
    ]


def _flags(made: Design, look: Look, thresholds: Thresholds) -> list[RiskFlag]:
    told: dict[RiskFlag, None] = dict.fromkeys(flags(look.findings))
    if made.aim.table.rows < thresholds["analyst.rows_small"]:
        told["small_sample"] = None
    if _is_doubted(made.choices, "metric.unknown"):
        told["metric_mismatch"] = None
    return list(told)


def _is_doubted(choices: tuple[Choice, ...], id: str) -> bool:
    return any(choice.id == id and choice.doubt for choice in choices)
