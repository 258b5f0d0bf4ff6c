"""What a goal says besides: needs, horizons, budgets, columns to leave out; and goals that cannot be followed."""

from __future__ import annotations

import pytest

from tests.advisors.experiment_designer.tables import read
from workbench.advisors.experiment_designer.aim import aim
from workbench.advisors.experiment_designer.goal import understand
from workbench.advisors.experiment_designer.series import series_of, steps_of
from workbench.advisors.thresholds import Thresholds

TABLES = read("goals.toml")[0]


@pytest.fixture
def reads():
    def reads(goal, table="loans"):
        return understand(goal, TABLES[table], Thresholds.default())

    return reads


@pytest.fixture
def aims():
    def aims(goal, table="loans", asked=None):
        return aim(goal, TABLES[table], asked, Thresholds.default())

    return aims


@pytest.mark.parametrize(
    ("goal", "need"),
    [
        ("who will default? it must be explainable", "explainable"),
        ("who will default, quickly please", "quick"),
        ("predict default in real time", "fast_answers"),
    ],
)
def test_a_need_is_heard(reads, goal, need):
    assert list(reads(goal).needs) == [need]


def test_a_need_that_is_denied_is_none(reads):
    assert "quick" not in reads("predict default, no hurry").needs


@pytest.mark.parametrize(("goal", "minutes"), [("default within 5 minutes", 5), ("default in 2 hours", 120)])
def test_a_budget_is_told_in_minutes(reads, goal, minutes):
    assert reads(goal).minutes == pytest.approx(minutes, rel=1e-3)


def test_what_lies_ahead_is_no_budget(reads):
    assert reads("forecast the next 10 hours").minutes is None


@pytest.mark.parametrize(
    ("goal", "table", "steps"),
    [
        ("forecast the next 12 months", "airline", 12),
        ("forecast the next two years", "airline", 24),
        ("forecast the coming two weeks", "shop", 14),
        ("forecast tomorrow", "shop", 1),
        ("a quarter ahead", "airline", 3),
    ],
)
def test_a_horizon_becomes_steps_of_the_rows(reads, goal, table, steps):
    series = series_of(TABLES[table], None, Thresholds.default())
    told = reads(goal, table).horizon
    assert told is not None
    assert steps_of(told, series) == steps


def test_columns_to_leave_out_are_no_target(reads):
    told = reads("predict default, ignore the region and the purpose")
    assert (told.named[0].column, set(told.left_out)) == ("default", {"region", "purpose"})


def test_columns_to_learn_from_are_no_target(reads):
    for goal in ("predict amount from income and age", "from income and age predict the amount"):
        told = reads(goal)
        assert ([mention.column for mention in told.named], set(told.learned_from)) == (["amount"], {"income", "age"})


def test_a_wish_that_is_taken_back_in_its_part_of_the_sentence_is_none(reads):
    assert list(reads("a missed default costs us a lot, false alarms are fine").wishes) == ["catch_all"]


@pytest.mark.parametrize("goal", ["", "  ", "asdf qwer", "\x00🙂", "予測してください", "do not forecast anything"])
def test_a_goal_that_says_nothing_is_asked_about_with_the_likeliest_columns(aims, goal):
    found = aims(goal)
    assert found.task is None
    assert found.question.startswith("What is to be predicted: 'default'")


@pytest.mark.parametrize("goal", ["predict 'revenue'", "predict the monthly_turnover", "predict weather"])
def test_a_column_that_is_not_there_is_asked_about(aims, goal):
    found = aims(goal)
    assert found.task is None
    assert "no column of loans is like" in found.unclear


@pytest.mark.parametrize("goal", ["forecast the amount and cluster the applicants", "find outliers and clusters"])
def test_goals_that_contradict_themselves_are_asked_about(aims, goal):
    assert aims(goal).question.endswith("which of them comes first?")


def test_what_names_rows_is_no_target(aims):
    assert aims("predict application_id").unclear.startswith("'application_id' cannot be predicted")


def test_a_target_beside_the_goal_decides_and_the_other_is_told(aims):
    found = aims("who will default", asked="amount")
    assert (found.task, found.target) == ("regression", "amount")
    assert [choice.id for choice in found.choices if choice.doubt] == ["task", "target"]


def test_a_forecast_of_rows_without_dates_becomes_a_prediction_with_a_doubt(aims):
    found = aims("forecast income for the next 12 months")
    assert found.task == "regression"
    assert [choice.doubt for choice in found.choices if choice.doubt] == ["no series can be made of the rows"]


def test_a_goal_of_a_book_is_read_up_to_a_bound(reads):
    told = reads("who will default? " * 50_000)
    assert told.is_cut
    assert told.named[0].column == "default"
