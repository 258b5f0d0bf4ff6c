"""From a stored table to what the analyst says of it: seeded faults, and the same table without them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.advisors.dataset_analyst.advisor import advise
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.dataset import gather
from workbench.errors import BadRequest
from workbench.settings import Settings
from workbench.workbench import connect


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    opened = connect(Settings(home=tmp_path_factory.mktemp("analyses"), database_url="", artifact_url=""))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def analysed(desk):
    def analysed(source, **asked):
        evidence = gather(desk._store, source.id, **asked)
        again = DatasetEvidence.model_validate_json(evidence.model_dump_json())
        assert again == evidence
        advice = advise(again, Thresholds.default())
        if advice.suggested_config is not None:
            assert not desk.runs.check(**advice.suggested_config).blocking
        cited = {name for finding in advice.findings for name in finding.evidence.thresholds}
        assert cited <= set(Thresholds.default())
        return advice

    return analysed


@pytest.fixture
def analyse(desk, analysed):
    def analyse(frame, **asked):
        return analysed(desk.data.add(frame, f"table {len(desk.data.lines())}"), **asked)

    return analyse


@pytest.fixture
def random():
    return np.random.default_rng(5)


@pytest.fixture
def clean(random):
    """A table without a fault; ``outcome`` is yes or no, or a number."""

    def clean(rows=600, *, number=False):
        frame = pd.DataFrame(
            {
                "width": random.normal(10, 2, rows).round(3),
                "height": random.normal(5, 1, rows).round(3),
                "colour": random.choice(["red", "green", "blue"], rows),
                "age": random.integers(18, 80, rows),
            }
        )
        wish = frame["width"] / 2 + frame["height"] + random.normal(0, 2, rows)
        return frame.assign(outcome=wish.round(2) if number else np.where(wish > 10, "yes", "no"))

    return clean


@pytest.mark.parametrize("number", [False, True])
def test_a_table_without_a_fault_is_ready(analyse, clean, number):
    advice = analyse(clean(number=number))
    assert (advice.verdict, advice.risk_flags) == ("READY", ())
    assert advice.suggested_config["target"] == "outcome"


@pytest.mark.parametrize("sample", ["loans", "iris", "wine", "breast_cancer", "diabetes", "airline"])
def test_a_sample_is_ready_for_its_own_target(desk, analysed, sample):
    known = next(each for each in desk.data.samples() if each.name == sample)
    advice = analysed(desk.data.sample(sample))
    assert advice.verdict.startswith("READY")
    config = advice.suggested_config
    assert (config["target"], config["task"]) == (known.target, known.task)


def test_a_leak_is_left_out_and_flagged_with_what_goes_with_the_target(analyse, clean):
    frame = clean(number=True)
    advice = analyse(frame.assign(total=frame["outcome"] * 3 + 2))
    assert advice.verdict == "READY WITH MENDS: a leak ('total')"
    assert advice.risk_flags == ("leak",)
    assert advice.suggested_config["setup"]["ignore_features"] == ["total"]
    assert advice.findings[0].evidence.plot.kind == "bars"


def test_all_mends_are_in_one_request(analyse, clean):
    frame = clean()
    faults = {
        "customer_id": [f"C{row}" for row in range(len(frame))],
        "copy": np.where(frame["outcome"] == "yes", 1, 0),
    }
    advice = analyse(frame.assign(**faults))
    assert set(advice.suggested_config["setup"]["ignore_features"]) == {"customer_id", "copy"}
    assert advice.risk_flags == ("leak", "identifier")


def test_imbalance_is_ranked_by_mcc(analyse, clean):
    frame = clean(2000)
    advice = analyse(pd.concat([frame[frame["outcome"] == "no"], frame[frame["outcome"] == "yes"].head(40)]))
    assert advice.risk_flags == ("imbalance",)
    assert advice.suggested_config["sort"] == "MCC"


@pytest.mark.parametrize(("rows", "verdict"), [(60, "READY WITH MENDS: "), (20, "NOT READY: 20 rows are too few")])
def test_few_rows_are_told(analyse, clean, rows, verdict):
    advice = analyse(clean(rows))
    assert advice.verdict.startswith(verdict)
    assert "small_sample" in advice.risk_flags
    assert (advice.suggested_config is None) == verdict.startswith("NOT")


def test_rows_that_are_there_again_are_flagged(analyse, clean):
    frame = clean()
    assert analyse(pd.concat([frame, frame.head(200)])).risk_flags == ("duplicate_rows",)


def test_more_columns_than_rows_are_flagged(analyse, clean, random):
    noise = pd.DataFrame(random.normal(size=(60, 70)), columns=[f"x{place}" for place in range(70)])
    advice = analyse(pd.concat([clean(60), noise], axis=1), target="outcome")
    assert advice.risk_flags == ("small_sample", "wide_table")


def test_a_skewed_target_is_fitted_transformed(analyse, clean):
    frame = clean(number=True)
    advice = analyse(frame.assign(outcome=np.exp(frame["outcome"] / 2).round(2)))
    assert advice.verdict == "READY WITH MENDS: a skewed target"
    assert advice.suggested_config["setup"]["transform_target"] is True
    assert advice.finding("target.skewed").evidence.plot.kind == "columns"


def test_a_column_of_gaps_is_left_out(analyse, clean, random):
    frame = clean()
    advice = analyse(frame.assign(age=frame["age"].mask(random.random(600) < 0.97)))
    assert advice.suggested_config["setup"]["ignore_features"] == ["age"]
    plot = advice.finding("columns.missing").evidence.plot
    assert list(plot.series[0].y) == ["age"]


def test_rows_that_belong_together_stay_in_one_fold_and_their_column_stays(analyse, clean, random):
    habit = np.repeat(random.normal(0, 6, 60), 10)
    frame = clean(number=True).assign(patient_id=np.repeat(np.arange(60) * 7919 + 13, 10))
    advice = analyse(frame.assign(outcome=(frame["outcome"] + habit).round(2)))
    setup = advice.suggested_config["setup"]
    assert (setup["fold_strategy"], setup["fold_groups"]) == ("groupkfold", "patient_id")
    assert "patient_id" not in setup.get("ignore_features", [])


def test_without_a_target_the_columns_that_could_be_one_are_named(analyse, random):
    dates = pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"note": [f"n{row}" for row in range(80)], "size": random.normal(size=80), "day": dates})
    advice = analyse(frame)
    assert advice.verdict == "NOT READY: no target is chosen"
    assert "'size'" in advice.suggested_action
    assert advice.suggested_config is None


def test_a_constant_target_is_not_ready(analyse, clean):
    advice = analyse(clean().assign(outcome="yes"), target="outcome")
    assert advice.verdict.startswith("NOT READY: The target 'outcome'")
    assert advice.risk_flags == ()


def test_a_task_without_a_target_needs_none(analyse, clean):
    advice = analyse(clean(), task="clustering")
    assert advice.verdict == "READY"
    assert "target" not in advice.suggested_config


def test_what_changed_since_the_version_before_is_told_with_its_index(desk, analysed, clean):
    first = desk.data.add(clean(), "versions")
    frame = clean()
    second = desk.data.add(frame.assign(width=frame["width"] + 4).drop(columns="age"), follows=first)
    advice = analysed(second)
    drift = advice.finding("version.drift")
    assert (drift.severity, drift.evidence.columns[0]) == ("warning", "width")
    assert advice.finding("version.columns").evidence.measured["removed"] == ["age"]


@pytest.mark.parametrize("asked", [{"target": "nope"}, {"task": "cooking"}])
def test_what_cannot_be_asked_is_refused(desk, asked):
    with pytest.raises(BadRequest):
        gather(desk._store, desk.data.sample("iris").id, **asked)


def test_a_column_of_infinite_numbers_is_counted_and_left_out(analyse, clean, random):
    advice = analyse(clean().assign(ratio=random.choice([1.5, np.inf, -np.inf], 600)), target="outcome")
    told = advice.finding("column.unusable:ratio")
    assert told.severity == "warning"
    assert told.evidence.measured["infinite"] > 300
    assert "ratio" in advice.suggested_config["setup"]["ignore_features"]


def test_an_infinite_feature_alone_makes_no_table_ready(analyse, random):
    frame = pd.DataFrame({"ratio": random.choice([1.5, np.inf], 400), "outcome": random.integers(0, 2, 400)})
    advice = analyse(frame, target="outcome")
    assert advice.verdict.startswith("NOT READY: 'ratio' holds infinite numbers in")
    assert advice.finding("column.unusable:ratio").severity == "blocking"
