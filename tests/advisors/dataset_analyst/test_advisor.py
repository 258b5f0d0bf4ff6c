"""The analyst's rules by themselves: what it says of evidence, and by which thresholds."""

from __future__ import annotations

import pytest

from workbench.advisors.candidates import candidates
from workbench.advisors.dataset_analyst.advisor import advise
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.table import Associated, Column, Look, Table, Target
from workbench.advisors.thresholds import Thresholds

THRESHOLDS = Thresholds.default()


@pytest.fixture
def table():
    def table(*columns, rows=1000, **known):
        return Table(source_id="t", name="t", rows=rows, columns=columns, **known)

    return table


@pytest.fixture
def advised(table):
    """Advise on a number that is to be predicted, and one feature; the arguments change the feature."""

    def advised(thresholds=THRESHOLDS, *, unseen=(), **feature):
        own = Column(name="y", kind="number", distinct=900, skew=0.1, far_share=0.0, suits="regression")
        other = Column(name="x", **{"kind": "number", "distinct": 500, "minimum": 0.0, "maximum": 1.0} | feature)
        evidence = DatasetEvidence(
            table=table(other, own, unseen=unseen),
            target_name="y",
            chosen="asked",
            task="regression",
            target=Target(name="y", features=(Associated(name="x", strength=0.4, measure="Spearman's ρ"),)),
            look=Look(request={"task": "regression", "plan": "compare", "target": "y"}),
        )
        return advise(evidence, thresholds)

    return advised


def test_what_is_even_and_whole_is_ready_with_reasons(advised):
    advice = advised()
    assert advice.verdict == "READY"
    assert {finding.id for finding in advice.findings} == {"target.spread", "target.features", "columns.missing"}
    assert advice.suggested_config == {"data": "t", "task": "regression", "plan": "compare", "target": "y"}


@pytest.mark.parametrize(("missing", "severity"), [(0, "good"), (20, "note"), (100, "note"), (600, "warning")])
def test_gaps_are_as_grave_as_they_are_many(advised, missing, severity):
    assert advised(missing=missing).finding("columns.missing").severity == severity


def test_a_threshold_of_a_home_decides(advised, tmp_path):
    path = tmp_path / "thresholds.toml"
    path.write_text("[analyst]\nmissing_many = 0.05\n")
    assert advised(missing=100).verdict == "READY"
    assert advised(Thresholds.load(path), missing=100).verdict == "READY WITH MENDS: gaps in 'x'"


def test_skewed_features_are_transformed_where_they_are_most(advised):
    assert advised(skew=5.0).suggested_config["setup"] == {"transformation": True}


def test_texts_that_are_numbers_are_to_be_read_again(advised):
    advice = advised(kind="text", like_numbers=0.97)
    assert advice.verdict == "READY WITH MENDS: numbers that are read as text"


def test_what_could_not_be_looked_at_is_told(advised):
    advice = advised(unseen=("The profile of t was not complete after 60 s.",))
    assert advice.finding("unseen:0").severity == "note"
    assert "Not all of it could be looked at." in advice.reasoning_summary


@pytest.mark.parametrize(
    ("names", "likeliest"),
    [
        (("age", "churned", "region_code"), "churned"),
        (("PriceCH", "Purchase", "PriceMM"), "Purchase"),
        (("target", "age", "income"), "target"),
        (("age", "income", "wish"), "wish"),
    ],
)
def test_the_likeliest_target_is_named_as_targets_are_or_is_the_last(table, names, likeliest):
    found = candidates(table(*(Column(name=name, kind="number", distinct=30) for name in names)), THRESHOLDS)
    assert found[0].name == likeliest


def test_neither_dates_nor_constants_nor_names_of_rows_can_be_targets(table):
    columns = (
        Column(name="day", kind="date", distinct=900),
        Column(name="same", kind="text", distinct=1),
        Column(name="name", kind="text", distinct=1000, is_unique=True),
        Column(name="row_id", kind="number", distinct=1000, is_unique=True, is_integral=True, names_rows=True),
    )
    assert candidates(table(*columns), THRESHOLDS) == ()


@pytest.fixture
def analysed(table):
    """Advise on 'y' and two features, of which the set-up leaves 'x' out where `leaves_out`."""

    def analysed(own=None, *, leaves_out=False, rows=1000, strength=0.4, **feature):
        target = Column(name="y", kind="number", distinct=900, skew=0.1, far_share=0.0, suits="regression")
        first = Column(name="x", **{"kind": "number", "distinct": 500, "minimum": 0.0, "maximum": 1.0} | feature)
        second = Column(name="z", kind="number", distinct=500, minimum=0.0, maximum=1.0)
        request = {"task": "regression", "plan": "compare", "target": "y"}
        evidence = DatasetEvidence(
            table=table(first, second, target.model_copy(update=own or {}), rows=rows),
            target_name="y",
            chosen="asked",
            task="regression",
            target=Target(name="y", features=(Associated(name="x", strength=strength, measure="Spearman's ρ"),)),
            look=Look(request=request | ({"setup": {"ignore_features": ["x"]}} if leaves_out else {})),
        )
        return advise(evidence, THRESHOLDS)

    return analysed


@pytest.mark.parametrize("wrong", [{"infinite": 3}, {"minimum": -1e308, "maximum": 1e308}])
def test_numbers_that_no_model_computes_with_are_left_out_or_stop_all(analysed, wrong):
    mended = analysed(leaves_out=True, **wrong)
    assert mended.verdict == "READY WITH MENDS: numbers beyond bounds in 'x'"
    assert mended.suggested_config["setup"]["ignore_features"] == ["x"]
    assert mended.finding("column.unusable:x").severity == "warning"
    assert analysed(**wrong).verdict.startswith("NOT READY: 'x' holds")
    of_target = analysed(wrong)
    assert of_target.verdict.startswith("NOT READY: 'y' holds")
    assert of_target.suggested_config is None


def test_no_claim_tells_of_an_infinite_span(analysed):
    advice = analysed(minimum=-1e308, maximum=1e308)
    assert not [finding for finding in advice.findings if " inf" in finding.evidence.claim]


def test_without_a_feature_that_differs_nothing_is_ready(advised):
    assert advised(distinct=1).verdict == "NOT READY: no column of t beside 'y' has anything to learn from"


def test_few_rows_tell_nothing_of_what_goes_with_the_target(analysed):
    assert analysed(strength=0.0).finding("target.unrelated").severity == "warning"
    few = analysed(strength=0.0, rows=12).finding("target.unrelated")
    assert few.severity == "note"
    assert "cannot be told of 12 rows" in few.evidence.claim
