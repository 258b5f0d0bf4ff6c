"""Each fold is prepared once: every model then fits and scores on the same transformed rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import check_array

from workbench.training.request import FoldPrepared

Array = np.ndarray[Any, Any]
Decoder = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of one fold's training and test rows within the training rows."""

    fold: int
    train: Any
    test: Any


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold, transformed, as the arrays that estimators would make of the frames.

    Attributes
    ----------
    fit_X, fit_y
        Training rows as an estimator fits them (outliers removed, classes balanced, labels encoded).
    test_X
        Test rows, transformed.
    test_y
        Test targets as they came: PyCaret scores on decoded ones.
    decoders
        What turns predictions back into targets, in this order.
    """

    fold: int
    fit_X: Array
    fit_y: Array
    test_X: Array
    test_y: Array
    decoders: tuple[Decoder, ...]

    def decode(self, predicted: Array) -> Array:
        """Turn what an estimator predicts into targets as they came."""
        for decoder in self.decoders:
            predicted = decoder(predicted)
        return predicted


class _Keep(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stands where the model will stand, and keeps what it is given to fit."""

    def fit(self, X: pd.DataFrame, y: pd.Series[Any]) -> _Keep:
        self.fit_X_, self.fit_y_ = X, y
        return self


def splits(experiment: Any) -> Sequence[Split]:
    """Return PyCaret's own folds of the training rows, in its order."""
    X, y = experiment.X_train, experiment.y_train
    pairs = experiment.fold_generator.split(X, y, experiment._get_groups(None, data=X))
    return [Split(fold, train, test) for fold, (train, test) in enumerate(pairs)]


def prepare(experiment: Any, split: Split) -> tuple[Fold, FoldPrepared]:
    """Fit the preprocessing on a fold's training rows and transform its test rows, as PyCaret does."""
    started = time.perf_counter()
    X, y = experiment.X_train, experiment.y_train
    # As cross-validation does: a copy would remember columns and their order from the fit on all training rows.
    pipeline = clone(experiment.pipeline)
    pipeline.steps.append(("actual_estimator", _Keep()))
    pipeline.fit(X.iloc[split.train], y.iloc[split.train])
    kept = pipeline.steps[-1][1]
    raw_y = y.iloc[split.test]
    test_X, kept_rows = _transform(pipeline, X.iloc[split.test], raw_y)
    fold = Fold(
        fold=split.fold,
        fit_X=_array(kept.fit_X_),
        fit_y=kept.fit_y_.to_numpy(),
        test_X=_array(test_X),
        test_y=raw_y[raw_y.index.isin(kept_rows)].to_numpy(),
        decoders=_decoders(pipeline),
    )
    return fold, FoldPrepared(
        fold=split.fold,
        train_rows=len(fold.fit_X),
        test_rows=len(fold.test_X),
        features=int(fold.test_X.shape[1]),
        duration_s=time.perf_counter() - started,
    )


def _transform(pipeline: Any, X: pd.DataFrame, y: pd.Series[Any]) -> tuple[pd.DataFrame, Any]:
    """Transform test rows; return them and the index of those that are left."""
    classes = next(
        (classes for _, _, step in pipeline._iter(with_final=False) if (classes := _classes(step)) is not None), None
    )
    if classes is not None:
        # PyCaret loses every model to a class that the fold's training rows lack. The features need no labels.
        y = y.where(y.isin(classes), classes[0])
    changed, target = pipeline._memory_full_transform(pipeline, X, y, with_final=False)
    return changed, target.index


def _array(frame: pd.DataFrame) -> Array:
    """Convert once what every estimator would convert for itself, to the same numbers in the same layout."""
    array = check_array(frame, force_all_finite=False)
    # LightGBM halves the precision of whole numbers that do not come in a frame.
    return np.asarray(array if array.dtype.kind == "f" else array.astype(float))


def _decoders(pipeline: Any) -> tuple[Decoder, ...]:
    steps = [step for _, _, step in pipeline._iter(with_final=False, reverse=True)]
    return tuple(_decoder(step) for step in steps if hasattr(step, "inverse_transform"))


def _decoder(step: Any) -> Decoder:
    classes = _classes(step)
    return partial(_decode_frame, step) if classes is None else partial(_decode_labels, classes)


def _classes(step: Any) -> Array | None:
    """Return the classes that a step encodes, None where it encodes none."""
    classes = getattr(getattr(step, "transformer", None), "classes_", None)
    return None if classes is None else np.asarray(classes)


def _decode_labels(classes: Array, predicted: Array) -> Array:
    return np.asarray(classes[predicted.astype(int)])


def _decode_frame(step: Any, predicted: Array) -> Array:
    return np.asarray(step.inverse_transform(predicted))
