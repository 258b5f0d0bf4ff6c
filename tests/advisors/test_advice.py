"""The envelope: what every advice is made of, and what its verdict's beginning says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from workbench.advisors.advice import TONES, Advice, Evidence, Finding, ordered, sentence, tone


def finding(id: str, severity: str = "note") -> Finding:
    return Finding(id=id, severity=severity, evidence=Evidence(claim="It is so."))


def test_it_has_exactly_the_fields_that_callers_rely_on():
    told = Advice(verdict="APPROVE", reasoning_summary="All is well.", findings=(finding("a"),)).model_dump(mode="json")
    assert list(told) == [
        "verdict",
        "reasoning_summary",
        "findings",
        "suggested_config",
        "suggested_action",
        "risk_flags",
    ]
    assert list(told["findings"][0]) == ["id", "severity", "evidence", "recommendation"]


def test_what_was_written_as_json_is_read_again():
    advice = Advice(
        verdict="NO ACTION", reasoning_summary="", findings=(finding("a"),), suggested_config={"plan": "compare"}
    )
    assert Advice.model_validate_json(advice.model_dump_json()) == advice


def test_an_unknown_risk_flag_is_refused():
    with pytest.raises(ValidationError):
        Advice(verdict="APPROVE", reasoning_summary="", risk_flags=("bad_luck",))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("APPROVE", "success"),
        ("APPROVE WITH CAVEATS: the sample is small", "warning"),
        ("DO NOT DEPLOY: a leak", "danger"),
        ("READY", "success"),
        ("READY WITH MENDS: 2 identifiers", "warning"),
        ("RETRAIN NOW", "danger"),
        ("MONITOR", "warning"),
        ("NO ACTION", "success"),
        ("DATA: a gap in the target", "danger"),
    ],
)
def test_the_longest_beginning_of_a_verdict_gives_its_tone(verdict, expected):
    assert tone(verdict) == expected


def test_a_verdict_with_another_beginning_is_a_warning():
    assert tone("WHO KNOWS") == "warning"
    assert "" not in TONES


def test_the_gravest_finding_comes_first_and_equals_stay_in_order():
    found = ordered([finding("a", "good"), finding("b", "warning"), finding("c", "blocking"), finding("d", "warning")])
    assert [each.id for each in found] == ["c", "b", "d", "a"]


def test_phrases_beyond_the_first_few_are_counted():
    assert sentence(["a leak", "a gap"]) == "a leak; a gap"
    assert sentence(list("abcde")) == "a; b; c; and 2 more"
