"""Each fold is prepared once: every model then fits and scores on the same transformed rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from workbench.training.request import FoldPrepared


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of one fold's training and test rows within the training rows."""

    fold: int
    train: Any
    test: Any


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold, transformed.

    Attributes
    ----------
    pipeline
        The preprocessing as fitted on this fold's training rows, with a placeholder as its last step.
    fit_X, fit_y
        Training rows as an estimator fits them (outliers removed, classes balanced, labels encoded).
    test_X
        Test rows, transformed.
    test_y
        Test labels as they came: PyCaret scores on decoded labels.
    """

    fold: int
    pipeline: Any
    fit_X: pd.DataFrame
    fit_y: pd.Series[Any]
    test_X: pd.DataFrame
    test_y: pd.Series[Any]


class _Keep(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stands where the model will stand, and keeps what it is given to fit."""

    def fit(self, X: pd.DataFrame, y: pd.Series[Any]) -> _Keep:
        self.fit_X_, self.fit_y_ = X, y
        return self


def splits(experiment: Any) -> Iterator[Split]:
    """Yield PyCaret's own folds of the training rows, in its order."""
    X, y = experiment.X_train, experiment.y_train
    pairs = experiment.fold_generator.split(X, y, experiment._get_groups(None, data=X))
    for fold, (train, test) in enumerate(pairs):
        yield Split(fold, train, test)


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
    test_X, test_y = pipeline._memory_full_transform(pipeline, X.iloc[split.test], raw_y, with_final=False)
    fold = Fold(
        fold=split.fold,
        pipeline=pipeline,
        fit_X=kept.fit_X_,
        fit_y=kept.fit_y_,
        test_X=test_X,
        test_y=raw_y[raw_y.index.isin(test_y.index)],
    )
    return fold, FoldPrepared(
        fold=split.fold,
        train_rows=len(fold.fit_X),
        test_rows=len(fold.test_X),
        features=fold.test_X.shape[1],
        duration_s=time.perf_counter() - started,
    )
