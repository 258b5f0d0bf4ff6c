"""Where PyCaret counts a failure as 0.0: the true value or the reason, and what PyCaret shows beside it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from workbench.recipe import Recipe
from workbench.training.experiment import set_up
from workbench.training.request import TrainingRequest, UnitScored

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cities(mixed) -> pd.DataFrame:
    """A table with three classes."""
    frame = mixed["classification"]
    return frame.assign(buys=frame["city"].fillna("Rome")).drop(columns="city")


def units(updates) -> list[UnitScored]:
    return [update for update in updates if isinstance(update, UnitScored)]


def test_every_cell_has_a_value_or_a_reason(train, cities):
    for unit in units(train(frame=cities, models=("ridge", "nb", "lr", "svm", "dummy"))):
        for metric, value in unit.metrics.items():
            assert (value is None) == (metric in unit.undefined), (unit.model, metric)
            assert value is None or math.isfinite(value)


@pytest.mark.parametrize(("model", "by"), [("lr", "predict_proba"), ("ridge", "decision_function")])
def test_the_auc_of_several_classes_is_the_true_one_and_pycarets_zero_stands_beside_it(model, by, cities):
    experiment = set_up(cities, TrainingRequest("classification", "buys", "compare", "AUC", seed=11, folds=3))
    fold, _ = experiment.prepare(0)
    scored = experiment.compute(Recipe(model=model))(_unit(model), fold)
    fitted = experiment.compute(Recipe(model=model)).estimator.fit(fold.fit_X, fold.fit_y)
    said = getattr(fitted, by)(fold.test_X)
    # scikit-learn refuses decision values of several classes; one class against the rest it takes.
    classes, counts = np.unique(fold.test_y, return_counts=True)
    areas = [roc_auc_score(fold.test_y == label, said[:, place]) for place, label in enumerate(classes)]
    assert scored.metrics["AUC"] == pytest.approx(np.average(areas, weights=counts), abs=1e-12)
    assert scored.pycaret == {"AUC": 0.0}


def _unit(model: str):
    from workbench.training.work import Unit

    return Unit(model, 0)


def test_a_model_of_several_classes_that_pycaret_scores_truly_bears_no_mark(train, cities):
    assert all(unit.pycaret == {} for unit in units(train(frame=cities, models=("nb", "dt"))))


def test_a_fold_without_one_of_the_classes_is_averaged_over_those_that_are_there(train, mixed):
    """PyCaret counts such a fold as 0 in its mean."""
    rare = mixed["classification"]["buys"].where(mixed["classification"].index % 40 != 0, "perhaps")
    scored = units(train(frame=mixed["classification"].assign(buys=rare), models=("nb",), folds=5))
    marked = [unit for unit in scored if unit.pycaret]
    assert 0 < len(marked) < 5
    assert all(unit.pycaret == {"AUC": 0.0} for unit in marked)
    assert all(unit.metrics["AUC"] is None or unit.metrics["AUC"] > 0.3 for unit in scored)


def test_a_class_that_a_fold_cannot_learn_is_named(train, mixed):
    frame = mixed["classification"].assign(buys=mixed["classification"]["buys"])
    frame.loc[[0, 1], "buys"] = "perhaps"
    scored = units(train(frame=frame, models=("nb",), folds=2, setup={"fold_strategy": "kfold"}))
    reasons = {unit.undefined.get("AUC") for unit in scored} - {None}
    assert reasons <= {"The fold's training rows have no perhaps, its test rows do."}
    assert all(unit.pycaret == {"AUC": 0.0} for unit in scored if "AUC" in unit.undefined)


def test_the_marks_are_what_pycaret_shows(train, cities, pycaret_says):
    models = ["lr", "knn", "nb", "dt", "svm", "ridge", "lda", "qda", "gbc", "ada", "rf"]
    theirs = pycaret_says("classification", cities, "buys", models)
    scored = units(train(frame=cities, models=tuple(models), seed=11))
    for model, row in theirs.iterrows():
        counted = [unit.pycaret.get("AUC", unit.metrics["AUC"]) for unit in scored if unit.model == model]
        assert np.mean(counted) == pytest.approx(row["AUC"], abs=0.5e-4 + 1e-9)
    assert (theirs["AUC"] == 0).sum() >= 6
