"""Estimators on a matrix: shallow copies in which faster code stands for some methods, to the same numbers.

What an estimator is put together of is copied likewise: a vote, a stack or a bag is as fast as what is in it, and as
exact as scikit-learn makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from workbench.predictor.booster import Booster
from workbench.predictor.forest import Forest
from workbench.predictor.original import Answer, asking
from workbench.predictor.parts import nameless
from workbench.predictor.table import Array

LARGEST = float(np.finfo(np.float32).max)
"""Trees hold a value as float32: what does not fit into one, scikit-learn refuses."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An estimator for matrices.

    Attributes
    ----------
    ask
        Rows × features → what the estimator says of them.
    how
        What of it is compiled code, by class; empty: nothing is, and its own methods are given the matrix.
    takes_gaps
        Whether it may be given NaN.
    memories
        Methods of it that remember what they answered last.
    """

    ask: Callable[[Array], Answer]
    how: tuple[str, ...]
    takes_gaps: bool
    memories: tuple[Once, ...]

    def __call__(self, X: Array) -> Answer:
        from sklearn import config_context

        # Whether rows are finite is seen by `unsure`.
        with config_context(assume_finite=True, skip_parameter_validation=True):
            answer = self.ask(X)
        for memory in self.memories:
            memory.forget()
        return answer

    @property
    def told(self) -> str:
        """What became of the estimator, in words."""
        return f"{' and '.join(self.how)} as compiled code" if self.how else "its own methods on a matrix"

    def unsure(self, X: Array) -> Array | None:
        """Return whether each row has a number that the estimator itself must refuse or take; None: none has."""
        if not X.size or (X.min() >= -LARGEST and X.max() <= LARGEST):
            return None
        fits = np.abs(X) <= LARGEST
        if self.takes_gaps:
            fits |= np.isnan(X)
        unsure: Array = ~fits.all(axis=1)
        return unsure if unsure.any() else None


class Once:
    """A method that answers a second time of the same matrix from memory: labels and scores come of the same sums."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self._last: tuple[Any, Any, Any] | None = None

    def __call__(self, X: Any, **more: Any) -> Any:
        last, self._last = self._last, None
        if last is not None and last[0] is X and last[1] == more:
            # Whoever asks may write into what it gets: it is not kept for a third time.
            return last[2]
        answer = self._method(X, **more)
        self._last = X, more, answer
        return answer

    def forget(self) -> None:
        self._last = None


def compiled(estimator: Any, task: str) -> Compiled:
    """Make an estimator one for matrices, by compiled code where there is a way known."""
    how: set[str] = set()
    made = _standing_in(estimator, how)
    there = {
        name: getattr(made, name)
        for name in ("decision_function", "predict_proba", "kneighbors")
        if hasattr(made, name)
    }
    memories = {name: Once(method) for name, method in there.items()}
    made.__dict__ |= memories
    return Compiled(asking(made, task), tuple(sorted(how)), _takes_gaps(estimator), tuple(memories.values()))


def _standing_in(estimator: Any, how: set[str]) -> Any:
    made = nameless(estimator)
    kind = type(estimator).__name__
    if hasattr(made, "n_jobs"):
        made.n_jobs = 1
    # Whether a version of a library has what its way leans on shows itself on the way.
    with suppress(AttributeError, ImportError):
        if kind in _WAYS and _WAYS[kind](made):
            how.add(kind)
            return made
    for name in _WITHIN:
        within = made.__dict__.get(name)
        if isinstance(within, list):
            setattr(made, name, [_standing_in(part, how) for part in within])
        elif hasattr(within, "n_features_in_") or (name == "detector_" and within is not None):
            setattr(made, name, _standing_in(within, how))
    if kind == "_CalibratedClassifier":
        made.estimator = _standing_in(made.estimator, how)
    return made


def _put(made: Any, name: str, method: Callable[[Array], Array]) -> None:
    """Have a method stand for an estimator's own; scikit-learn asks what it is called."""

    def standing_in(X: Array) -> Array:
        return method(X)

    standing_in.__name__ = name
    setattr(made, name, standing_in)


def _tree(made: Any) -> bool:
    forest = Forest.of([made.tree_])
    if hasattr(made, "classes_"):
        _put(made, "predict_proba", forest.total)
        _put(made, "predict", lambda X: made.classes_.take(np.argmax(made.predict_proba(X), axis=1)))
    else:
        _put(made, "predict", lambda X: forest.total(X)[:, 0])
    return True


