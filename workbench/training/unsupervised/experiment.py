"""Clustering and anomaly detection: the table prepared once, each model fitted on all of it and measured there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from workbench.catalogue import PLANS, TASKS
from workbench.recipe import Recipe
from workbench.training import recipes
from workbench.training.dates import learn_patterns, taking_text, with_dates
from workbench.training.experiment import QUIET, Fitted, Shape, pycaret_experiment
from workbench.training.measured import Measured
from workbench.training.request import FoldPrepared, TrainingRequest, UnitScored
from workbench.training.unsupervised.anomaly import Anomalies
from workbench.training.unsupervised.clustering import Clusters
from workbench.training.unsupervised.table import Table
from workbench.training.work import Unit

_MEASURES: Mapping[str, type[Clusters] | type[Anomalies]] = {"clustering": Clusters, "anomaly": Anomalies}


class Measure(Protocol):
    """Fits an estimator on a table and measures it."""

    def fit(self, estimator: Any, table: Table) -> Any: ...

    def __call__(self, estimator: Any, fitted: Any, table: Table) -> Measured:
        """Measure what was fitted; the estimator as it was before may be fitted again."""
        ...


class UnsupervisedExperiment:
    """PyCaret's clustering or anomaly experiment, set up.

    A column that holds the ground truth is kept from the models. PyCaret leaves it among the features, where a model
    may find the answer that it is then judged by.
    """

    def __init__(self, frame: pd.DataFrame, request: TrainingRequest) -> None:
        self._task = TASKS[request.task]
        truth = request.options.get("ground_truth")
        self._measures = _MEASURES[request.task]
        self._truth = None if truth is None else self._measures.encode(frame[truth])
        learnable = frame if truth is None else frame.drop(columns=truth)
        known = PLANS[request.plan].options_of(request.task)
        self._shared = {option.parameter: request.options[name] for name, option in known.items() if option.parameter}
        self.pycaret = pycaret_experiment(request.task)
        self._dates = learn_patterns(frame, request.setup.get("date_features"))
        self.pycaret.setup(
            with_dates(learnable, self._dates), session_id=request.seed, memory=False, **QUIET, **request.setup
        )
        # Columns that are left out the pipeline does not take.
        self._features = frame[self.pycaret.X.columns]
        self.folds = 1
        self.shape = Shape(
            train_rows=len(self.pycaret.X),
            test_rows=0,
            features_in=self.pycaret.X.shape[1],
            features_out=self.pycaret.X_transformed.shape[1],
        )

    def prepare(self, fold: int) -> tuple[Table, FoldPrepared]:
        started = time.perf_counter()
        _, table = self._transform()
        return table, FoldPrepared(
            fold=fold,
            train_rows=len(table.X),
            test_rows=len(table.X),
            features=table.X.shape[1],
            duration_s=time.perf_counter() - started,
        )

    def compute(self, recipe: Recipe) -> FitAndMeasure:
        return FitAndMeasure(self._estimator(recipe), self._measures.of(self.pycaret))

    def fit(self, recipe: Recipe, *, all_rows: bool) -> Fitted:  # noqa: ARG002 - there are no others
        pipeline, table = self._transform()
        if (table.X.dtypes == np.float32).all():
            # New rows may come in twice the precision, which K-Means refuses then.
            pipeline.steps.append(("as_fitted", FunctionTransformer(methodcaller("astype", np.float32))))
        fitted = self._measures.of(self.pycaret).fit(self._estimator(recipe), table)
        pipeline.steps.append(("actual_estimator", fitted))
        # Steps may have dropped rows.
        rows, numbers = np.sort(table.X.index.to_numpy()), np.arange(len(self._features))
        known = self._task.model(recipe.model)
        return Fitted(
            taking_text(pipeline, self._dates),
            takes=self._features,
            features=self._features,
            target=None,
            rows=rows,
            held_out=rows[:0],
            numbers=numbers,
            dates=self._dates,
            has_labels=True,
            answers_none="" if known is None else known.new_rows,
        )

    def _transform(self) -> tuple[Any, Table]:
        """Fit the preprocessing as PyCaret's ``create_model`` does, and keep how it leaves the random state."""
        pipeline = deepcopy(self.pycaret.pipeline)
        np.random.seed(self.pycaret.seed)
        pipeline.steps.append(("actual_estimator", "passthrough"))
        X = pipeline.fit_transform(self.pycaret.X)
        pipeline.steps.pop()
        # Steps may have dropped rows.
        truth = None if self._truth is None else self._truth.loc[X.index].to_numpy()
        return pipeline, Table(X, truth, np.random.get_state())

    def _estimator(self, recipe: Recipe) -> Any:
        estimator = recipes.estimator(self.pycaret, recipe)
        takes = estimator.get_params()
        for parameter, value in self._shared.items():
            # What a recipe says of one model goes before what a plan says of all.
            if parameter in takes and parameter not in recipe.params:
                estimator.set_params(**{parameter: value})
        return estimator


@dataclass(frozen=True, slots=True)
class FitAndMeasure:
    """Scores one candidate on the whole table; carries all it needs to another process.

    What a measure fits for itself counts in the time to score.
    """

    estimator: Any
    measure: Measure

    def __call__(self, unit: Unit, table: Table) -> UnitScored:
        started = time.perf_counter()
        fitted = self.measure.fit(self.estimator, table)
        fit_s = time.perf_counter() - started
        with np.errstate(all="ignore"):
            measured = self.measure(self.estimator, fitted, table)
        return measured.of(unit, fit_s=fit_s, score_s=time.perf_counter() - started - fit_s)
