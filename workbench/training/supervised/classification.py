"""The measures of a classification, as PyCaret's metric containers define them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.training.auc import auc
from workbench.training.measured import Measured
from workbench.training.supervised.counts import confusion, measure, shares
from workbench.training.supervised.folds import Decoder, Fold

Array = np.ndarray[Any, Any]

_FROM_PROBABILITIES = frozenset(
    {
        "lightgbm.LGBMClassifier",
        "sklearn.DecisionTreeClassifier",
        "sklearn.ExtraTreesClassifier",
        "sklearn.KNeighborsClassifier",
        "sklearn.RandomForestClassifier",
    }
)
"""Classifiers, by library and name, whose ``predict`` is the likeliest class of their ``predict_proba``, the first of
equals.
"""
_FROM_DECISIONS = frozenset(
    {
        "sklearn.AdaBoostClassifier",
        "sklearn.LinearDiscriminantAnalysis",
        "sklearn.LogisticRegression",
        "sklearn.QuadraticDiscriminantAnalysis",
        "sklearn.RidgeClassifier",
        "sklearn.SGDClassifier",
    }
)
"""Classifiers whose ``predict`` of two classes is the sign of their ``decision_function``."""
_FROM_DECISIONS_AND_ZERO = frozenset({"sklearn.GradientBoostingClassifier"})
"""Classifiers that take a ``decision_function`` of 0 for the second class too."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a classifier says of some rows.

    Attributes
    ----------
    labels
        Its predictions, as the target has the classes.
    learned
        The classes that it learned, likewise.
    scores
        Of two classes, one number a row that grows with the likelihood of the last; of several, one column a class of
        `learned`; None where it gives neither probabilities nor decision values.
    decides
        Whether it gives decision values.
    """

    labels: Array
    learned: Array
    scores: Array | None
    decides: bool

    def place(self, label: Any) -> int:
        """Column of a class that it learned."""
        return int(np.flatnonzero(self.learned == label)[0])


def hear(fitted: Any, X: Any, decode: Decoder, *, is_multiclass: bool) -> Said:
    """Ask a fitted classifier about some rows for all that the measures need.

    Parameters
    ----------
    decode
        Turns what it predicts into classes as the target has them.
    is_multiclass
        Whether the target is one of several classes.
    """
    scores = _Scores(fitted, X)
    return Said(
        labels=np.asarray(decode(scores.labels())).reshape(-1),
        learned=np.asarray(decode(scores.classes)).reshape(-1),
        scores=scores.columns() if is_multiclass else scores.ranking(),
        decides=scores.decides,
    )


@dataclass(frozen=True, slots=True)
class Classes:
    """Measures classifiers of one experiment.

    Attributes
    ----------
    known
        Every class of the target, sorted.
    is_multiclass
        Whether PyCaret takes the target for one of several classes.
    is_encoded
        Whether PyCaret numbers the classes for the models, which it does unless they are 0, 1 and so on already.
    """

    known: Array
    is_multiclass: bool
    is_encoded: bool = False

    @classmethod
    def of(cls, experiment: Any) -> Classes:
        from pycaret.utils.generic import get_label_encoder

        known = np.unique(np.asarray(experiment.y))
        return cls(known, bool(experiment.is_multiclass), get_label_encoder(experiment.pipeline) is not None)

    def __call__(self, fitted: Any, fold: Fold) -> Measured:
        """Measure a fitted classifier on a fold's test rows."""
        said = hear(fitted, fold.test_X, fold.decode, is_multiclass=self.is_multiclass)
        return self.measure(np.asarray(fold.test_y), said)

    def measure(self, truth: Array, said: Said) -> Measured:
        """Measure what a classifier says of rows whose classes are known."""
        measured = Measured()
        self._count(measured, truth, said.labels)
        if said.scores is None:
            measured.leave_out("AUC", "The model gives neither probabilities nor decision values.", pycaret=0.0)
        elif self.is_multiclass:
            self._put_auc_of_many(measured, truth, said, said.scores)
        else:
            self._put_auc(measured, truth, said.scores)
        return measured

    def _count(self, measured: Measured, truth: Array, said: Array) -> None:
        matrix = confusion(self.known, truth, said)
        for name in ("Accuracy", "Recall", "Prec.", "F1"):
            measured.put(name, float(measure(name, matrix, is_binary=self.is_binary)))
        actual, claimed = matrix.sum(axis=1), matrix.sum(axis=0)
        # PyCaret looks at the labels of each fold by itself.
        if not self.is_binary and _is_binary(self.known[actual > 0]):
            place = self._measured_by_pycaret(actual + claimed > 0)
            for name, values in shares(matrix).items():
                measured.set_beside(name, 0.0 if place is None else float(values[place]))
        kappa = float(measure("Kappa", matrix, is_binary=self.is_binary))
        if math.isnan(kappa):
            measured.leave_out("Kappa", "Everything is of one class and predicted so: agreement beyond chance is 0/0.")
        else:
            measured.put("Kappa", kappa)
        measured.put("MCC", float(measure("MCC", matrix, is_binary=self.is_binary)))

    @property
    def is_binary(self) -> bool:
        """Whether Recall, Prec. and F1 are those of the last class instead of all."""
        return _is_binary(self.known)

    def _measured_by_pycaret(self, seen: Array) -> int | None:
        """Place of the class that PyCaret measures on a fold whose rows are all of the classes 0 and 1.

        Parameters
        ----------
        seen
            Which classes the rows are of, or are predicted to be of.

        Returns
        -------
        int, or None
            None where scikit-learn refuses or counts 0: three classes are seen, or that one is not.
        """
        places = np.flatnonzero(seen & (self.known == (self.known[-1] if self.is_encoded else 1)))
        return int(places[0]) if len(places) and seen.sum() <= 2 else None

    def _put_auc(self, measured: Measured, truth: Array, ranking: Array) -> None:
        positive = truth == self.known[-1]
        if positive.all() or not positive.any():
            measured.leave_out("AUC", "The test rows are all of one class.", pycaret=0.0)
            return
        measured.put("AUC", auc(positive, ranking))

    def _put_auc_of_many(self, measured: Measured, truth: Array, said: Said, columns: Array) -> None:
        """Average one class against the rest, each weighted by its rows: scikit-learn's ``ovr``, ``weighted``."""
        present, rows = np.unique(truth, return_counts=True)
        if len(present) < 2:
            measured.leave_out("AUC", "The test rows are all of one class.", pycaret=0.0)
            return
        unseen = [label for label in present if label not in said.learned]
        if unseen:
            named = ", ".join(str(label) for label in unseen)
            measured.leave_out("AUC", f"The training rows have no {named}, the test rows do.", pycaret=0.0)
            return
        areas = [auc(truth == label, columns[:, said.place(label)]) for label in present]
        measured.put("AUC", float(np.average(areas, weights=rows)))
        if said.decides or len(present) != columns.shape[1]:
            # PyCaret prefers decision values, which scikit-learn refuses for several classes, as it refuses a fold
            # without one of them.
            measured.set_beside("AUC", 0.0)


