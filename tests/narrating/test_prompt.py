"""What is sent fits into its bounds, and what there is no room for is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.narrating.conftest import ADVICE, EVIDENCE, LEAK
from workbench.advisors.advice import Advice
from workbench.narrating.prompt import DATA_MOST, Prompt, prompt

LONG = "<é" * 3_000
MANY = [
    LEAK.model_copy(
        update={
            "id": f"leak.copy:{at}",
            "evidence": LEAK.evidence.model_copy(update={"measured": {"shares": [0.5] * 60}, "claim": LONG}),
        }
    )
    for at in range(100)
]


def _sent(found: Prompt) -> Any:
    return json.loads(found.text.split("\n")[1])


@pytest.mark.parametrize("allow_samples", [False, True])
@pytest.mark.parametrize(
    "advice",
    [
        ADVICE.model_copy(update={"findings": tuple(MANY)}),
        Advice(
            verdict=LONG, reasoning_summary=LONG, suggested_action=LONG, suggested_config={"setup": {"a": [LONG] * 60}}
        ),
    ],
    ids=["findings", "envelope"],
)
def test_however_much_there_is_to_tell_the_data_is_bounded(advice: Advice, allow_samples: bool) -> None:
    found = prompt(advice, "dataset_analyst", {"rows": 5, "columns": [LONG] * 60}, allow_samples=allow_samples)
    assert len(found.text.split("\n")[1]) <= DATA_MOST
    assert found.withheld == _sent(found)["withheld"] > 0


def test_the_findings_that_there_is_no_room_for_are_the_least_grave_and_cannot_be_cited() -> None:
    found = prompt(ADVICE.model_copy(update={"findings": tuple(MANY)}), "dataset_analyst", EVIDENCE, allow_samples=True)
    sent = [finding["id"] for finding in _sent(found)["findings"]]
    assert 0 < len(sent) < len(MANY)
    assert sent == [finding.id for finding in MANY[: len(sent)]]
    assert list(found.ids) == sent


def test_parts_of_the_evidence_that_there_is_no_room_for_are_counted() -> None:
    evidence = EVIDENCE | {"log": ["a" * 900] * 60, "lines": list(range(100))}
    found = prompt(ADVICE, "dataset_analyst", evidence, allow_samples=True)
    assert set(_sent(found)["evidence"]) == {"rows", "columns", "lines"}
    assert found.withheld == 60 + 40
    assert [each["id"] for each in _sent(found)["findings"]] == [each.id for each in ADVICE.findings]


def test_nothing_is_withheld_of_what_fits() -> None:
    assert prompt(ADVICE, "dataset_analyst", EVIDENCE, allow_samples=True).withheld == 0
