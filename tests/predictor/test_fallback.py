"""What cannot be compiled, or cannot be proven, is left to the pipeline itself."""

from __future__ import annotations

from dataclasses import replace

import cloudpickle
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from workbench.predictor import estimators, preparation
from workbench.predictor.original import Predictions
from workbench.predictor.proof import Unequal, difference

COLUMNS = ("age", "income", "city", "member")
ROWS = 60

pytestmark = pytest.mark.filterwarnings("ignore")


class Doubling(StandardScaler):
    """A step that nobody knows."""

    def transform(self, X, copy=None):
        return super().transform(X, copy) * 2


class Contrary:
    """An estimator that says of an array the opposite of what it says of a frame."""

    classes_ = np.array([0, 1])

    def predict(self, X):
        return np.full(len(X), int(hasattr(X, "columns")))


@pytest.fixture
def pipeline(stored):
    return cloudpickle.loads(stored("rf", setup={"normalize": True}, columns=COLUMNS).pickled)


@pytest.fixture
def load(stored):
    """Load a pipeline that was tampered with as if a run had stored it."""

    def load(pipeline):
        return replace(stored("rf", columns=COLUMNS), pickled=cloudpickle.dumps(pipeline)).load()

    return load


def doubled(pipeline):
    """Put a step that nobody knows in the place of one that is known."""
    step, doubling = dict(pipeline.steps)["normalize"], Doubling()
    doubling.__dict__ |= step.transformer.__dict__
    step.transformer = doubling
    return pipeline


def agrees(predictor, draw) -> bool:
    rows = draw(predictor, ROWS)
    return difference(predictor.predict(rows), predictor.original(rows)) <= 1e-9


def test_a_step_that_nobody_knows_is_carried_out_as_it_is_and_the_estimator_is_compiled_still(pipeline, load, draw):
    predictor = load(doubled(pipeline))
    assert predictor.engine.path == "partly compiled"
    assert predictor.engine.why == "There is no way known to compile the step normalize, a Doubling."
    assert predictor.engine.estimator == "RandomForestClassifier as compiled code"
    assert agrees(predictor, draw)


def test_an_estimator_that_takes_frames_otherwise_than_arrays_is_given_frames(pipeline, load, draw):
    pipeline.steps[-1] = ("actual_estimator", Contrary())
    predictor = load(pipeline)
    assert predictor.engine.path == "partly compiled"
    assert "by the pipeline itself" in predictor.engine.why
    assert predictor.engine.estimator == "its own methods on a frame"
    assert agrees(predictor, draw)


def test_with_neither_it_is_the_pipeline_itself_that_predicts(pipeline, load, draw):
    pipeline.steps[-1] = ("actual_estimator", Contrary())
    predictor = load(doubled(pipeline))
    assert predictor.engine.path == "original"
    assert predictor.engine.rows == 0
    assert agrees(predictor, draw)


def test_a_preparation_that_is_compiled_wrongly_is_found_out(stored, monkeypatch, draw):
    rightly = preparation.compiled

    def wrongly(*about):
        prepared = rightly(*about)
        return replace(prepared, matrix=(*prepared.matrix, lambda X: X + (X > 0) * 0.01))

    monkeypatch.setattr(preparation, "compiled", wrongly)
    predictor = stored("lr", columns=COLUMNS).load()
    assert predictor.engine.path == "partly compiled"
    assert predictor.engine.steps == {}
    assert predictor.engine.why.startswith("A number is ")
    assert agrees(predictor, draw)


def test_an_estimator_that_is_compiled_wrongly_is_found_out(stored, monkeypatch, draw):
    rightly = estimators.compiled

    def wrongly(*about):
        made = rightly(*about)
        return replace(made, ask=lambda X: replace(said := made.ask(X), scores=said.scores * (1 + 1e-8)))

    monkeypatch.setattr(estimators, "compiled", wrongly)
    predictor = stored("lr", columns=COLUMNS).load()
    assert predictor.engine.path == "partly compiled"
    assert set(predictor.engine.steps.values()) == {"column by column", "concerns no new row"}
    assert agrees(predictor, draw)


@pytest.mark.parametrize(
    "other",
    [
        Predictions(["a", "c"], [0.5, 0.5]),
        Predictions(["a", "b"], [0.5, 0.5 + 1e-8]),
        Predictions(["a", "b"], [0.5, float("nan")]),
        Predictions(["a", "b"], None),
        Predictions(["a"], [0.5]),
    ],
)
def test_predictions_that_differ_are_told_apart(other):
    with pytest.raises(Unequal):
        difference(other, Predictions(["a", "b"], [0.5, 0.5]))


def test_numbers_may_differ_by_their_last_bits_and_by_noise_around_zero():
    expected = Predictions([1e6, 1.0, 1e-9])
    assert difference(Predictions([1e6, 1.0 + 1e-14, 1e-9 + 1e-8]), expected) == pytest.approx(1e-14, rel=0.5)


def test_true_is_not_one_and_one_is_not_a_float():
    for other in ([1], [1.0]):
        with pytest.raises(Unequal):
            difference(Predictions(other), Predictions([True]))
