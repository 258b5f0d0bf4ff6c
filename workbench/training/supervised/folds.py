"""Each fold is prepared once: every model then fits and scores on the same transformed rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from category_encoders import OneHotEncoder, OrdinalEncoder
from pycaret.internal.pipeline import _fit_one, _transform_one
from pycaret.internal.preprocess.transformers import CleanColumnNames
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import LabelEncoder, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils import check_array

from workbench.training.request import FoldPrepared

Array = np.ndarray[Any, Any]
Decoder = Callable[[Array], Array]
Rows = tuple[pd.DataFrame, "pd.Series[Any]", pd.DataFrame, "pd.Index[Any]"]
"""Training rows and targets as an estimator fits them, test rows, and the index of the test rows that are left."""
ROW_BY_ROW = frozenset(
    {
        CleanColumnNames,
        LabelEncoder,
        MaxAbsScaler,
        MinMaxScaler,
        OneHotEncoder,
        OrdinalEncoder,
        RobustScaler,
        SimpleImputer,
        StandardScaler,
    }
)
"""Transformers that change each row by itself."""


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
    is_finite
        Whether every number is: then no estimator need look for others again.
    """

    fold: int
    fit_X: Array
    fit_y: Array
    test_X: Array
    test_y: Array
    decoders: tuple[Decoder, ...]
    is_finite: bool

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
    raw_y = y.iloc[split.test]
    rows = _at_once if _takes_all_rows_at_once(pipeline) else _one_after_the_other
    fit_X, fit_y, test_X, kept_rows = rows(pipeline, X, y, split)
    features = _array(fit_X), _array(test_X)
    fold = Fold(
        fold=split.fold,
        fit_X=features[0],
        fit_y=fit_y.to_numpy(),
        test_X=features[1],
        test_y=raw_y[raw_y.index.isin(kept_rows)].to_numpy(),
        decoders=_decoders(pipeline),
        is_finite=all(_is_finite(part) for part in (*features, fit_y.to_numpy())),
    )
    return fold, FoldPrepared(
        fold=split.fold,
        train_rows=len(fold.fit_X),
        test_rows=len(fold.test_X),
        features=int(fold.test_X.shape[1]),
        duration_s=time.perf_counter() - started,
    )


def _takes_all_rows_at_once(pipeline: Any) -> bool:
    """Whether every step changes each row by itself, whatever the other rows of the call."""
    steps = [step for _, _, step in pipeline._iter(filter_train_only=False)]
    return all(type(getattr(step, "transformer", step)) in ROW_BY_ROW for step in steps)


def _at_once(pipeline: Any, X: pd.DataFrame, y: pd.Series[Any], split: Split) -> Rows:
    """Fit each step on the training rows, and transform training and test rows by one call: half as many calls."""
    count = len(split.train)
    both = np.concatenate([split.train, split.test])
    X, y = X.iloc[both], y.iloc[both]
    for _, _, step in pipeline._iter(filter_train_only=False):
        _fit_one(step, X.iloc[:count], y.iloc[:count])
        y = _with_known(y, _classes(step))
        X, y = _transform_one(step, X, y)
    return X.iloc[:count], y.iloc[:count], X.iloc[count:], y.index[count:]


def _one_after_the_other(pipeline: Any, X: pd.DataFrame, y: pd.Series[Any], split: Split) -> Rows:
    pipeline.steps.append(("actual_estimator", _Keep()))
    pipeline.fit(X.iloc[split.train], y.iloc[split.train])
    kept = pipeline.steps[-1][1]
    test_X, kept_rows = _transform(pipeline, X.iloc[split.test], y.iloc[split.test])
    pipeline.steps.pop()
    return kept.fit_X_, kept.fit_y_, test_X, kept_rows


def _transform(pipeline: Any, X: pd.DataFrame, y: pd.Series[Any]) -> tuple[pd.DataFrame, Any]:
    """Transform test rows; return them and the index of those that are left."""
    classes = next(
        (classes for _, _, step in pipeline._iter(with_final=False) if (classes := _classes(step)) is not None), None
    )
    changed, target = pipeline._memory_full_transform(pipeline, X, _with_known(y, classes), with_final=False)
    return changed, target.index


def _with_known(y: pd.Series[Any], classes: Array | None) -> pd.Series[Any]:
    """Put a known class where a label is none of them.

    PyCaret loses every model to a class that the fold's training rows lack. The features need no labels.
    """
    return y if classes is None else y.where(y.isin(classes), classes[0])


def _array(frame: pd.DataFrame) -> Array:
    """Convert once what every estimator would convert for itself, to the same numbers in the same layout."""
    array = check_array(frame, force_all_finite=False)
    # LightGBM halves the precision of whole numbers that do not come in a frame.
    return np.asarray(array if array.dtype.kind == "f" else array.astype(float))


def _is_finite(values: Array) -> bool:
    return values.dtype.kind in "biuf" and bool(np.isfinite(values).all())


def _decoders(pipeline: Any) -> tuple[Decoder, ...]:
    steps = [step for _, _, step in pipeline._iter(reverse=True)]
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
