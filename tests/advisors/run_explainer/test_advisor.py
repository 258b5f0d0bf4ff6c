"""What the run explainer says of boards and examinations that were made up."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.advisors.advice import TONES
from workbench.advisors.examination import (
    Calibration,
    CalibrationBin,
    Confusion,
    CurvePoint,
    Examination,
    ForecastErrors,
    Importance,
    Interval,
    LearningCurve,
    Note,
    Residuals,
    SegmentScore,
    Step,
)
from workbench.advisors.run_explainer.advisor import advise
from workbench.advisors.run_explainer.evidence import BoardRow, ExplanationEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.runs.asked import Asked

THRESHOLDS = Thresholds.default()
NAMES = {
    "rf": "Random Forest",
    "lr": "Logistic Regression",
    "gbc": "Gradient Boosting",
    "ridge": "Ridge",
    "dummy": "Dummy",
}
FOLDS = {
    "rf": (0.90, 0.91, 0.92, 0.91, 0.90),
    "lr": (0.80, 0.82, 0.81, 0.80, 0.82),
    "gbc": (0.90, 0.90, 0.92, 0.90, 0.90),
    "ridge": (0.89, 0.91, 0.91, 0.90, 0.90),
    "dummy": (0.60, 0.61, 0.60, 0.61, 0.60),
}


def row(
    model: str, place: int | None, folds: tuple[float, ...], *, is_separable: bool | None, **other: Any
) -> BoardRow:
    mean = sum(folds) / len(folds) if folds else None
    told = {"status": "scored", "fit_s": 0.1 * (place or 1), "kind": "model"} | other
    return BoardRow(
        model=model,
        name=NAMES.get(model, model),
        rank=place,
        mean=mean,
        interval=None if mean is None else Interval(low=mean - 0.02, high=mean + 0.02),
        folds=folds,
        is_separable=is_separable,
        **told,
    )


def board(**separable: bool | None) -> tuple[BoardRow, ...]:
    """The models by name; True: the first one differs from it by more than noise."""
    return tuple(
        row(model, place, FOLDS[model], is_separable=None if place == 1 else separable[model])
        for place, model in enumerate(separable, 1)
    )


def evidence(rows: tuple[BoardRow, ...], **other: Any) -> ExplanationEvidence:
    told: dict[str, Any] = {
        "run_id": "r1",
        "run": "r1",
        "source": "loans",
        "task": "classification",
        "plan": "compare",
        "target": "default",
        "status": "succeeded",
        "metric": "Accuracy",
        "rows": 1_000,
        "folds": 5,
        "test_ratio": 0.25,
        "best": rows[0].model,
        "board": rows,
        "not_examined": "nobody asked.",
    }
    return ExplanationEvidence.model_validate(told | other)


def examined(**other: Any) -> Examination:
    told: dict[str, Any] = {
        "task": "classification",
        "target": "default",
        "metric": "Accuracy",
        "rows_examined": 300,
        "held_out": {"Accuracy": 0.9},
        "held_out_interval": Interval(low=0.87, high=0.93),
        "learned": {"Accuracy": 0.95},
        "segment_metric": "Accuracy",
    }
    return Examination.model_validate(told | other)


def calibrated(error: float, p: float) -> Calibration:
    bins = (
        CalibrationBin(rows=150, predicted=0.2, observed=0.2 + error),
        CalibrationBin(rows=150, predicted=0.7, observed=0.7),
    )
    return Calibration(of="yes", bins=bins, error=error, expected=0.01, error_by_chance=0.02, brier=0.1, p=p)


CLEAR = board(rf=None, lr=True, dummy=True)
CLOSE = board(rf=None, ridge=False, dummy=True)
FAR = board(rf=None, lr=False, dummy=True)


def test_a_winner_that_differs_from_all_others_is_clear_and_is_to_be_tuned():
    advice = advise(evidence(CLEAR), THRESHOLDS)
    assert advice.verdict == "A CLEAR WINNER: Random Forest, Accuracy 0.908"
    assert advice.tone == "success"
    assert advice.suggested_config == {"from_run": "r1", "plan": "tune", "model": "rf"}
    assert "0.098 better than Logistic Regression" in advice.finding("winner").evidence.claim
    assert advice.finding("baseline").severity == "good"
    assert advice.risk_flags == ()


def test_models_within_the_noise_are_named_with_the_simplest_and_the_fastest():
    advice = advise(evidence(CLOSE), THRESHOLDS)
    assert advice.verdict == "NO CLEAR WINNER: Random Forest and Ridge, within the noise"
    rivals = advice.finding("rivals")
    assert "Ridge is the simplest of them, a linear model; Random Forest is the fastest" in rivals.evidence.claim
    assert "cannot be ruled out" in rivals.recommendation
    assert advice.suggested_config == {"from_run": "r1", "plan": "blend", "include": ["rf", "ridge"]}
    assert "tiny_margin" in advice.risk_flags


def test_a_model_that_is_far_behind_is_neither_blended_nor_taken_instead_where_folds_cannot_tell():
    advice = advise(evidence(FAR), THRESHOLDS)
    assert advice.verdict.startswith("NO CLEAR WINNER")
    rivals = advice.finding("rivals")
    assert "Logistic Regression is behind by 32% of what Random Forest is better than Dummy" in rivals.evidence.claim
    assert "simplest" not in rivals.evidence.claim
    assert rivals.recommendation == "Score them on more folds: 5 cannot tell."
    assert advice.suggested_config == {"from_run": "r1", "plan": "compare", "include": ["rf", "lr"], "folds": 10}
    enough = advise(evidence(FAR, folds=10), THRESHOLDS)
    assert enough.suggested_config is None
    assert enough.suggested_action.startswith("Take Random Forest, which ranks first")


def test_a_best_model_that_cannot_be_told_from_the_baseline_learned_nothing():
    rows = (
        row("rf", 1, (0.60, 0.66, 0.58, 0.63, 0.61), is_separable=None),
        row("dummy", 2, FOLDS["dummy"], is_separable=False),
    )
    advice = advise(evidence(rows), THRESHOLDS)
    assert advice.verdict.startswith("NOTHING LEARNED: ")
    assert advice.finding("baseline").severity == "blocking"
    assert advice.suggested_config is None
    assert "no_better_than_baseline" in advice.risk_flags


def test_a_baseline_that_ranks_first_says_that_nothing_was_learned():
    rows = (row("dummy", 1, FOLDS["dummy"], is_separable=None), row("rf", 2, (0.5,) * 5, is_separable=True))
    assert advise(evidence(rows), THRESHOLDS).verdict.startswith("NOTHING LEARNED: ")


@pytest.mark.parametrize(("share", "verdict"), [(0.6, "A CLEAR WINNER"), (0.9, "NOTHING LEARNED")])
def test_where_the_field_had_no_baseline_the_largest_class_is_one(share, verdict):
    rows = board(rf=None, lr=True)
    advice = advise(evidence(rows, class_shares={"no": share, "yes": 1 - share}), THRESHOLDS)
    assert advice.verdict.startswith(verdict)


def test_rows_held_out_show_that_something_was_learned_where_folds_are_too_few():
    rows = (row("rf", 1, (0.9, 0.8), is_separable=None), row("dummy", 2, (0.6, 0.61), is_separable=False))
    few = evidence(rows, folds=2, test_ratio=1.0)
    assert advise(few, THRESHOLDS).verdict.startswith("NOTHING LEARNED")
    looked = examined(beyond_baseline=Interval(low=0.1, high=0.2), baseline={"Accuracy": 0.6})
    shown = few.model_copy(update={"examination": looked, "not_examined": ""})
    assert "rows held out" in advise(shown, THRESHOLDS).finding("baseline").evidence.claim
    assert not advise(shown, THRESHOLDS).verdict.startswith("NOTHING LEARNED")


def test_one_model_alone_is_no_winner_and_is_to_be_compared():
    advice = advise(evidence(board(rf=None), plan="create", class_shares={"no": 0.6, "yes": 0.4}), THRESHOLDS)
    assert advice.verdict == "NO CLEAR WINNER: Random Forest is the only model"
    assert advice.suggested_config == {"from_run": "r1", "plan": "compare"}


def test_probabilities_that_are_off_are_to_be_calibrated_only_where_that_is_certain_and_large():
    for error, p, is_warned in ((0.08, 0.001, True), (0.08, 0.3, False), (0.005, 0.001, False)):
        looked = examined(calibration=calibrated(error, p))
        advice = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS)
        assert ("miscalibrated" in advice.risk_flags) == is_warned
        assert (advice.suggested_config["plan"] == "calibrate") == is_warned


def test_a_weak_segment_is_told_only_where_it_is_certain_and_large():
    for score, p, is_warned in ((0.7, 0.001, True), (0.7, 0.2, False), (0.89, 0.001, False)):
        weak = SegmentScore(
            column="city", kind="value", value="Oslo", rows=80, score=score, elsewhere=0.92, p=p, p_corrected=p
        )
        looked = examined(segments=(weak,), segments_looked_at=12)
        advice = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS)
        assert ("weak_segment" in advice.risk_flags) == is_warned
        assert ("city is Oslo" in advice.finding("segments").evidence.claim) == is_warned


def test_the_class_that_is_found_least_is_told_with_what_it_is_taken_for():
    looked = examined(confusion=Confusion(labels=("no", "yes"), matrix=((190, 10), (60, 40))))
    finding = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS).finding("confusion")
    assert finding.severity == "warning"
    assert finding.evidence.claim == "Of 100 rows that are 'yes', 40.0 % are found; 60 are taken for 'no'."
    assert [series.name for series in finding.evidence.plot.series] == ["no", "yes"]


def importances(*found: Importance) -> Any:
    return advise(evidence(CLEAR, examination=examined(importances=found), not_examined=""), THRESHOLDS).finding(
        "importances"
    )


def test_a_column_that_carries_nearly_all_is_pointed_out():
    finding = importances(
        Importance(column="duration", drop=0.2, std=0.01, repeats=10),
        Importance(column="age", drop=0.01, std=0.02, repeats=10),
    )
    assert "That one column makes 95% of all drops." in finding.evidence.claim
    assert "known at the moment of a prediction" in finding.recommendation
    assert finding.evidence.columns == ("duration",)


def test_a_drop_that_repeats_could_show_by_chance_carries_nothing():
    finding = importances(Importance(column="noise", drop=0.02, std=0.01, repeats=5))
    assert finding.evidence.claim.startswith("No column carries it")
    assert finding.evidence.columns == ()


@pytest.mark.parametrize(("repeats", "told"), [(1, "once"), (2, "2 times")])
def test_of_columns_that_were_shuffled_once_or_twice_none_is_said_to_carry_it(repeats, told):
    finding = importances(Importance(column="a", drop=0.3, std=0.0, repeats=repeats))
    assert f"shuffled {told} only, too seldom" in finding.evidence.claim
    assert finding.evidence.columns == ()
    assert finding.recommendation == ""


def test_more_rows_are_called_for_only_where_they_brought_something():
    for gain, interval, word in (
        (0.03, Interval(low=0.01, high=0.05), "would likely help"),
        (0.002, Interval(low=-0.01, high=0.01), "would hardly help"),
    ):
        points = (
            CurvePoint(rows=250, score=0.84),
            CurvePoint(rows=500, score=0.9 - gain),
            CurvePoint(rows=1000, score=0.9),
        )
        looked = examined(learning=LearningCurve(points=points, gain=gain, gain_interval=interval))
        finding = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS).finding("learning")
        assert word in finding.evidence.claim


def test_rows_that_are_new_and_much_worse_than_the_folds_are_warned_of():
    looked = examined(held_out={"Accuracy": 0.7}, held_out_interval=Interval(low=0.65, high=0.75))
    finding = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS).finding("new_rows")
    assert finding.severity == "warning"
    assert "worse than the folds said" in finding.evidence.claim


def test_models_that_failed_are_named_with_their_reasons():
    lost = row("gbc", None, (), is_separable=None, status="failed", reason="ValueError: no.")
    advice = advise(evidence((*CLEAR, lost)), THRESHOLDS)
    assert "1 of 4 models" in advice.finding("failed").evidence.claim
    assert "Gradient Boosting: ValueError: no" in advice.finding("failed").evidence.claim
    assert "failed_models" in advice.risk_flags


def test_predictions_of_numbers_that_lie_on_one_side_are_told_in_the_targets_units():
    found = Residuals(
        bias=120.0,
        bias_interval=Interval(low=80, high=160),
        quantiles={"1": -900, "5": -500, "25": -100, "50": 90, "75": 300, "95": 800, "99": 1500},
        spread=1_000,
        bins=(),
        growth=0.5,
        growth_p=0.001,
    )
    looked = examined(task="regression", residuals=found)
    finding = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS).finding("residuals")
    assert finding.severity == "warning"
    assert "too low by 120 on average" in finding.evidence.claim
    assert "transform_target" in finding.recommendation


def test_a_forecast_that_strays_farther_with_each_step_is_told_of_and_not_warned_of():
    steps = tuple(Step(step=place, truth=10.0 + place, predicted=10.0) for place in range(1, 9))
    looked = examined(task="time_series", forecast=ForecastErrors(steps=steps, bias=4.5))
    finding = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS).finding("forecast")
    assert (finding.severity, finding.recommendation) == ("note", "")
    assert "farthest off at step 8: 10.0 instead of 18.0" in finding.evidence.claim


def test_what_could_not_be_looked_at_is_a_finding():
    looked = examined(notes=(Note(part="importances", about="It is too slow."),))
    told = advise(evidence(CLEAR, examination=looked, not_examined=""), THRESHOLDS)
    assert told.finding("not_looked_at:1").evidence.claim == "Not looked at: which columns carry it. It is too slow."
    assert "nobody asked" in advise(evidence(CLEAR), THRESHOLDS).finding("not_examined").evidence.claim


def test_a_run_that_was_cancelled_is_explained_as_far_as_it_got():
    advice = advise(evidence(CLEAR, status="cancelled", best=None, error="cancelled by ada"), THRESHOLDS)
    assert "cancelled by ada" in advice.finding("ended_early").evidence.claim
    assert advice.suggested_config is None
    assert advice.suggested_action.startswith("Resume")


@pytest.mark.parametrize("rows", [CLEAR, CLOSE, FAR, board(rf=None)])
def test_every_advice_can_be_shown_launched_and_traced(rows):
    looked = examined(calibration=calibrated(0.005, 0.3))
    given = evidence(rows, examination=looked, not_examined="", class_shares={"no": 0.6, "yes": 0.4})
    assert ExplanationEvidence.model_validate_json(given.model_dump_json()) == given
    advice = advise(given, THRESHOLDS)
    assert any(advice.verdict.startswith(word) for word in TONES)
    assert len({finding.id for finding in advice.findings}) == len(advice.findings)
    assert all(name in THRESHOLDS for finding in advice.findings for name in finding.evidence.thresholds)
    if advice.suggested_config is not None:
        assert Asked.of(advice.suggested_config).from_run == "r1"
