"""A classifier is asked once, and what is drawn from its answer is what it would have said."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score, f1_score, matthews_corrcoef, precision_score, recall_score, roc_auc_score

from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.classification import Classes, _Scores, auc
from workbench.training.experiment import set_up
from workbench.training.folds import Fold
from workbench.training.request import TrainingRequest

pytestmark = pytest.mark.filterwarnings("ignore")

MODELS = [model.id for model in TASKS["classification"].models if model.requires is None]


@pytest.fixture(scope="module")
def tables(mixed):
    """Two classes, several classes, and whole numbers that make many ties."""
    frame = mixed["classification"]
    several = frame.assign(buys=frame["city"].fillna("Rome")).drop(columns="city")
    ties = frame[["visits"]].assign(age=frame["age"].fillna(30).round(-1), buys=frame["buys"])
    return {"two": frame, "several": several, "ties": ties}


@pytest.mark.parametrize("table", ["two", "several", "ties"])
def test_labels_drawn_from_scores_are_those_that_the_model_predicts(tables, table):
    experiment = set_up(tables[table], TrainingRequest("classification", "buys", "compare", "AUC", seed=11, folds=3))
    fold, _ = experiment.prepare(0)
    for model in MODELS:
        fitted = clone(experiment.compute(Recipe(model=model)).estimator).fit(fold.fit_X, fold.fit_y)
        drawn = _Scores(fitted, fold.test_X).labels()
        assert list(drawn) == list(fitted.predict(fold.test_X)), model


class Says:
    """A fitted classifier that says what it is told to."""

    def __init__(self, labels, decisions) -> None:
        self.classes_ = np.unique(labels)
        self._labels, self._decisions = labels, decisions

    def predict(self, X):
        return self._labels

    def decision_function(self, X):
        return self._decisions


@pytest.mark.parametrize(("known", "average"), [([0, 1], "binary"), (["no", "yes"], "weighted")])
def test_the_measures_of_one_confusion_matrix_are_scikit_learns(known, average):
    chance = np.random.default_rng(3)
    truth, said = chance.choice(known, 60), chance.choice(known, 60)
    ranking = chance.normal(size=60).round(1)
    fold = Fold(0, None, None, np.zeros((60, 1)), truth, ())
    metrics = Classes(np.array(known), is_multiclass=False)(Says(said, ranking), fold).metrics
    assert metrics == pytest.approx(
        {
            "Accuracy": (truth == said).mean(),
            "AUC": roc_auc_score(truth, ranking),
            "Recall": recall_score(truth, said, average=average),
            "Prec.": precision_score(truth, said, average=average),
            "F1": f1_score(truth, said, average=average),
            "Kappa": cohen_kappa_score(truth, said),
            "MCC": matthews_corrcoef(truth, said),
        },
        abs=1e-12,
    )


def test_an_auc_counts_ties_by_half():
    assert auc(np.array([True, False]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([True, False, True]), np.array([2.0, 1.0, 3.0])) == 1.0


def test_one_class_throughout_leaves_auc_and_kappa_undefined_and_says_why():
    fold = Fold(0, None, None, np.zeros((4, 1)), np.array([1, 1, 1, 1]), ())
    measured = Classes(np.array([0, 1]), is_multiclass=False)(Says(np.array([1, 1, 1, 1]), np.arange(4.0)), fold)
    assert measured.metrics["Accuracy"] == 1.0
    assert measured.undefined == {
        "AUC": "The fold's test rows are all of one class.",
        "Kappa": "Everything is of one class and predicted so: agreement beyond chance is 0/0.",
    }
    assert measured.pycaret == {"AUC": 0.0}
