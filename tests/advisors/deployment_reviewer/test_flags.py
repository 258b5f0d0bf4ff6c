"""Each fault raises its flag and its verdict; the clean pipeline raises none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.advisors.deployment_reviewer.made import (
    EXAMINATION,
    REGRESSOR,
    RIVALS,
    SERVED,
    examined,
    found,
    live,
    measured,
    prepared,
    reviewed,
    segment,
)
from workbench.advisors.advice import Advice
from workbench.advisors.deployment_reviewer.evidence import Artifact, Version
from workbench.advisors.examination import Confusion, Importance, Interval, Note, Residuals, SegmentScore

CALIBRATION = EXAMINATION.calibration
assert CALIBRATION is not None
BLOCKS, CAVEAT, FINE = "DO NOT DEPLOY: ", "APPROVE WITH CAVEATS: ", "APPROVE"
RESIDUALS = Residuals(bias=0.0, bias_interval=None, quantiles={}, spread=50.0, bins=())
SKEWED = {"no": 660, "yes": 40}

FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a copy of the target": ("leak", BLOCKS, {"look": found("leak.copy", "blocking", "income", is_mended=True)}),
    "a column that alone predicts it": ("leak", CAVEAT, {"look": found("leak.score", "warning", "income")}),
    "a score without an error": (
        "leak",
        CAVEAT,
        {"reviewed": reviewed(metrics={"Accuracy": measured(0.998), "MCC": measured(0.995)})},
    ),
    "one column that carries everything": (
        "leak",
        CAVEAT,
        {
            "reviewed": reviewed(metrics={"Accuracy": measured(0.93), "MCC": measured(0.86)}),
            "examination": examined(
                held_out={"Accuracy": 0.93, "MCC": 0.86},
                held_out_interval=Interval(low=0.9, high=0.96),
                importances=tuple(
                    Importance(column=name, drop=0.4 if name == "income" else 0.005, std=0.0)
                    for name in ("age", "income", "city", "visits")
                ),
            ),
        },
    ),
    "an identifier": ("identifier", CAVEAT, {"look": found("column.identifier", "warning", "id")}),
    "an identifier that it leans on": (
        "identifier",
        BLOCKS,
        {"look": found("column.identifier", "warning", "age")},
    ),
    "rows held out that do not bear it out": (
        "overfit",
        CAVEAT,
        {
            "examination": examined(
                held_out={"Accuracy": 0.70, "MCC": 0.4},
                held_out_interval=Interval(low=0.66, high=0.74),
                learned={"Accuracy": 0.8, "MCC": 0.6},
            )
        },
    ),
    "skill that is gone for nothing": (
        "overfit",
        CAVEAT,
        {
            "reviewed": reviewed(model="dt", kinds=("dt",)),
            "rivals": (),
            "examination": examined(held_out={"Accuracy": 0.81, "MCC": 0.45}),
        },
    ),
    "a rival within noise": (
        "tiny_margin",
        FINE,
        {"rivals": (RIVALS[0].model_copy(update={"is_separable": False, "kinds": ("et",)}), RIVALS[1])},
    ),
    "a simpler rival within noise": (
        "tiny_margin",
        CAVEAT,
        {"rivals": (RIVALS[0].model_copy(update={"is_separable": False}), RIVALS[1])},
    ),
    "the baseline itself": ("no_better_than_baseline", BLOCKS, {"reviewed": reviewed(kinds=("dummy",))}),
    "no better than chance": (
        "no_better_than_baseline",
        BLOCKS,
        {
            "reviewed": reviewed(
                metrics={"Accuracy": measured(0.58), "AUC": measured(0.51), "MCC": measured(0.02, 0.05)}
            ),
            "rivals": (),
            "examination": None,
        },
    ),
    "few rows": ("small_sample", CAVEAT, {"reviewed": reviewed(rows_learned=60, classes={"no": 35, "yes": 25})}),
    "few rows of a class": ("small_sample", CAVEAT, {"reviewed": reviewed(classes={"no": 680, "yes": 20}, sort="AUC")}),
    "few rows a column": (
        "small_sample",
        CAVEAT,
        {"reviewed": reviewed(columns=tuple(f"x{place}" for place in range(100)))},
    ),
    "a rare class that is missed": (
        "imbalance",
        CAVEAT,
        {
            "reviewed": reviewed(classes=SKEWED, sort="MCC"),
            "examination": examined(confusion=Confusion(labels=("no", "yes"), matrix=((283, 0), (14, 3)))),
        },
    ),
    "Accuracy on uneven classes": ("metric_mismatch", CAVEAT, {"reviewed": reviewed(classes={"no": 600, "yes": 100})}),
    "a goal of another metric": ("metric_mismatch", CAVEAT, {"goal": "Catch as many defaults as possible"}),
    "probabilities that are off": (
        "miscalibrated",
        CAVEAT,
        {
            "goal": "We price by the probability of default",
            "examination": examined(calibration=CALIBRATION.model_copy(update={"error": 0.09, "p": 0.001})),
        },
    ),
    "a segment that it is worse on": (
        "weak_segment",
        CAVEAT,
        {"examination": examined(segments=(segment("city", "Oslo", score=0.6, elsewhere=0.85, p_corrected=0.001),))},
    ),
    "groups that are selected unequally": (
        "fairness_gap",
        CAVEAT,
        {
            "segment": "city",
            "examination": examined(
                segments=(
                    segment("city", "Oslo", predicted=0.2, observed=0.35),
                    segment("city", "Rome", predicted=0.5, observed=0.4),
                )
            ),
        },
    ),
    "a group that is served worse": (
        "fairness_gap",
        CAVEAT,
        {
            "segment": "city",
            "examination": examined(
                segments=(
                    segment("city", "Oslo", score=0.6, elsewhere=0.85, p_corrected=0.001),
                    segment("city", "Rome"),
                )
            ),
        },
    ),
    "live rows with gaps that get no answer": (
        "missing_imputer",
        BLOCKS,
        {
            "examination": prepared("age", answers_gap=False, filled_by=""),
            "served": SERVED.model_copy(update={"columns": (live("age", missing=0.1),)}),
        },
    ),
    "gaps in the table that are dropped": (
        "missing_imputer",
        CAVEAT,
        {"examination": prepared("age", drops_gaps=True, missing_learned=0.05)},
    ),
    "live values that were never learned": (
        "missing_encoder",
        CAVEAT,
        {"served": SERVED.model_copy(update={"columns": (live("city", unknown=0.3, unknown_values=("Kiel",)),)})},
    ),
    "dates taken for categories": ("missing_encoder", CAVEAT, {"look": found("column.dates", "warning", "joined")}),
    "another minor version": (
        "version_skew",
        CAVEAT,
        {"versions": (Version(library="scikit-learn", made="1.3.2", now="1.4.2"),)},
    ),
    "another major version": (
        "version_skew",
        BLOCKS,
        {"versions": (Version(library="numpy", made="1.26.4", now="2.1.0"),)},
    ),
    "bytes that are not what was stored": (
        "unverified_artifact",
        BLOCKS,
        {"artifact": Artifact(size_bytes=9, verifies=False, problem="Its SHA-256 is another."), "examination": None},
    ),
    "a large pickle": ("large", CAVEAT, {"artifact": Artifact(size_bytes=2 * 1024**3, verifies=True)}),
    "slow answers": ("slow", CAVEAT, {"served": SERVED.model_copy(update={"p95_ms": 800.0})}),
    "nobody who watches": ("drift_unmonitored", CAVEAT, {"served": SERVED.model_copy(update={"days_served": 30.0})}),
    "a field that failed": (
        "failed_models",
        CAVEAT,
        {"rivals": tuple(rival.model_copy(update={"status": "failed", "reason": "no"}) for rival in RIVALS)},
    ),
    "numbers that are predicted otherwise": (
        "fairness_gap",
        CAVEAT,
        {
            "segment": "city",
            "reviewed": REGRESSOR,
            "rivals": (),
            "examination": examined(
                task="regression",
                metric="R2",
                held_out={"R2": 0.68},
                learned={"R2": 0.7},
                held_out_interval=Interval(low=0.6, high=0.75),
                calibration=None,
                confusion=None,
                residuals=RESIDUALS,
                segment_metric="MAE",
                segment_greater_is_better=False,
                segments=(
                    segment("city", "Oslo", predicted=0.0, rows=150, score=1.0, elsewhere=1.0),
                    segment("city", "Rome", predicted=99.8, rows=150, score=1.0, elsewhere=1.0),
                ),
            ),
        },
    ),
    "rows that are copies": (
        "duplicate_rows",
        BLOCKS,
        {"look": found("rows.duplicate", "warning", measured={"copied": True, "across_folds": 0.9})},
    ),
    "a few rows that are copies": (
        "duplicate_rows",
        CAVEAT,
        {"look": found("rows.duplicate", "warning", measured={"copied": True, "across_folds": 0.2})},
    ),
    "repeated rows": ("duplicate_rows", CAVEAT, {"look": found("rows.duplicate", "warning")}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_its_flag_and_its_verdict(fault: str, review: Callable[..., Advice]) -> None:
    flag, verdict, changed = FAULTS[fault]
    advice = review(**changed)
    assert flag in advice.risk_flags
    assert advice.verdict.startswith(verdict)
    assert (advice.verdict == FINE) == (verdict == FINE)


def test_a_clean_pipeline_is_approved_without_a_flag(review: Callable[..., Advice]) -> None:
    advice = review(served=SERVED)
    assert (advice.verdict, advice.risk_flags) == ("APPROVE", ())
    assert {finding.severity for finding in advice.findings} == {"good"}


def test_a_regressor_whose_error_is_below_the_spread_of_its_target_is_approved(review: Callable[..., Advice]) -> None:
    examination = examined(
        task="regression",
        metric="R2",
        held_out={"R2": 0.69, "RMSE": 56.0},
        learned={"R2": 0.95, "RMSE": 20.0},
        held_out_interval=Interval(low=0.6, high=0.75),
        calibration=None,
        confusion=None,
    )
    assert review(reviewed=REGRESSOR, examination=examination, rivals=()).verdict == "APPROVE"


def test_a_forest_that_is_perfect_on_what_it_learned_is_no_suspect(review: Callable[..., Advice]) -> None:
    """Of its skill half is gone on new rows; simpler models are worse, so that it pays."""
    advice = review(examination=examined(held_out={"Accuracy": 0.81, "MCC": 0.45}))
    assert "overfit" not in advice.risk_flags
    assert advice.finding("fit.gap") is not None


def test_weak_folds_are_no_chance_where_rows_held_out_show_more(review: Callable[..., Advice]) -> None:
    wide = reviewed(metrics={"Accuracy": measured(0.7, 0.2), "AUC": measured(0.7, 0.3), "MCC": measured(0.4, 0.6)})
    assert "no_better_than_baseline" not in review(reviewed=wide, rivals=()).risk_flags


def test_a_range_of_a_number_that_tells_little_is_a_note(review: Callable[..., Advice]) -> None:
    weak = segment("age", "38 to 42", kind="range", score=0.6, elsewhere=0.9, p_corrected=0.0001)
    advice = review(examination=examined(segments=(weak,)))
    assert advice.verdict == "APPROVE"
    assert advice.findings[0].severity == "note" or advice.finding("segment.weak:age=38 to 42") is not None


def test_an_identifier_is_not_told_as_values_that_were_never_learned(review: Callable[..., Advice]) -> None:
    advice = review(
        look=found("column.identifier", "warning", "city"),
        examination=prepared("city", unknown_held_out=1.0, encoded_by="TargetEncoder"),
    )
    assert "missing_encoder" not in advice.risk_flags


def test_versions_of_libraries_that_the_model_does_not_use_do_not_matter(review: Callable[..., Advice]) -> None:
    others = tuple(Version(library=name, made="0.1.0", now="3.0.0") for name in ("sktime", "pyod", "lightgbm"))
    assert review(versions=others).verdict == "APPROVE"


def test_a_simpler_rival_on_three_folds_is_a_note(review: Callable[..., Advice]) -> None:
    level = (RIVALS[0].model_copy(update={"is_separable": False}),)
    advice = review(reviewed=reviewed(folds=3), rivals=level)
    assert (advice.verdict, advice.risk_flags) == ("APPROVE", ("tiny_margin",))


def test_a_line_that_loses_skill_has_not_learned_rows_by_heart(review: Callable[..., Advice]) -> None:
    line = reviewed(model="lr", kinds=("lr",))
    advice = review(reviewed=line, rivals=(), examination=examined(held_out={"Accuracy": 0.81, "MCC": 0.45}))
    assert "overfit" not in advice.risk_flags


def test_what_cannot_answer_its_own_table_for_gaps_that_nothing_fills_is_not_deployed(
    review: Callable[..., Advice],
) -> None:
    silent = examined(held_out={}, learned={}, preparation=None, notes=(Note(part="", about="Input X contains NaN."),))
    advice = review(reviewed=reviewed(setup={"imputation_type": None}), gaps={"age": 0.1}, examination=silent)
    assert advice.verdict == "DO NOT DEPLOY: rows without 'age' get no answer"
    assert advice.suggested_config is not None
    assert advice.suggested_config["setup"] == {"imputation_type": "simple"}


def test_what_could_not_be_judged_on_new_rows_is_not_approved_without_a_word(review: Callable[..., Advice]) -> None:
    advice = review(examination=None, notes=("The table is not there any more.",))
    assert advice.verdict == "APPROVE WITH CAVEATS: it could not be judged on new rows"


def _by_city(*segments: SegmentScore, **changed: Any) -> dict[str, Any]:
    return {"segment": "city", "examination": examined(segments=segments, **changed)}


def test_the_class_that_is_told_is_the_last_in_the_order_of_the_examination(review: Callable[..., Advice]) -> None:
    groups = segment("city", "Oslo", predicted=0.0, rows=150), segment("city", "Rome", predicted=1.0, rows=150)
    numbers = Confusion(labels=("9", "10"), matrix=((145, 25), (32, 98)))
    told = review(**_by_city(*groups, confusion=numbers)).finding("fairness.selection:city")
    assert told is not None
    assert told.evidence.claim.startswith("'10' is predicted for 0%")


def test_predictions_that_were_not_held_against_each_other_are_not_called_even(review: Callable[..., Advice]) -> None:
    several = Confusion(labels=("a", "b", "c"), matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    groups = segment("city", "Oslo", rows=150), segment("city", "Rome", rows=150)
    advice = review(**_by_city(*groups, confusion=several), reviewed=reviewed(classes={"a": 300, "b": 200, "c": 200}))
    assert advice.finding("fairness.predictions:city") is not None
    even = advice.finding("fairness.even:city")
    assert even is not None
    assert (even.severity, "predicted" in even.evidence.claim) == ("note", False)


@pytest.mark.parametrize(("small", "told"), [(15, "'Bonn' (15 rows"), (0, "the 15 rows of rarer values")])
def test_groups_that_cannot_be_judged_are_named(review: Callable[..., Advice], small: int, told: str) -> None:
    groups = [segment("city", name, rows=rows, predicted=0.4) for name, rows in (("Oslo", 150), ("Rome", 135))]
    groups += [segment("city", "Bonn", rows=small, score=0.33, predicted=0.4)] if small else []
    advice = review(**_by_city(*groups))
    unjudged, even = advice.finding("fairness.unjudged:city"), advice.finding("fairness.even:city")
    assert unjudged is not None
    assert told in unjudged.evidence.claim
    assert even is not None
    assert (even.severity, "that could be judged" in even.evidence.claim) == ("note", True)


def test_all_groups_that_are_alike_are_even(review: Callable[..., Advice]) -> None:
    groups = [segment("city", name, rows=150, predicted=0.4) for name in ("Oslo", "Rome")]
    even = review(**_by_city(*groups)).finding("fairness.even:city")
    assert even is not None
    assert even.severity == "good"


@pytest.mark.parametrize(("std", "severity"), [(0.001, "blocking"), (0.1, "warning")])
def test_an_identifier_blocks_only_by_a_drop_beyond_noise(
    review: Callable[..., Advice], std: float, severity: str
) -> None:
    carries = tuple(Importance(column=name, drop=0.1, std=std) for name in ("age", "income"))
    advice = review(look=found("column.identifier", "warning", "age"), examination=examined(importances=carries))
    told = advice.finding("column.identifier:age")
    assert told is not None
    assert told.severity == severity
