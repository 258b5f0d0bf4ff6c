"""What the drift analyst makes of what was measured."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.advisors.advice import Advice
from workbench.advisors.drift_analyst.advisor import FINDINGS_MOST, advise
from workbench.advisors.drift_analyst.evidence import Cell, DriftEvidence, Fresh, Sample, Score, Shift
from workbench.advisors.thresholds import Thresholds

CONFIG = {"data": "s2", "target": "buys", "plan": "create", "include": ["lr"]}


def shift(name: str = "income", psi: float = 0.02, p: float = 1.0, **more: Any) -> Shift:
    told = {"form": "number", "reference_rows": 2_000, "live_rows": 500, "chance": 0.0, "test": "Kolmogorov–Smirnov"}
    told |= {"typical_reference": 38_000.0, "typical_live": 51_000.0}
    return Shift(**({"name": name, "psi": psi, "p": p, "p_corrected": p} | told | more))


def evidence(*shifts: Shift, rows: int = 500, **more: Any) -> DriftEvidence:
    told: dict[str, Any] = {
        "deployment": "shop",
        "pipeline": "shop-lr",
        "task": "classification",
        "target": "buys",
        "reference": Sample(rows=2_000, total=2_000, about="all rows of shop that it was fitted on"),
        "live": Sample(rows=rows, total=rows, about=f"{rows} rows that it answered"),
        "tests": 2 * max(1, len(shifts)),
        "correction": "Holm",
        "shifts": shifts or (shift(),),
    }
    return DriftEvidence(**(told | more))


def judge(*shifts: Shift, rows: int = 500, **more: Any) -> Advice:
    return advise(evidence(*shifts, rows=rows, **more), Thresholds.default())


@pytest.mark.parametrize(
    ("psi", "p", "verdict"),
    [
        (0.40, 0.049, "RETRAIN NOW"),
        (0.39, 0.001, "INVESTIGATE"),
        (0.25, 0.001, "INVESTIGATE"),
        (0.24, 0.001, "MONITOR"),
        (0.10, 0.001, "MONITOR"),
        (0.09, 0.001, "NO ACTION"),
        (0.90, 0.050, "NO ACTION"),
    ],
)
def test_a_column_drifts_where_its_index_and_a_corrected_test_agree(psi, p, verdict):
    advice = judge(shift(psi=psi, p=p))
    assert advice.verdict == verdict
    assert ("drift_inputs" in advice.risk_flags) == (verdict != "NO ACTION")


def test_the_index_counts_only_beyond_what_chance_adds_to_it():
    assert judge(shift(psi=0.5, chance=0.45, p=0.001)).verdict == "NO ACTION"


def test_a_claim_tells_index_test_and_what_moved_from_where_to_where():
    found = judge(shift(psi=0.52, p=1e-9, statistic=0.31)).finding("moved:income")
    assert found.severity == "blocking"
    assert found.evidence.claim == (
        "income moved: PSI 0.52, median 38,000 → 51,000. Kolmogorov–Smirnov test: statistic 0.31, p < 0.001, by Holm's "
        "correction for 2 tests; 2,000 rows against 500."
    )
    assert found.evidence.columns == ("income",)
    assert "drift.psi_retrain" in found.evidence.thresholds


def test_a_category_that_moved_is_told_by_the_value_that_did_most_and_drawn_beside_what_was_learned():
    cells = (Cell(label="Oslo", reference=0.3, live=0.55), Cell(label="Rome", reference=0.7, live=0.45))
    found = judge(shift("city", 0.3, 1e-5, form="category", cells=cells)).finding("moved:city")
    assert "'Oslo' 30 % → 55 %" in found.evidence.claim
    plot = found.evidence.plot
    assert plot.kind == "columns"
    assert [(series.name, list(series.x), list(series.y)) for series in plot.series] == [
        ("learned from", ["Oslo", "Rome"], [0.3, 0.7]),
        ("live", ["Oslo", "Rome"], [0.55, 0.45]),
    ]


@pytest.mark.parametrize(
    ("of", "flag"), [("prediction", "drift_predictions"), ("score", "drift_predictions"), ("target", "drift_target")]
)
def test_predictions_scores_and_targets_that_moved_are_flagged_as_such(of, flag):
    advice = judge(shift("it", 0.3, 0.001, of=of))
    assert (advice.verdict, advice.risk_flags) == ("INVESTIGATE", (flag,))
    assert advice.finding(f"moved_{of}") is not None


def test_that_dates_go_on_is_told_and_bears_on_no_verdict():
    told = {"form": "date", "typical_reference": "2024-01-01", "typical_live": "2024-06-01", "outside": 1.0}
    advice = judge(shift("day", 5.0, 1e-9, **told))
    assert (advice.verdict, advice.risk_flags) == ("NO ACTION", ())
    assert advice.finding("dates:day").severity == "note"


def test_with_too_few_rows_that_nothing_was_found_is_no_all_clear():
    advice = judge(rows=60)
    assert (advice.verdict, advice.risk_flags) == ("MONITOR", ("too_few_rows",))
    needed = advice.finding("too_few_rows").evidence.measured["needed"]
    assert 60 < needed < 500
    assert judge(rows=needed).verdict == "NO ACTION"
    assert f"{needed:,}" in advice.suggested_action


def test_the_more_tests_there_are_the_more_rows_are_needed():
    few, many = (
        judge(rows=40, tests=tests).finding("too_few_rows").evidence.measured["needed"] for tests in (4, 4_000)
    )
    assert few < many < 10 * few


def test_a_drift_in_very_few_rows_is_to_be_looked_into_not_learned():
    advice = judge(shift(psi=3.0, p=1e-6), rows=25, retraining=CONFIG, newest="shop (version 2)")
    assert (advice.verdict, advice.suggested_config) == ("INVESTIGATE", None)
    assert advice.risk_flags == ("drift_inputs", "too_few_rows")


def test_a_rise_of_missing_values_calls_for_a_look_and_a_fall_does_not():
    gaps = {"missing_p": 1e-9, "missing_p_corrected": 1e-8}
    risen = judge(shift(missing_reference=0.0, missing_live=0.3, **gaps))
    assert (risen.verdict, risen.risk_flags) == ("INVESTIGATE", ("drift_inputs",))
    assert "0 % of the rows learned from, 30 % of the live ones" in risen.finding("missing:income").evidence.claim
    assert judge(shift(missing_reference=0.3, missing_live=0.1, **gaps)).verdict == "MONITOR"
    assert judge(shift(missing_reference=0.0, missing_live=0.04, **gaps)).verdict == "NO ACTION"


def test_many_values_of_another_type_call_for_a_look():
    assert judge(shift(unfit=100)).verdict == "INVESTIGATE"
    single = judge(shift(unfit=1))
    assert single.verdict == "NO ACTION"
    assert single.finding("type:income").severity == "note"


def test_values_that_are_new_are_named():
    fresh = (Fresh(value="Paris", rows=9), Fresh(value="Lima", rows=1))
    found = judge(shift("city", form="category", fresh=fresh, fresh_rows=10)).finding("new_values:city")
    assert "in 10 live rows (2 %): Paris (9), Lima (1)." in found.evidence.claim
    assert found.severity == "note"


def score(measured: float, low: float, high: float, **more: Any) -> Score:
    told = {"metric": "Accuracy", "greater_is_better": True, "rows": 300, "expected": 0.9}
    told |= {"expected_low": 0.85, "expected_high": 0.95, "measured": measured, "low": low, "high": high}
    return Score(**(told | more))


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (score(0.70, 0.65, 0.75), "RETRAIN NOW"),
        (score(0.83, 0.82, 0.84), "INVESTIGATE"),
        (score(0.80, 0.70, 0.86), "NO ACTION"),
        (score(0.95, 0.93, 0.97), "NO ACTION"),
        (score(0.80, 0.78, 0.82, expected_low=0.5, known=0.9, known_low=0.88, known_high=0.92), "RETRAIN NOW"),
        (
            score(9.0, 8.0, 9.9, greater_is_better=False, expected=5.0, expected_low=4.0, expected_high=6.0),
            "RETRAIN NOW",
        ),
    ],
)
def test_a_score_counts_where_its_interval_lies_apart_from_what_was_known(told, verdict):
    advice = judge(score=told)
    assert advice.verdict == verdict
    assert "Accuracy on the 300 rows with a known buys is" in advice.finding("score").evidence.claim


def test_a_retraining_is_proposed_where_the_table_has_a_newer_version_and_only_then():
    moved = shift(psi=0.6, p=1e-9)
    advice = judge(moved, retraining=CONFIG, newest="shop (version 2)")
    assert advice.suggested_config == CONFIG
    assert "shop (version 2)" in advice.suggested_action
    assert judge(moved).suggested_config is None
    assert "next version" in judge(moved).suggested_action
    assert judge(shift(psi=0.3, p=1e-9), retraining=CONFIG, newest="shop (version 2)").suggested_config is None


def test_that_rows_of_one_request_hang_together_is_told():
    assert judge(requests=50).finding("bursts") is not None
    assert judge(requests=400).finding("bursts") is None
    assert judge().finding("bursts") is None


def test_what_could_not_be_looked_at_is_told():
    advice = judge(notes=("The pipeline could not be loaded.",))
    assert advice.finding("note:1").evidence.claim == "The pipeline could not be loaded."


def test_of_thousands_of_columns_all_are_told_once_and_the_worst_one_by_one():
    shifts = [shift(f"c{at}", 0.5 + at / 1_000, 1e-9) for at in range(2_000)]
    advice = judge(*shifts)
    told = [finding.id for finding in advice.findings if finding.id.startswith("moved:")]
    assert len(told) == FINDINGS_MOST
    assert told[0] == "moved:c1999"
    assert len(advice.finding("measured").evidence.measured["rows"]) == 2_000
    assert len(advice.model_dump_json()) < 500_000
    assert len({finding.id for finding in advice.findings}) == len(advice.findings)


def test_evidence_and_advice_survive_json():
    shown = evidence(shift(psi=0.6, p=1e-9), score=score(0.7, 0.6, 0.8), retraining=CONFIG, newest="shop (version 2)")
    assert DriftEvidence.model_validate_json(shown.model_dump_json()) == shown
    advice = advise(shown, Thresholds.default())
    assert Advice.model_validate_json(advice.model_dump_json()).verdict == advice.verdict
