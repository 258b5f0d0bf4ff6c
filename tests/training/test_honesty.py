"""Where PyCaret counts a failure as 0.0: the true value or the reason, and what PyCaret shows beside it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import roc_auc_score

from workbench.recipe import Recipe
from workbench.training.experiment import set_up
from workbench.training.request import FoldFailed, PipelineFitted, TrainingRequest, UnitFailed, UnitScored
from workbench.training.supervised.classification import Classes
from workbench.training.supervised.folds import Fold
from workbench.training.supervised.scoring import FitAndScore

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
    assert reasons <= {"The training rows have no perhaps, the test rows do."}
    assert all(unit.pycaret == {"AUC": 0.0} for unit in scored if "AUC" in unit.undefined)


def pycaret_folds(frame: pd.DataFrame, model: str, folds: int, **setup: object) -> pd.DataFrame:
    """Let PyCaret score a model by itself, each failure as 0; return what it prints, a row a fold."""
    from pycaret.classification import ClassificationExperiment

    experiment = ClassificationExperiment()
    quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
    experiment.setup(frame, target="buys", session_id=11, fold=folds, **quiet, **setup)
    experiment.create_model(model, verbose=False)
    return experiment.pull().head(folds)


def test_recall_precision_and_f1_of_several_numbered_classes_are_weighted_on_every_fold(train, mixed):
    """PyCaret takes folds without the third class for folds of two classes."""
    frame = mixed["classification"]
    numbered = frame.assign(buys=(frame["buys"] == "yes").astype(int).where(frame.index % 40 != 0, 2))
    kfold = {"fold_strategy": "kfold"}
    theirs = pycaret_folds(numbered, "dt", 5, **kfold)
    scored = sorted(units(train(frame=numbered, models=("dt",), folds=5, setup=kfold)), key=lambda unit: unit.fold)
    for metric in ("Recall", "Prec.", "F1"):
        assert 0 < sum(metric in unit.pycaret for unit in scored) < 5
        counted = [unit.pycaret.get(metric, unit.metrics[metric]) for unit in scored]
        assert counted == pytest.approx(list(theirs[metric]), abs=0.5e-4 + 1e-9)
    # Recall that is weighted by rows is the share of rows that are right.
    assert all(unit.metrics["Recall"] == pytest.approx(unit.metrics["Accuracy"]) for unit in scored)


def test_a_fold_on_which_a_model_fails_to_fit_is_told_and_pycaret_counts_it_as_zero(train, mixed):
    frame = mixed["classification"].copy()
    frame.loc[[0, 40], "buys"] = "perhaps"
    kfold = {"fold_strategy": "kfold"}
    answers = {
        update.fold: update
        for update in train(frame=frame, models=("qda",), setup=kfold)
        if isinstance(update, (UnitScored, UnitFailed))
    }
    failed = {fold for fold, answer in answers.items() if isinstance(answer, UnitFailed)}
    assert 0 < len(failed) < len(answers) == 3
    assert all("only 1 sample in class" in answers[fold].reason and answers[fold].counts_zero for fold in failed)
    theirs = pycaret_folds(frame, "qda", 3, **kfold)
    for fold, answer in answers.items():
        for metric, shown in theirs.loc[fold].items():
            counted = 0.0 if fold in failed else answer.pycaret.get(metric, answer.metrics[metric])
            assert counted == pytest.approx(shown, abs=0.5e-4 + 1e-9)


def test_what_no_memory_was_left_for_is_not_what_pycaret_counts_as_zero():
    with pytest.raises(MemoryError):
        FitAndScore(Hoards(), 1, measure=Classes.of)(
            _unit("hoards"), Fold(0, None, None, None, None, (), is_finite=True)
        )


class Hoards(BaseEstimator):
    def fit(self, X, y):
        raise MemoryError


@pytest.mark.parametrize(
    ("task", "setup", "ratio"),
    [
        ("classification", {}, 1 / 2),
        # Folds that grow: 28 rows are tested on after 28, after 56, after 84.
        ("regression", {"fold_strategy": "timeseries", "data_split_shuffle": False}, (1 + 1 / 2 + 1 / 3) / 3),
        ("time_series", {"fh": 4}, (4 / 32 + 4 / 36 + 4 / 40) / 3),
        ("clustering", {}, None),
    ],
)
def test_set_up_tells_how_many_rows_are_tested_on_to_those_that_are_trained_on(task, setup, ratio, train):
    (fitted,) = train(task, plan="setup", setup=setup)
    assert fitted.test_ratio == (None if ratio is None else pytest.approx(ratio, abs=1e-3))


def test_the_marks_are_what_pycaret_shows(train, cities, pycaret_says):
    models = ["lr", "knn", "nb", "dt", "svm", "ridge", "lda", "qda", "gbc", "ada", "rf"]
    theirs = pycaret_says("classification", cities, "buys", models)
    scored = units(train(frame=cities, models=tuple(models), seed=11))
    for model, row in theirs.iterrows():
        counted = [unit.pycaret.get("AUC", unit.metrics["AUC"]) for unit in scored if unit.model == model]
        assert np.mean(counted) == pytest.approx(row["AUC"], abs=0.5e-4 + 1e-9)
    assert (theirs["AUC"] == 0).sum() >= 6


def test_true_and_false_beside_texts_are_features_like_others(train, mixed):
    """PyCaret leaves such columns as objects."""
    frame = mixed["classification"].assign(member=[True, False] * 80)
    updates = list(train(frame=frame, models=("dt",)))
    assert not any(isinstance(update, FoldFailed) for update in updates)
    assert isinstance(updates[-1], PipelineFitted)
