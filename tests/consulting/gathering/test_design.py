"""From a goal and a stored table to a design that a run is accepted with."""

from __future__ import annotations

import pytest

from workbench.advisors.experiment_designer.advisor import advise
from workbench.advisors.experiment_designer.evidence import DesignEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.design import gather
from workbench.errors import BadRequest
from workbench.settings import Settings
from workbench.workbench import connect

GOALS = {
    "loans": [
        "Who will default? Miss as few as possible",
        "predict the amount from income and age, typical error",
        "find unusual applications, about 2 %",
        "forecast income for the next 12 months",
    ],
    "iris": ["which species is it", "make 3 clusters", "predict petal width, ignore the species"],
    "wine": ["classify the wines, quickly", "find groups of similar wines"],
    "breast_cancer": ["detect malignant tumours, catch all", "probability of a malignant diagnosis, explainable"],
    "diabetes": ["predict progression", "how far will diabetes have gone, large errors hurt, in 10 minutes"],
    "airline": [
        "forecast the next 12 months",
        "passengers next year, in percent",
        "predict passengers in 30 years ahead",
    ],
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    opened = connect(Settings(home=tmp_path_factory.mktemp("designs"), database_url="", artifact_url=""))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def designs(desk):
    def designs(source, goal, **asked):
        evidence = gather(desk._store, source.id, goal, **asked)
        again = DesignEvidence.model_validate_json(evidence.model_dump_json())
        assert again == evidence
        return advise(again, Thresholds.default())

    return designs


def launches(desk, advice):
    """Hold a suggestion against all that stands before a run but its start."""
    found = desk.runs.check(**advice.suggested_config)
    desk.runs.estimate(**advice.suggested_config)
    return not found.blocking


@pytest.mark.parametrize(("sample", "goal"), [(name, goal) for name, goals in GOALS.items() for goal in goals])
def test_a_design_for_a_sample_is_accepted(desk, designs, sample, goal):
    advice = designs(desk.data.sample(sample), goal)
    assert advice.verdict.startswith("DESIGNED")
    assert launches(desk, advice)
    assert advice.finding("budget").evidence.claim.startswith("The run is ")


def test_columns_that_the_goal_leaves_out_and_those_that_name_rows_are_ignored(desk, designs):
    advice = designs(desk.data.sample("loans"), "who will default? do not use the region")
    assert set(advice.suggested_config["setup"]["ignore_features"]) == {"region", "application_id"}
    assert advice.risk_flags == ("identifier",)


def test_a_daily_table_with_other_columns_is_forecast_by_its_target_alone(desk, designs, tmp_path):
    lines = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d},{day % 7 * 3 + day},{day % 2},x" for day in range(28)]
    path = tmp_path / "days.csv"
    path.write_text("\n".join(["date,sold,promo,note", *lines]))
    advice = designs(desk.data.upload(path, "days"), "forecast what is sold in the next 3 days")
    assert advice.suggested_config["setup"] == {
        "fh": 3,
        "index": "date",
        "ignore_features": ["promo", "note"],
        "seasonal_period": 7,
    }
    assert launches(desk, advice)


def test_dates_with_a_gap_make_no_series(desk, designs, tmp_path):
    days = [day for day in range(1, 29) if day not in (11, 12)]
    path = tmp_path / "gap.csv"
    path.write_text("\n".join(["date,sold", *(f"2024-02-{day:02d},{day * 7 % 31}.5" for day in days)]))
    advice = designs(desk.data.upload(path, "gap"), "forecast what is sold in the next 3 days")
    assert "no series can be made of the rows" in advice.verdict
    assert "once by 3" in advice.finding("task").evidence.claim


def test_a_target_without_two_values_is_asked_about(desk, designs, tmp_path):
    path = tmp_path / "same.csv"
    path.write_text("a,y\n" + "\n".join(f"{row},yes" for row in range(40)))
    advice = designs(desk.data.upload(path, "same"), "who", target="y")
    assert advice.verdict == "UNCLEAR: The target 'y' of same is always the same: nothing to learn"
    assert advice.suggested_config is None


@pytest.mark.parametrize("asked", [{"target": "nope"}, {"minutes": -1}, {"minutes": "soon"}, {"minutes": True}])
def test_what_cannot_be_asked_is_refused(desk, asked):
    with pytest.raises(BadRequest):
        gather(desk._store, desk.data.sample("iris").id, "which species", **asked)


def test_a_goal_that_no_json_could_hold_is_read_all_the_same(desk, designs):
    advice = designs(desk.data.sample("iris"), "which species \ud800" + "!" * 100_000)
    assert advice.verdict.startswith("DESIGNED: classification of 'species'")
