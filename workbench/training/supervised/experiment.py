"""Classification and regression: each fold prepared once, each unit fitted and scored on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from workbench.ranking import mean_test_ratio
from workbench.recipe import Recipe
from workbench.training import recipes
from workbench.training.dates import learn_patterns, taking_text, with_dates
from workbench.training.experiment import QUIET, Fitted, Shape, pycaret_experiment
from workbench.training.request import FoldPrepared, TrainingRequest
from workbench.training.supervised import folds, regression
from workbench.training.supervised.classification import Classes
from workbench.training.supervised.scoring import FitAndScore, Measure
from workbench.training.work import Compute

_MEASURES: Mapping[str, Callable[[Any], Measure]] = {
    "classification": Classes.of,
    "regression": lambda experiment: regression.measure,  # noqa: ARG005 - errors are the same for every experiment
}
"""Task → what makes a measure of a PyCaret experiment after set-up."""


class SupervisedExperiment:
    """PyCaret's classification or regression experiment, set up."""

    def __init__(self, frame: pd.DataFrame, request: TrainingRequest) -> None:
        self.pycaret = pycaret_experiment(request.task)
        self._dates = learn_patterns(frame, request.setup.get("date_features"))
        with _remembered(self.pycaret):
            self.pycaret.setup(
                with_dates(frame, self._dates),
                target=request.target,
                session_id=request.seed,
                fold=request.folds,
                memory=False,
                **QUIET,
                **request.setup,
            )
            features_out = self.pycaret.train_transformed.shape[1] - 1
        # Columns that are left out the pipeline does not take.
        self._features, self._target = frame[self.pycaret.X.columns], frame[request.target]
        self._has_labels = request.task == "classification"
        self._splits = folds.splits(self.pycaret)
        self._measure = _MEASURES[request.task](self.pycaret)
        self.folds = len(self._splits)
        self.shape = Shape(
            train_rows=len(self.pycaret.X_train),
            test_rows=len(self.pycaret.X_test),
            features_in=self.pycaret.X_train.shape[1],
            features_out=features_out,
            test_ratio=mean_test_ratio((len(split.test), len(split.train)) for split in self._splits),
        )

    def prepare(self, fold: int) -> tuple[folds.Fold, FoldPrepared]:
        # Whatever draws at random draws the same, whoever prepares the fold.
        np.random.seed(self.pycaret.seed)
        return folds.prepare(self.pycaret, self._splits[fold])

    def compute(self, recipe: Recipe) -> Compute:
        return FitAndScore(recipes.estimator(self.pycaret, recipe), self.pycaret.seed, self._measure)

    def fit(self, recipe: Recipe, *, all_rows: bool) -> Fitted:
        from pycaret.internal.pipeline import estimator_pipeline

        X, y = (self.pycaret.X, self.pycaret.y) if all_rows else (self.pycaret.X_train, self.pycaret.y_train)
        np.random.seed(self.pycaret.seed)
        with estimator_pipeline(self.pycaret.pipeline, recipes.estimator(self.pycaret, recipe)) as pipeline:
            pipeline.fit(X, y)
        # PyCaret keeps the table's own row numbers, in whatever order it puts the rows.
        rows, table = np.sort(X.index.to_numpy()), np.arange(len(self._features))
        return Fitted(
            taking_text(pipeline, self._dates),
            takes=self._features,
            features=self._features,
            target=self._target,
            rows=rows,
            held_out=np.setdiff1d(table, rows),
            numbers=table,
            dates=self._dates,
            has_labels=self._has_labels,
        )


@contextmanager
def _remembered(experiment: Any) -> Iterator[None]:
    """Spare set-up what it does again and again, or for a log that nobody keeps.

    It describes the rows by transforming them anew for each line, writes the pipeline out, and makes all models anew
    for each that could have another engine.
    """
    from pycaret.internal.pipeline import Pipeline

    kind: Any = type(experiment)

    class Remembering(kind):  # type: ignore[misc]
        def _set_exp_model_engines(self, container_default_engines: Mapping[str, str], engine: None) -> Any:
            assert engine is None, "no other engine can be asked for"
            self.exp_model_engines = dict(container_default_engines)
            return self

        @cached_property
        def train_transformed(self) -> pd.DataFrame:
            return super().train_transformed  # type: ignore[no-any-return]

        @cached_property
        def test_transformed(self) -> pd.DataFrame:
            return super().test_transformed  # type: ignore[no-any-return]

    experiment.__class__ = Remembering
    try:
        with patch.object(Pipeline, "__repr__", object.__repr__):
            yield
    finally:
        experiment.__class__ = kind
        for name in ("train_transformed", "test_transformed"):
            experiment.__dict__.pop(name, None)
