"""What the advice is made of: summary, order, suggestion, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.advisors.deployment_reviewer.made import REQUEST, RIVALS, examined, found, prepared, reviewed
from tests.advisors.deployment_reviewer.test_flags import FAULTS
from workbench.advisors.advice import SEVERITIES, Advice
from workbench.advisors.deployment_reviewer.evidence import Artifact, ReviewEvidence
from workbench.advisors.examination import Note
from workbench.advisors.table import Look
from workbench.advisors.thresholds import Thresholds


def test_evidence_survives_json(clean: ReviewEvidence) -> None:
    assert ReviewEvidence.model_validate_json(clean.model_dump_json()) == clean


@pytest.mark.parametrize("fault", FAULTS)
def test_findings_have_ids_of_their_own_and_cite_thresholds_that_there_are(
    fault: str, review: Callable[..., Advice]
) -> None:
    advice = review(**FAULTS[fault][2])
    ids = [finding.id for finding in advice.findings]
    assert len(set(ids)) == len(ids)
    assert all(name in Thresholds.default() for finding in advice.findings for name in finding.evidence.thresholds)
    grave = [SEVERITIES.index(finding.severity) for finding in advice.findings]
    assert grave == sorted(grave)
    assert Advice.model_validate_json(advice.model_dump_json()) == advice


def test_a_leak_is_mended_in_the_request_that_is_suggested(review: Callable[..., Advice]) -> None:
    advice = review(look=found("leak.copy", "blocking", "income", is_mended=True, label="Leave out 'income'"))
    assert advice.suggested_config == {**REQUEST, "setup": {"ignore_features": ["income"]}}
    assert advice.suggested_action.startswith("Leave out 'income'")


def test_a_metric_that_does_not_fit_the_goal_is_replaced(review: Callable[..., Advice]) -> None:
    advice = review(goal="Do not miss a single default")
    assert advice.suggested_config == {**REQUEST, "sort": "Recall"}


def test_a_set_up_without_imputation_gets_one(review: Callable[..., Advice]) -> None:
    advice = review(
        reviewed=reviewed(setup={"imputation_type": None, "numeric_imputation": "drop"}),
        examination=prepared("age", answers_gap=False, missing_learned=0.1),
    )
    assert advice.suggested_config is not None
    assert advice.suggested_config["setup"] == {"imputation_type": "simple", "numeric_imputation": "mean"}


def test_an_overfit_model_without_rivals_is_compared_with_simple_ones(review: Callable[..., Advice]) -> None:
    advice = review(
        reviewed=reviewed(model="dt", kinds=("dt",), plan="create"),
        rivals=(),
        request={**REQUEST, "plan": "create", "model": "dt"},
        examination=examined(held_out={"Accuracy": 0.8, "MCC": 0.3}),
    )
    assert advice.suggested_config == {**REQUEST, "include": ["lr", "ridge", "nb", "dt"]}


def test_nothing_is_suggested_where_the_table_is_gone(review: Callable[..., Advice]) -> None:
    advice = review(goal="Do not miss a single default", request=None, look=None)
    assert advice.suggested_config is None


def test_what_blocks_is_told_before_what_warns(review: Callable[..., Advice]) -> None:
    advice = review(
        artifact=Artifact(size_bytes=1, verifies=False, problem="It is gone."),
        look=found("leak.score", "warning", "age"),
    )
    assert advice.verdict == "DO NOT DEPLOY: its bytes are not what was stored"
    assert advice.tone == "danger"


def test_what_could_not_be_looked_at_is_told(review: Callable[..., Advice]) -> None:
    blind = examined(notes=(Note(part="calibration", about="The model gives no probabilities."),), calibration=None)
    advice = review(examination=blind, notes=("The table could not be read.",))
    unseen = advice.finding("review.unseen")
    assert unseen is not None
    assert unseen.evidence.measured["notes"] == [
        "The table could not be read.",
        "Calibration: The model gives no probabilities.",
    ]
    assert advice.reasoning_summary.endswith("Not all could be looked at.")


def test_an_overridden_leak_is_told_as_such(review: Callable[..., Advice]) -> None:
    advice = review(look=found("leak.copy", "blocking", "income"), overridden=("leak.copy",))
    assert "started all the same" in advice.findings[0].evidence.claim


def test_a_note_changes_no_verdict(review: Callable[..., Advice]) -> None:
    raced = review(reviewed=reviewed(racing=True), look=Look())
    assert raced.verdict == "APPROVE"
    assert raced.finding("board.raced") is not None


def test_a_group_too_small_is_told_and_not_judged(review: Callable[..., Advice]) -> None:
    advice = review(segment="city")
    assert advice.finding("fairness.unknown:city") is not None
    assert "fairness_gap" not in advice.risk_flags


@pytest.mark.parametrize(
    ("goal", "sort", "is_served"),
    [
        ("Catch as many defaults as possible", "Accuracy", False),
        ("Catch as many defaults as possible", "Recall", True),
        ("Few false alarms: each costs a visit", "Recall", False),
        ("Few false alarms: each costs a visit", "Prec.", True),
        ("Rank customers for the call list", "Accuracy", False),
        ("Rank customers for the call list", "AUC", True),
        ("Price by the probability of default", "Accuracy", True),
        ("Predict who defaults", "Accuracy", True),
    ],
)
def test_a_goal_is_held_against_the_metric_that_ranked(
    goal: str, sort: str, is_served: bool, review: Callable[..., Advice]
) -> None:
    advice = review(goal=goal, reviewed=reviewed(sort=sort))
    assert ("metric_mismatch" not in advice.risk_flags) == is_served


def test_a_rival_that_failed_says_why(review: Callable[..., Advice]) -> None:
    broken = RIVALS[0].model_copy(update={"status": "failed", "reason": "ValueError: no", "score": None})
    advice = review(rivals=(broken, *RIVALS[1:], *RIVALS[1:]))
    failed = advice.finding("board.failed")
    assert failed is not None and failed.severity == "note"
    assert "ValueError: no" in failed.evidence.claim