class _Scores:
    """What a fitted classifier says of some rows, each thing asked for once."""

    def __init__(self, fitted: Any, X: Any) -> None:
        self._fitted = fitted
        self._X = X
        self.classes = fitted.classes_
        self.decides = hasattr(fitted, "decision_function")
        kind = type(fitted)
        # The library too: others have namesakes that predict in their own way.
        self._kind = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        self._probabilities: Array | None = None
        self._decisions: Array | None = None

    def labels(self) -> Array:
        if self._kind in _FROM_PROBABILITIES:
            return self._classes_at(np.argmax(self._ask_probabilities(), axis=1))
        if self._kind in _FROM_DECISIONS and len(self.classes) == 2:
            return self._classes_at(self._ask_decisions() > 0)
        if self._kind in _FROM_DECISIONS_AND_ZERO and len(self.classes) == 2:
            return self._classes_at(self._ask_decisions().reshape(-1) >= 0)
        return np.asarray(self._fitted.predict(self._X)).reshape(-1)

    def _classes_at(self, places: Array) -> Array:
        return np.asarray(self.classes[places.astype(int)])

    def ranking(self) -> Array | None:
        """One number a row that grows with the likelihood of the last class."""
        if self.decides:
            return self._ask_decisions().reshape(-1)
        if hasattr(self._fitted, "predict_proba"):
            return self._ask_probabilities()[:, -1]
        return None

    def columns(self) -> Array | None:
        """One such column a class."""
        if hasattr(self._fitted, "predict_proba"):
            return self._ask_probabilities()
        if not self.decides:
            return None
        decisions = self._ask_decisions()
        return np.column_stack([-decisions, decisions]) if decisions.ndim == 1 else decisions

    def _ask_probabilities(self) -> Array:
        if self._probabilities is None:
            self._probabilities = np.asarray(self._fitted.predict_proba(self._X))
        return self._probabilities

    def _ask_decisions(self) -> Array:
        if self._decisions is None:
            self._decisions = np.asarray(self._fitted.decision_function(self._X))
        return self._decisions


def _is_binary(labels: Array) -> bool:
    """Whether PyCaret measures one of two classes instead of all: where the labels are 0 and 1 as they stand."""
    return set(labels.tolist()) <= {0, 1}
