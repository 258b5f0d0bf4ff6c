from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.narrating.conftest import ADVICE, LEAK
from workbench.advisors.advice import Advice, AdvisorName
from workbench.narrating.holding import Holding


@dataclass
class Said:
    text: str
    findings: list[str] = field(default_factory=lambda: [LEAK.id])


def _reasons(text: str, advice: Advice = ADVICE) -> set[str]:
    holding = Holding(advice, "deployment_reviewer", {LEAK.id: LEAK})
    holding.statements([Said(text)])
    return set(holding.dropped)


@pytest.mark.parametrize(
    "text",
    ["Do not deploy it yet.", "The verdict DO NOT DEPLOY stands.", "This data is about income."],
)
def test_the_advices_own_verdict_and_plain_words_hold(text: str) -> None:
    assert _reasons(text) == set()


@pytest.mark.parametrize("text", ["APPROVE", "It is approved.", "Approve with caveats.", "I approve it with caveats."])
def test_another_verdict_does_not(text: str) -> None:
    assert _reasons(text) == {"other_verdict"}


def test_a_longer_verdict_than_the_advices_is_another() -> None:
    approved = ADVICE.model_copy(update={"verdict": "APPROVE"})
    assert _reasons("The verdict is APPROVE.", approved) == set()
    assert _reasons("The verdict is APPROVE WITH CAVEATS.", approved) == {"other_verdict"}
    caveats = ADVICE.model_copy(update={"verdict": "APPROVE WITH CAVEATS: a leak"})
    assert _reasons("So APPROVE WITH CAVEATS.", caveats) == set()
    assert _reasons("So APPROVE.", caveats) == {"other_verdict"}


@pytest.mark.parametrize(
    ("advisor", "verdict", "text"),
    [
        ("deployment_reviewer", "APPROVE WITH CAVEATS: a leak", "The reviewer approves it with caveats."),
        ("deployment_reviewer", "APPROVE WITH CAVEATS: a leak", "It is approved with caveats."),
        ("run_explainer", "A CLEAR WINNER: lr", "Have the owner approve the model."),
        ("dataset_analyst", "READY", "No action is needed."),
        ("dataset_analyst", "NOT READY: a leak", "The verdict is NOT READY, and it is not ready."),
        ("failure_debugger", "DATA: a text", "Investigate the column, and do not deploy anything."),
    ],
)
def test_what_is_no_other_verdict_of_the_advisor_holds(advisor: AdvisorName, verdict: str, text: str) -> None:
    holding = Holding(ADVICE.model_copy(update={"verdict": verdict}), advisor, {LEAK.id: LEAK})
    assert [kept.text for kept in holding.statements([Said(text)])] == [text]


@pytest.mark.parametrize(
    ("advisor", "verdict", "text"),
    [
        ("deployment_reviewer", "APPROVE", "The reviewer approves this model with caveats."),
        ("deployment_reviewer", "APPROVE WITH CAVEATS: a leak", "It is approved, and not with caveats."),
        ("deployment_reviewer", "APPROVE WITH CAVEATS: a leak", "It is approved with caveats. So: APPROVE."),
        ("dataset_analyst", "NOT READY: a leak", "The table is READY."),
        ("dataset_analyst", "READY", "It is ready with mends."),
        ("run_explainer", "NO CLEAR WINNER: noise", "There is a clear winner."),
        ("drift_analyst", "RETRAIN NOW", "No action is needed."),
    ],
)
def test_another_verdict_of_the_advisor_does_not_hold(advisor: AdvisorName, verdict: str, text: str) -> None:
    holding = Holding(ADVICE.model_copy(update={"verdict": verdict}), advisor, {LEAK.id: LEAK})
    assert holding.statements([Said(text)]) == ()
    assert holding.dropped == {"other_verdict": 1}


def test_digits_in_names_of_the_findings_are_no_numbers() -> None:
    evidence = LEAK.evidence.model_copy(update={"columns": ("V12",), "claim": "The p95 of V12 is 31 ms."})
    leak = LEAK.model_copy(update={"evidence": evidence})
    holding = Holding(ADVICE, "deployment_reviewer", {LEAK.id: leak})
    held = holding.statements([Said("The p95 of V12 is 31 ms, and R2 and F1 agree."), Said("V13 is a leak.")])
    assert len(held) == 1
    assert holding.dropped == {"unfounded_number": 1}


def test_control_characters_are_left_out_and_long_lines_cut() -> None:
    (kept,) = Holding(ADVICE, "deployment_reviewer", {LEAK.id: LEAK}).statements(
        [Said("A\x1b leak\u202e " + "x" * 5000)]
    )
    assert "\x1b" not in kept.text
    assert "\u202e" not in kept.text
    assert len(kept.text) == 1000
