"""Goals in people's words: the task, the target and the metric that a colleague would take."""

from __future__ import annotations

import pytest

from tests.advisors.experiment_designer.tables import read
from workbench.advisors.experiment_designer.aim import aim
from workbench.advisors.experiment_designer.metric import metric
from workbench.advisors.thresholds import Thresholds

FILES = ("goals.toml", "goals_more.toml")
CASES = [
    pytest.param(
        tables[goal["table"]],
        goal,
        id=f"{goal['table']}: {goal['goal'][:50]}",
        marks=[pytest.mark.xfail(reason=goal["misread"])] if "misread" in goal else [],
    )
    for tables, goals in map(read, FILES)
    for goal in goals
]


@pytest.fixture(scope="module")
def thresholds():
    return Thresholds.default()


@pytest.mark.parametrize(("table", "wanted"), CASES)
def test_a_goal_is_understood_as_a_colleague_would(table, wanted, thresholds):
    found = aim(wanted["goal"], table, None, thresholds)
    assert (found.task or "", found.target or "") == (wanted["task"], wanted["target"])
    if found.task is None:
        assert found.question.endswith("?")
    else:
        assert metric(found, None, thresholds)[0] in wanted["sort"]
