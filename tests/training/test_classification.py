"""A classifier is asked once, and what is drawn from its answer is what it would have said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score, f1_score, matthews_corrcoef, precision_score, recall_score, roc_auc_score

from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.auc import auc
from workbench.training.experiment import set_up
from workbench.training.request import TrainingRequest
from workbench.training.supervised.classification import Classes, _Scores
from workbench.training.supervised.folds import Fold

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
    fold = Fold(0, None, None, np.zeros((60, 1)), truth, (), is_finite=True)
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


def measured(classes, truth, said):
    """Measure a classifier that says what it is told to, on a fold with these labels."""
    fold = Fold(0, None, None, np.zeros((len(truth), 1)), np.array(truth), (), is_finite=True)
    undecided = np.zeros((len(truth), len(classes.known)) if classes.is_multiclass else len(truth))
    return classes(Says(np.array(said), undecided), fold)


@pytest.mark.parametrize(("known", "labels"), [([0, 1, 2], [0, 1, 1, 0]), ([0, 1, 2], [1, 1]), ([1, 2], [1, 1])])
def test_a_classifier_that_is_always_right_recalls_everything_whichever_classes_a_fold_has(known, labels):
    metrics = measured(Classes(np.array(known), len(known) > 2), labels, labels).metrics
    assert [metrics[name] for name in ("Recall", "Prec.", "F1")] == [1, 1, 1]


def test_each_fold_of_several_classes_is_weighted_by_rows_whichever_classes_it_has():
    truth, said = [0, 0, 0, 1], [0, 0, 2, 1]
    counted = measured(Classes(np.array([0, 1, 2]), is_multiclass=True), truth, said)
    assert counted.metrics["Recall"] == pytest.approx(recall_score(truth, said, average="weighted"))
    # PyCaret takes the fold for one of two classes, and scikit-learn refuses the third.
    assert counted.pycaret["Recall"] == counted.pycaret["Prec."] == counted.pycaret["F1"] == 0


@pytest.mark.parametrize(
    "known", [[0, 1, 2], [1, 2], [-1, 1], [0, 1, 5], [0, 5], [False, True], [0, 1], ["a", "b", "c"]], ids=str
)
def test_what_stands_beside_a_fold_is_what_pycarets_own_scorers_count(known):
    chance = np.random.default_rng(6)
    frame = pd.DataFrame({"x": chance.normal(size=60), "t": known * (60 // len(known))})
    experiment = set_up(frame, TrainingRequest("classification", "t", "setup", "AUC", seed=1, folds=2)).pycaret
    classes, metrics = Classes.of(experiment), experiment._all_metrics
    marked = 0
    for _ in range(60):
        truth, said = (chance.choice(chance.permutation(known)[: chance.integers(1, 4)], 5) for _ in range(2))
        counted = measured(classes, truth, said)
        for name in ("recall", "precision", "f1"):
            shown = metrics[name].display_name
            ours = counted.pycaret.get(shown, counted.metrics[shown])
            assert ours == pytest.approx(_or_zero(metrics[name].scorer, truth, said), abs=1e-12), (truth, said)
            marked += shown in counted.pycaret
    # Where rows are all of class 1, and that is the last, to measure it is to measure all of them.
    assert (marked == 0) == (known in ([0, 1], [False, True], ["a", "b", "c"], [-1, 1]))


def _or_zero(scorer, truth, said):
    """What cross-validation makes of a scorer: 0 where it fails."""
    try:
        return scorer._score_func(pd.Series(truth), said, **scorer._kwargs)
    except ValueError:
        return 0.0


def test_a_namesake_from_another_library_is_asked_for_its_own_labels():
    class LogisticRegression(Says):
        """Its labels are not the sign of its decisions."""

    fitted = LogisticRegression(np.array([1, 0, 1]), np.array([-1.0, 1.0, -1.0]))
    assert list(_Scores(fitted, None).labels()) == [1, 0, 1]


def test_an_auc_counts_ties_by_half():
    assert auc(np.array([True, False]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([True, False, True]), np.array([2.0, 1.0, 3.0])) == 1.0


def test_one_class_throughout_leaves_auc_and_kappa_undefined_and_says_why():
    fold = Fold(0, None, None, np.zeros((4, 1)), np.array([1, 1, 1, 1]), (), is_finite=True)
    measured = Classes(np.array([0, 1]), is_multiclass=False)(Says(np.array([1, 1, 1, 1]), np.arange(4.0)), fold)
    assert measured.metrics["Accuracy"] == 1.0
    assert measured.undefined == {
        "AUC": "The test rows are all of one class.",
        "Kappa": "Everything is of one class and predicted so: agreement beyond chance is 0/0.",
    }
    assert measured.pycaret == {"AUC": 0.0}
