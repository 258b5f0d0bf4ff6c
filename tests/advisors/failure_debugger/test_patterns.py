"""The patterns are data that people write: what they name must be there."""

from __future__ import annotations

import re

import pytest

from workbench.advisors.failure_debugger import circumstances, mends, suspects
from workbench.advisors.failure_debugger.patterns import CATEGORIES, known
from workbench.catalogue import TASKS

PATTERNS = known().patterns
OPTIONS = {name for task in TASKS.values() for name in task.options}


def test_every_step_is_one_that_mends_has_and_every_one_of_them_is_used():
    assert {step.name for pattern in PATTERNS for step in pattern.mend} == set(mends._STEPS)


def test_every_option_that_a_pattern_names_is_one_that_a_task_has():
    steps = [
        step.told for pattern in PATTERNS for step in pattern.mend if step.name in ("set_option", "default_options")
    ]
    named = {name for told in steps for name in (told.get("options") or [told["option"]])}
    assert named | {pattern.option for pattern in PATTERNS if pattern.option} <= OPTIONS


def test_what_a_pattern_looks_for_and_under_what_circumstances_is_known():
    looked_for = {pattern.suspects for pattern in PATTERNS} - {""}
    assert looked_for <= set(suspects._FINDERS)
    given = {pattern.when for pattern in PATTERNS} - {"", circumstances.NAMES_AN_OPTION}
    assert given <= set(circumstances._CIRCUMSTANCES)
    assert {task for pattern in PATTERNS for task in pattern.tasks} <= set(TASKS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_pattern_is_named_by_whose_fault_it_is_and_says_what_to_do_in_a_sentence(pattern):
    assert pattern.category in CATEGORIES
    assert pattern.id.startswith(f"{pattern.category.lower()}.")
    assert pattern.cause.endswith(".")
    assert pattern.recommendation.endswith(".")
    assert not pattern.title.endswith(".")


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_cause_asks_for_no_fact_that_nobody_tells(pattern):
    facts = {"who", "whom", "models", "target", "source", "rows", "folds", "suspects", "option"}
    groups = {name for match in pattern.matches for name in match.groupindex}
    assert set(re.findall(r"{(\w+)}", pattern.cause)) <= facts | groups


def test_no_two_patterns_share_an_id():
    assert len({pattern.id for pattern in PATTERNS}) == len(PATTERNS)
