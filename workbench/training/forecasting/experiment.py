"""Forecasting: PyCaret's splits of a series, each model fitted and scored on them a split at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from workbench.catalogue.horizon import Horizon, pycaret_setup
from workbench.dates import PATTERN
from workbench.ranking import mean_test_ratio
from workbench.recipe import Recipe
from workbench.training import recipes
from workbench.training.experiment import QUIET, Fitted, Shape, pycaret_experiment
from workbench.training.forecasting import models, table
from workbench.training.forecasting.scoring import FitAndForecast, Metric, Split
from workbench.training.forecasting.table import Series
from workbench.training.request import FoldPrepared, TrainingRequest
from workbench.training.work import Compute


class ForecastingExperiment:
    """PyCaret's forecasting experiment, set up."""

    def __init__(self, frame: pd.DataFrame, request: TrainingRequest) -> None:
        self._horizon = Horizon.of(request.setup)
        self._horizon.check(len(frame), request.folds, "the table")
        self._series = series = table.arrange(frame, request.setup.get("index"))
        self._target = request.target
        self.pycaret = pycaret_experiment(request.task)
        self.pycaret.setup(
            series.frame if series.dates is None else series.frame.assign(**{str(series.index): series.dates}),
            target=request.target,
            session_id=request.seed,
            fold=request.folds,
            **QUIET,
            **pycaret_setup(request.setup) | {"index": series.index},
        )
        added = models.add_baselines(self.pycaret)
        self._columns = self._columns_ahead(series)
        self._y, self._X = self.pycaret.y_train, self.pycaret.X_train
        self._filled = self._fill()
        self._fh = self.pycaret.fold_generator.fh
        self._splits = list(self.pycaret.fold_generator.split(self._y))
        self._metrics = _metrics(self.pycaret)
        self.folds = len(self._splits)
        changed = self.pycaret.X_train_transformed
        self.shape = Shape(
            train_rows=len(self._y),
            test_rows=len(self.pycaret.y_test),
            features_in=0 if self._X is None else self._X.shape[1],
            features_out=0 if changed is None else changed.shape[1],
            test_ratio=mean_test_ratio((len(test), len(train)) for train, test in self._splits),
            notices=(*series.notices, *_about_added(added, request)),
        )

    def prepare(self, fold: int) -> tuple[Split, FoldPrepared]:
        started = time.perf_counter()
        train, test = self._splits[fold]
        # Some forecasters need other columns without a gap up to the last forecast.
        ahead = np.arange(train[-1] + 1, test[-1] + 1)
        X = self._X
        split = Split(
            fold=fold,
            y=self._y.iloc[train],
            X=None if X is None else X.iloc[train],
            ahead=None if X is None else X.iloc[ahead],
            known=self._filled.iloc[train],
            truth=self._filled.iloc[test],
        )
        return split, FoldPrepared(
            fold=fold,
            train_rows=len(train),
            test_rows=len(test),
            features=self.shape.features_out,
            duration_s=time.perf_counter() - started,
        )

    def compute(self, recipe: Recipe) -> Compute:
        experiment = self.pycaret
        lower, upper = experiment.coverage
        return FitAndForecast(
            pipeline=self._pipeline(recipe),
            fh=self._fh,
            metrics=self._metrics,
            season=experiment.primary_sp_to_use,
            quantile=experiment.point_alpha,
            interval=(lower, upper),
            seed=experiment.seed,
        )

    def fit(self, recipe: Recipe, *, all_rows: bool) -> Fitted:
        y, X = (self.pycaret.y, self.pycaret.X) if all_rows else (self._y, self._X)
        np.random.seed(self.pycaret.seed)
        pipeline = self._pipeline(recipe)
        pipeline.fit(y=y, X=X, fh=self._fh)
        series, places = self._series, np.arange(len(y))
        steps, ahead = places[-1] + np.array(self._horizon.steps), np.arange(len(y), len(series.frame))
        setattr(pipeline, PATTERN, series.pattern)
        last = None if series.dates is None else series.dates.iloc[places[-1]]
        return Fitted(
            pipeline,
            takes=self._columns,
            features=series.frame[self._columns.columns],
            target=series.frame[self._target],
            rows=places,
            held_out=np.intersect1d(steps, ahead),
            ahead=ahead,
            numbers=series.numbers,
            dates={series.index: series.pattern} if series.index else {},
            until=None if last is None else last.isoformat(),
            answers_none="A forecaster predicts the rows after those that it was fitted on.",
        )

    def _pipeline(self, recipe: Recipe) -> Any:
        """Put a forecaster behind the transformations, none of them fitted."""
        from pycaret.utils.time_series.forecasting.pipeline import _add_model_to_pipeline

        forecaster = recipes.estimator(self.pycaret, recipe)
        return clone(_add_model_to_pipeline(pipeline=self.pycaret.pipeline, model=forecaster))

    def _fill(self) -> pd.Series[Any]:
        """Fill gaps of the target once, on all training rows, as PyCaret does for what it scores against."""
        from pycaret.utils.time_series.forecasting.pipeline import _get_imputed_data

        np.random.seed(self.pycaret.seed)
        filled: pd.Series[Any] = _get_imputed_data(pipeline=self.pycaret.pipeline, y=self._y, X=self._X)[0]
        return filled

    def _columns_ahead(self, series: Series) -> pd.DataFrame:
        """Return what a forecast takes, of the rows held out: other columns with their dates, or nothing."""
        if self.pycaret.X is None:
            return pd.DataFrame()
        named = [*([series.index] if series.index else []), *self.pycaret.X.columns]
        return series.frame[named].tail(len(self.pycaret.idx[2])).reset_index(drop=True)


def _about_added(models: Sequence[str], request: TrainingRequest) -> Iterator[str]:
    if models and request.plan == "compare":
        yield f"PyCaret leaves {' and '.join(models)} out for this set-up; they are compared all the same."


def _metrics(experiment: Any) -> tuple[Metric, ...]:
    """Take PyCaret's metrics as it scores splits by them: by their functions, not by their scorers."""
    from pycaret.utils.generic import _get_metrics_dict, get_function_params

    containers = experiment._all_metrics
    scorers = _get_metrics_dict({name: container.scorer for name, container in containers.items()})
    return tuple(
        Metric(
            name=containers[name].display_name,
            function=scorer._score_func,
            takes=frozenset(get_function_params(scorer._score_func)),
            fixed=dict(scorer._kwargs),
        )
        for name, scorer in scorers.items()
    )
