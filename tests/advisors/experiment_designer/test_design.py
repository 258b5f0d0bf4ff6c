"""From a goal to a request: models, folds, splits, and what is doubtful."""

from __future__ import annotations

import pytest

from tests.advisors.experiment_designer.tables import read
from workbench.advisors.experiment_designer.advisor import advise
from workbench.advisors.experiment_designer.aim import aim
from workbench.advisors.experiment_designer.design import basis
from workbench.advisors.experiment_designer.evidence import DesignEvidence
from workbench.advisors.table import Found, Look, Refusal
from workbench.advisors.thresholds import Thresholds

TABLES = read("goals.toml")[0]
THRESHOLDS = Thresholds.default()


@pytest.fixture
def advised():
    def advised(goal, table="loans", *, found=(), refusal=None, changed=None, **more):
        shown = TABLES[table]
        columns = [each.model_copy(update=(changed or {}).get(each.name, {})) for each in shown.columns]
        shown = shown.model_copy(update={"columns": tuple(columns)})
        meant = aim(goal, shown, None, THRESHOLDS)
        request = basis(meant, THRESHOLDS) if meant.task else {}
        look = Look(request=request, findings=found, left=found, refusal=refusal) if meant.task else None
        evidence = DesignEvidence(table=shown, goal=goal, look=look, **more)
        return advise(DesignEvidence.model_validate_json(evidence.model_dump_json()), THRESHOLDS)

    return advised


@pytest.mark.parametrize(
    ("goal", "table", "baseline", "linear"),
    [
        ("who will default", "loans", "dummy", "lr"),
        ("predict charges", "insurance", "dummy", "lr"),
        ("predict charges, interpretable", "insurance", "dummy", "lr"),
        ("who makes a deposit, quickly", "bank", "dummy", "lr"),
        ("find fraud", "cards", "dummy", "lr"),
        ("forecast the next 12 months", "airline", "naive", "lr_cds_dt"),
    ],
)
def test_a_field_has_three_to_six_models_with_a_baseline_and_a_linear_one(advised, goal, table, baseline, linear):
    include = advised(goal, table).suggested_config["include"]
    assert 3 <= len(include) <= 6
    assert {baseline, linear} <= set(include)


def test_models_that_can_be_explained_are_taken_where_that_is_wished_for(advised):
    assert advised("who will default, explainable").suggested_config["include"] == ["dummy", "lr", "dt", "lda", "nb"]


def test_a_design_without_doubt_says_so_and_all_of_it_has_a_reason(advised):
    advice = advised("Who will default? Miss as few as possible")
    assert advice.verdict == "DESIGNED: classification of 'default', 6 models in 10 folds, ranked by Recall"
    assert {"task", "target", "metric", "models", "folds", "scale"} <= {finding.id for finding in advice.findings}
    assert all(finding.evidence.claim.endswith(".") for finding in advice.findings)


def test_every_threshold_that_is_cited_is_there(advised):
    for goal, table in (("who will default", "loans"), ("forecast passengers", "airline"), ("find fraud", "cards")):
        for finding in advised(goal, table).findings:
            assert set(finding.evidence.thresholds) <= set(THRESHOLDS)


def test_classes_far_from_even_are_ranked_by_mcc_with_their_shares(advised):
    advice = advised("who makes a deposit", "bank")
    assert advice.suggested_config["sort"] == "MCC"
    assert advice.finding("metric").evidence.measured["share"] == pytest.approx(0.883, abs=1e-3)


def test_probabilities_are_ranked_by_auc_and_told_to_be_calibrated(advised):
    advice = advised("predict the probability of default")
    assert advice.suggested_config["sort"] == "AUC"
    assert "no proper score" in advice.finding("metric").evidence.claim


def test_a_table_of_many_rows_has_fewer_folds_and_no_slow_models(advised):
    config = advised("find fraud", "cards").suggested_config
    assert config["folds"] == 3
    assert "gbc" not in config["include"]


