"""What chance alone may look like is not reported as a fault, and a fault is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.catalogue import TASKS
from workbench.examining import calibration, residuals, segments
from workbench.judging.answers import Labels, Numbers
from workbench.training.supervised.classification import Classes, Said

ACCURACY = TASKS["classification"].metric("Accuracy")


def drawn(seed, rows=300):
    random = np.random.default_rng(seed)
    probabilities = random.beta(2, 3, rows)
    return probabilities, random.random(rows) < probabilities


def labels(truth, said):
    return Labels(Classes(np.array([0, 1]), False), truth, Said(said, np.array([0, 1]), None, False))


def test_right_probabilities_of_few_rows_alarm_no_more_often_than_stated():
    alarms = [calibration.measure("1", *drawn(seed, rows=80)).p < 0.05 for seed in range(100)]
    # Of 100 at one in twenty, 12 or more come about four times in a thousand.
    assert sum(alarms) <= 11


def test_probabilities_that_are_too_sure_of_themselves_are_found():
    probabilities, came_true = drawn(1, rows=2_000)
    sharper = np.where(probabilities > 0.5, 0.95, 0.05)
    found = calibration.measure("1", sharper, came_true)
    assert found.p < 0.01
    assert found.error > found.error_by_chance
    assert sum(part.rows for part in found.bins) == 2_000
    assert found.brier == pytest.approx(np.mean((sharper - came_true) ** 2))


def test_of_too_few_rows_no_calibration_is_told():
    assert calibration.measure("1", *drawn(1, rows=calibration.ROWS_LEAST - 1)) is None


def test_segments_that_are_no_different_are_reported_no_more_often_than_stated():
    false = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        truth = random.integers(0, 2, 600)
        said = np.where(random.random(600) < 0.8, truth, 1 - truth)
        frame = pd.DataFrame({"kind": random.choice(list("abcd"), 600), "size": random.normal(size=600)})
        found = segments.look_for(labels(truth, said), frame, ACCURACY)
        assert found.looked_at == 8
        false += any(segment.p_corrected < 0.05 for segment in found.segments)
    # Of 40 at one in twenty, 7 or more come about three times in a thousand.
    assert false <= 6


def rare(seed, rows, *, share, skill, spoilt=()):
    """A classifier of a rare class, and columns that say nothing; on spoilt rows its scores say nothing either."""
    random = np.random.default_rng(seed)
    truth = (random.random(rows) < share).astype(int)
    scores = 1 / (1 + np.exp(-(random.normal(size=rows) + skill * truth - 2.5)))
    spoilt = np.asarray(spoilt, dtype=int)
    scores[spoilt] = random.random(len(spoilt))
    known = np.array([0, 1])
    said = Said((scores > 0.5).astype(int), known, scores, False)
    kinds = np.repeat(list("abcdefgh"), np.array([40, 25, 10, 7, 6, 5, 4, 3]) * rows // 100)
    columns = {f"kind {place}": random.permutation(kinds) for place in range(3)}
    return Labels(Classes(known, False), truth, said), pd.DataFrame(columns)


def test_segments_in_which_few_rows_are_predicted_positive_are_reported_no_more_often_than_stated():
    metric, false = TASKS["classification"].metric("Prec."), 0
    for seed in range(15):
        found = segments.look_for(*rare(seed, rows=1_600, share=0.1, skill=2), metric)
        false += any(segment.p_corrected is not None and segment.p_corrected < 0.05 for segment in found.segments)
    # Of 15 at one in twenty, 4 or more come about five times in a thousand.
    assert false <= 3


@pytest.mark.parametrize("metric", ["Accuracy", "AUC", "Prec.", "F1", "MCC"])
def test_a_segment_of_a_tenth_of_the_rows_that_is_truly_bad_is_found(metric):
    answers, frame = rare(1, rows=2_000, share=0.05, skill=4, spoilt=np.arange(0, 2_000, 10))
    frame["part"] = np.array(list("abcdefghij"))[np.arange(2_000) % 10]
    worst = segments.look_for(answers, frame, TASKS["classification"].metric(metric)).segments[0]
    assert (worst.column, worst.value) == ("part", "a")
    assert worst.p_corrected < 0.01


def test_rows_without_a_value_are_a_segment_of_their_own():
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, 400)
    column = pd.Series(np.where(np.arange(400) < 100, None, "known"), name="kind")
    said = np.where((np.arange(400) < 100) & (random.random(400) < 0.5), 1 - truth, truth)
    found = segments.of_column(labels(truth, said), column, ACCURACY)
    assert [(segment.kind, segment.rows) for segment in found.segments] == [("missing", 100), ("value", 300)]
    assert found.segments[0].p_corrected < 0.001


def test_numbers_are_scored_by_the_size_of_the_error_where_r2_ranks():
    assert segments.scored_by("regression", TASKS["regression"].metric("R2")).name == "MAE"
    assert segments.scored_by("regression", TASKS["regression"].metric("RMSE")).name == "RMSE"


def test_predictions_that_are_too_low_and_errors_that_grow_are_seen():
    random = np.random.default_rng(2)
    said = random.uniform(1, 100, 800)
    found = residuals.residuals(Numbers(said + 3 + said * random.normal(0, 0.1, 800), said))
    assert found.bias_interval.low > 0
    assert found.growth > 0.3
    assert found.growth_p < 0.001


def test_no_class_is_told_by_itself_where_there_are_very_many():
    known = np.arange(residuals.CLASSES_MOST + 1)
    many = Labels(Classes(known, True), known, Said(known, known, None, False))
    assert residuals.confused(many) is None
