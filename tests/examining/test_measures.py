"""What chance alone may look like is not reported as a fault, and a fault is."""

from __future__ import annotations

import gc

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


@pytest.fixture
def little_garbage():
    """Statsmodels collects garbage at each correction, which takes long among all that the tests have made."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("little_garbage")
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
