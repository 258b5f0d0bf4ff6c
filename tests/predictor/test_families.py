"""Every family of models predicts random rows as the pipeline itself does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.catalogue import TASKS
from workbench.errors import Conflict
from workbench.recipe import Recipe

ROWS = 600
DIFFERENCE = 1e-9
OF_FOUR = ("lr", "svm", "rf", "gbc", "ada", "lightgbm")
"""Classifiers that go another way where there are more than two classes."""
ONE_BY_ONE = 12
COLUMNS = ("age", "income", "city", "member")

pytestmark = pytest.mark.filterwarnings("ignore")


def families(*tasks: str) -> list[tuple[str, str, int]]:
    known = [(task, model.id, 2) for task in tasks for model in TASKS[task].models if placeable(model)]
    return known + [("classification", model, 4) for model in OF_FOUR]


def placeable(model) -> bool:
    return not (model.requires or model.new_rows)


def of(*models: str) -> tuple[Recipe, ...]:
    return tuple(Recipe(model=model) for model in models)


PUT_TOGETHER = {
    "bag of trees": ("classification", Recipe("bagging", params={"n_estimators": 3}, bases=of("dt"))),
    "bag of lines": ("regression", Recipe("bagging", params={"n_estimators": 3}, bases=of("lr"))),
    "boosted trees": ("regression", Recipe("boosting", params={"n_estimators": 3}, bases=of("dt"))),
    "boosted forests": ("classification", Recipe("boosting", params={"n_estimators": 2}, bases=of("rf"))),
    "vote by probabilities": (
        "classification",
        Recipe("blend", params={"voting": "soft"}, bases=of("lr", "dt", "lightgbm")),
    ),
    "vote by labels": ("classification", Recipe("blend", params={"voting": "hard"}, bases=of("ridge", "dt", "gbc"))),
    "mean of regressors": ("regression", Recipe("blend", bases=of("lr", "et", "lightgbm"))),
    "stack": ("classification", Recipe("stack", params={"cv": 2}, bases=of("lr", "dt"))),
    "stack of regressors": ("regression", Recipe("stack", params={"cv": 2}, bases=of("lr", "gbr"))),
    "calibrated trees": ("classification", Recipe("calibrated", params={"cv": 2}, bases=of("dt"))),
    "calibrated machine": (
        "classification",
        Recipe("calibrated", params={"cv": 2, "method": "isotonic"}, bases=of("svm")),
    ),
}


def check(predictor, rows) -> None:
    found, expected = predictor.predict(rows), predictor.original(rows)
    assert predictor.engine.path == "compiled", predictor.engine.why
    assert len(expected.labels) == len(rows)
    if isinstance(expected.labels[0], float):
        assert found.labels == pytest.approx(expected.labels, rel=DIFFERENCE)
    else:
        assert found.labels == expected.labels
    assert (found.scores is None) == (expected.scores is None)
    if expected.scores is not None:
        assert found.scores == pytest.approx(expected.scores, rel=DIFFERENCE)


@pytest.mark.parametrize(
    ("task", "model", "classes"), families("classification", "regression", "clustering", "anomaly")
)
def test_a_family_predicts_random_rows_as_the_pipeline_itself_does(task, model, classes, loaded, draw):
    predictor = loaded(model, task, classes=classes, columns=COLUMNS)
    check(predictor, draw(predictor, ROWS))


@pytest.mark.parametrize("name", PUT_TOGETHER)
def test_a_model_put_together_of_others_predicts_random_rows_as_the_pipeline_itself_does(name, loaded, draw):
    task, recipe = PUT_TOGETHER[name]
    predictor = loaded(recipe, task, columns=COLUMNS)
    check(predictor, draw(predictor, ROWS))


@pytest.mark.parametrize(
    ("task", "model"), [("classification", "lightgbm"), ("classification", "lr"), ("regression", "rf")]
)
def test_what_stands_for_the_pipeline_is_what_its_own_methods_say(task, model, loaded, draw):
    predictor = loaded(model, task)
    rows = draw(predictor, ROWS)
    pipeline, frame, said = predictor._itself.pipeline, rows.frame(), predictor.original(rows)
    labels = np.asarray(pipeline.predict(frame)).tolist()
    assert said.labels == labels
    if task == "classification":
        of_class = pd.DataFrame(pipeline.predict_proba(frame), columns=pipeline.steps[0][1].transformer.classes_)
        assert said.scores == [of_class.loc[row, label] for row, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("task", "model"), [("classification", "lightgbm"), ("classification", "lr"), ("regression", "rf")]
)
def test_a_row_is_predicted_alike_alone_and_among_others(task, model, loaded, draw):
    predictor = loaded(model, task)
    rows = draw(predictor, ONE_BY_ONE)
    together = predictor.predict(rows)
    alone = [predictor.predict(rows.take([row])) for row in range(len(rows))]
    assert [said.labels[0] for said in alone] == together.labels
    if together.scores is not None:
        assert [said.scores[0] for said in alone] == pytest.approx(together.scores, rel=DIFFERENCE)


@pytest.mark.parametrize(
    "pattern", ["%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%d %B %Y", "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%MZ"]
)
def test_a_date_means_the_same_alone_and_among_others_as_where_it_was_learned(pattern, loaded):
    random, days = np.random.default_rng(5), pd.date_range("2019-12-31 13:30", periods=200)
    since = days.strftime(pattern)
    frame = pd.DataFrame({"since": since, "spends": days.month * 100.0 + days.day, "x": random.normal(size=200)})
    predictor = loaded("dt", "regression", {"date_features": ["since"]}, frame=frame)
    rows = predictor.read([{"since": text, "x": 0.0} for text in (*since[[32, 0, 77]], "2020-02-01")])
    assert predictor.engine.path == "compiled", predictor.engine.why
    together = predictor.predict(rows).labels
    assert together == predictor.original(rows).labels
    for order in ([0], [1], [3, 0], [1, 0], [2, 1, 0]):
        some = rows.take(order)
        assert predictor.predict(some).labels == predictor.original(some).labels == [together[row] for row in order]
    as_learned = predictor._itself.pipeline.steps[0][1].transform(frame)
    assert as_learned["since"].equals(pd.to_datetime(frame["since"]).dt.tz_localize(None))


def test_many_rows_are_shared_out_over_threads_and_come_back_in_order(loaded, draw):
    predictor = loaded("lightgbm")
    check(predictor, draw(predictor, 9000))


@pytest.mark.parametrize(
    ("task", "model"),
    [(task, model.id) for task in ("clustering", "anomaly") for model in TASKS[task].models if model.new_rows],
)
def test_a_model_that_takes_no_new_rows_is_not_loaded(task, model, stored):
    with pytest.raises(Conflict) as refused:
        stored(model, task, columns=COLUMNS).load()
    assert refused.value.code == "pipeline.takes_no_new_rows"
    assert refused.value.message == TASKS[task].model(model).new_rows
