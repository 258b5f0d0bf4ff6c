"""What each advisor can be asked about, and what it is told."""

from __future__ import annotations

import importlib
from typing import get_args

import pytest

from workbench.advisors.advice import TITLES, AdvisorName
from workbench.consulting.desks import DESKS, LONGEST, desk
from workbench.errors import BadRequest


def test_there_is_one_for_each_advisor():
    assert set(DESKS) == set(get_args(AdvisorName)) == set(TITLES)


@pytest.mark.parametrize("advisor", list(DESKS))
def test_each_has_evidence_and_rules(advisor):
    at = DESKS[advisor]
    assert callable(importlib.import_module(f"workbench.consulting.gathering.{at.gathering}").gather)
    assert callable(importlib.import_module(f"workbench.advisors.{advisor}.advisor").advise)


def test_an_advisor_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(BadRequest, match=r"Did you mean drift_analyst\?") as caught:
        desk("drift_analist")
    assert caught.value.code == "advice.invalid"


@pytest.mark.parametrize(
    ("advisor", "kind", "asked", "words"),
    [
        ("run_explainer", "source", {}, "advises on run, and this is a source"),
        ("run_explainer", "run", {"goal": "x"}, "takes no argument 'goal'. It takes none."),
        ("dataset_analyst", "source", {"gaol": "x"}, "It takes target or task."),
        ("experiment_designer", "source", {"goal": 3}, "'goal' takes a text, not 3."),
        ("experiment_designer", "source", {"goal": "x" * (LONGEST + 1)}, "10,001 characters; it takes at most 10,000."),
        ("experiment_designer", "source", {"goal": "x\0"}, "has characters that no database holds"),
        ("experiment_designer", "source", {"goal": "x\ud800"}, "has characters that no database holds"),
        ("experiment_designer", "source", {"goal": "x", "minutes": "5"}, "takes a number greater than 0, not '5'."),
        ("drift_analyst", "deployment", {"hours": -1}, "takes a number greater than 0, not -1."),
        ("drift_analyst", "deployment", {"hours": True}, "takes a number greater than 0, not True."),
        ("drift_analyst", "deployment", {"hours": float("nan")}, "takes a number greater than 0, not nan."),
    ],
)
def test_what_an_advisor_does_not_take_is_refused_in_a_sentence(advisor, kind, asked, words):
    with pytest.raises(BadRequest) as caught:
        desk(advisor).check(kind, asked)
    assert caught.value.code == "advice.invalid"
    assert words in str(caught.value)