def test_a_class_with_few_rows_has_no_more_folds_than_rows(advised):
    shown = TABLES["loans"]
    columns = tuple(c.model_copy(update={"rarest": 5}) if c.name == "default" else c for c in shown.columns)
    TABLES["rare"] = shown.model_copy(update={"columns": columns})
    advice = advised("who will default", "rare")
    assert advice.suggested_config["folds"] == 3
    assert advice.verdict == "DESIGNED WITH DOUBTS: the rarest class has 5 rows"


def test_a_series_without_a_horizon_is_forecast_a_season_ahead_with_a_doubt(advised):
    advice = advised("forecast passengers", "airline")
    assert advice.suggested_config["setup"] == {"fh": 12, "index": "month", "seasonal_period": 12}
    assert advice.verdict == "DESIGNED WITH DOUBTS: how far ahead is a guess"


def test_a_horizon_beyond_the_rows_is_cut_with_a_doubt(advised):
    advice = advised("forecast the next 20 years", "airline")
    assert advice.suggested_config["setup"]["fh"] == 36
    assert advice.tone == "warning"


@pytest.mark.parametrize(("goal", "count"), [("make 5 customer segments", 5), ("form three clusters", 3)])
def test_the_number_of_clusters_is_the_goals(advised, goal, count):
    assert advised(goal, "customers").suggested_config["options"] == {"num_clusters": count}


@pytest.mark.parametrize("goal", ["make 1 cluster", "make 100000 clusters", "99% of the rows are abnormal"])
def test_a_number_that_cannot_be_is_told_and_not_taken(advised, goal):
    advice = advised(goal, "customers")
    assert "options" not in advice.suggested_config
    assert "cannot be" in advice.verdict


def test_a_budget_stops_the_run_and_leaves_out_what_earlier_runs_found_slow(advised):
    costs = {"dummy": 0.01, "lr": 0.1, "rf": 1.0, "et": 1.0, "lightgbm": 1.0, "gbc": 90.0}
    config = advised("who will default", asked_minutes=8, seconds_each=costs).suggested_config
    assert config["run_timeout_s"] == 480
    assert config["include"] == ["dummy", "lr", "rf", "lightgbm", "et"]


def test_a_leak_that_is_left_out_is_a_doubt_and_a_risk(advised):
    leak = Found(code="leak.copy", severity="blocking", columns=("x",), message="'x' is the target.", is_mended=True)
    evidence_left = advised("who will default", found=(leak.model_copy(update={"label": "Leave out 'x'"}),))
    assert evidence_left.risk_flags == ("leak",)
    assert evidence_left.suggested_config is None
    assert "a leak ('x') is left out" in evidence_left.verdict


def test_what_would_be_refused_is_not_suggested(advised):
    refusal = Refusal(code="spec.target_constant", message="The target is always the same.", hint="Take another.")
    advice = advised("who will default", refusal=refusal)
    assert (advice.verdict, advice.suggested_config) == ("UNCLEAR: The target is always the same", None)


def test_a_goal_that_is_not_clear_asks_one_question(advised):
    advice = advised("")
    assert advice.verdict == "UNCLEAR: there is no goal"
    assert advice.suggested_config is None
    assert advice.suggested_action.count("What is to be predicted") == 1


def test_a_column_of_infinite_numbers_is_left_out_and_told(advised):
    advice = advised("who will default", changed={"income": {"infinite": 7}})
    assert advice.suggested_config["setup"]["ignore_features"] == ["income"]
    assert advice.verdict == "DESIGNED WITH DOUBTS: 'income' holds infinite numbers in 7 rows"


def test_a_target_that_no_model_computes_with_is_not_designed_for(advised):
    advice = advised("predict charges", "insurance", changed={"charges": {"maximum": 1e308}})
    assert advice.verdict.startswith("UNCLEAR: 'charges' holds numbers as great as")
    assert advice.suggested_config is None


def test_nothing_is_designed_where_all_features_are_constant(advised):
    same = {each.name: {"distinct": 1} for each in TABLES["loans"].columns if each.name != "default"}
    advice = advised("who will default", changed=same)
    assert advice.verdict == "UNCLEAR: no column of loans beside 'default' has anything to learn from"