def _forest(made: Any) -> bool:
    forest = Forest.of([tree.tree_ for tree in made.estimators_])
    count = len(made.estimators_)
    if hasattr(made, "classes_"):
        _put(made, "predict_proba", lambda X: forest.total(X) / count)
    else:
        _put(made, "predict", lambda X: forest.total(X)[:, 0] / count)
    return True


def _boosted(made: Any) -> bool:
    if not (isinstance(made.init_, str) or type(made.init_).__name__.startswith("Dummy")):
        return False
    outputs = made.estimators_.shape[1]
    start = made._raw_predict_init(np.zeros((1, made.n_features_in_)))[0]

    def held(place: int, values: Array) -> Array:
        added = np.zeros((len(values), outputs))
        added[:, place % outputs] = made.learning_rate * values[:, 0]
        return added

    forest = Forest.of([tree.tree_ for tree in made.estimators_.ravel()], held)
    method = "decision_function" if hasattr(made, "classes_") else "predict"
    _put(made, method, lambda X: forest.total(X, start) if outputs > 1 else forest.total(X, start).ravel())
    return True


def _voted(made: Any) -> bool:
    """AdaBoost by real-valued votes (SAMME.R): what a tree's leaf says is its vote already."""
    from sklearn.ensemble._weight_boosting import _samme_proba

    trees = made.estimators_
    is_plain = all(hasattr(tree, "tree_") and len(tree.classes_) == made.n_classes_ for tree in trees)
    if made.algorithm != "SAMME.R" or not is_plain:
        return False

    def held(place: int, values: Array) -> Array:  # noqa: ARG001 - all trees have the same weight
        says = SimpleNamespace(predict_proba=lambda X: X.copy())
        votes: Array = _samme_proba(says, made.n_classes_, values)
        return votes

    forest = Forest.of([tree.tree_ for tree in trees], held)
    weight, several = made.estimator_weights_.sum(), made.n_classes_ > 2

    def decision_function(X: Array) -> Array:
        votes: Array = forest.total(X) / weight
        return votes if several else votes[:, 1] - votes[:, 0]

    _put(made, "decision_function", decision_function)
    return True


def _isolating(made: Any) -> bool:
    from sklearn.ensemble._iforest import _average_path_length

    if made._max_features != made.n_features_in_:
        return False

    def held(place: int, values: Array) -> Array:  # noqa: ARG001 - how deep a leaf lies is all that counts
        depths = made._decision_path_lengths[place] + made._average_path_length_per_tree[place] - 1.0
        return np.asarray(depths)[:, np.newaxis]

    forest = Forest.of([tree.tree_ for tree in made.estimators_], held)
    usual = len(made.estimators_) * _average_path_length([made._max_samples])
    if usual == 0:
        return False
    _put(made, "score_samples", lambda X: -(2 ** -(forest.total(X)[:, 0] / usual)))
    return True


def _lightgbm(made: Any) -> bool:
    booster = Booster.of(made.booster_)
    if booster is None:
        return False
    predict = booster.predict

    def predict_proba(X: Array) -> Array:
        positive = predict(X)
        if positive.ndim > 1:
            return positive
        both = np.empty((len(X), 2))
        both[:, 0], both[:, 1] = 1.0 - positive, positive
        return both

    if hasattr(made, "classes_"):
        classes = made.classes_
        _put(made, "predict_proba", predict_proba)
        _put(made, "predict", lambda X: classes.take(np.argmax(made.predict_proba(X), axis=1)))
    else:
        _put(made, "predict", predict)
    return True


def _takes_gaps(estimator: Any) -> bool:
    kind = type(estimator).__name__
    if kind.startswith("LGBM"):
        return True
    return kind in _WAYS and bool(estimator._get_tags().get("allow_nan"))


_WITHIN = ("estimators_", "final_estimator_", "estimator_", "detector_", "calibrated_classifiers_")
"""Where estimators keep the fitted ones that they are put together of."""
_WAYS: Mapping[str, Callable[[Any], bool]] = (
    dict.fromkeys(
        ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"), _tree
    )
    | dict.fromkeys(
        ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"), _forest
    )
    | dict.fromkeys(("GradientBoostingClassifier", "GradientBoostingRegressor"), _boosted)
    | dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _lightgbm)
    | {"AdaBoostClassifier": _voted, "IsolationForest": _isolating}
)
