"""One unit of work: a model fitted on one prepared fold and scored by PyCaret's own scorers."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from pycaret.internal.metrics import ScorerWithErrorScore
from pycaret.internal.patches.sklearn import MultimetricScorerPatched
from pycaret.internal.pipeline import pipeline_predict_inverse_only
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.metrics._scorer import _Scorer

from workbench.training.folds import Fold
from workbench.training.request import UnitScored


class Scoring:
    """PyCaret's metrics, made to say why a value is missing instead of answering 0.0.

    Parameters
    ----------
    experiment
        A PyCaret experiment after set-up.
    """

    def __init__(self, experiment: Any) -> None:
        metrics = experiment._all_metrics.values()
        self._signs = {metric.display_name: 1 if metric.greater_is_better else -1 for metric in metrics}
        self._scorer = MultimetricScorerPatched(
            scorers={metric.display_name: _honest(metric.scorer, experiment.is_multiclass) for metric in metrics},
            raise_exc=False,
        )
        self._seed = experiment.seed

    def fit_and_score(self, model_id: str, estimator: Any, fold: Fold) -> UnitScored:
        """Fit a fresh copy of `estimator` on the fold and score it.

        The global random state is set as PyCaret sets it before each model, so that estimators without a seed of
        their own agree too.
        """
        np.random.seed(self._seed)
        started = time.perf_counter()
        fitted = clone(estimator)
        fitted.fit(fold.fit_X, fold.fit_y)
        fit_s = time.perf_counter() - started
        pipeline = copy(fold.pipeline)
        pipeline.steps = [*fold.pipeline.steps[:-1], ("actual_estimator", fitted)]
        with pipeline_predict_inverse_only():
            answers = self._scorer(pipeline, fold.test_X, fold.test_y)
        metrics, undefined = self._read(answers)
        return UnitScored(model_id, fold.fold, metrics, undefined, fit_s, time.perf_counter() - started - fit_s)

    def _read(self, answers: Mapping[str, Any]) -> tuple[dict[str, float | None], dict[str, str]]:
        metrics: dict[str, float | None] = {}
        undefined: dict[str, str] = {}
        for name, answer in answers.items():
            if isinstance(answer, str):
                metrics[name], undefined[name] = None, _last_line(answer)
            elif not math.isfinite(answer):
                metrics[name], undefined[name] = None, "The value is not finite on this fold."
            else:
                metrics[name] = float(answer) * self._signs[name]
        return metrics, undefined


def _honest(scorer: Any, is_multiclass: bool) -> Any:
    if not isinstance(scorer, ScorerWithErrorScore):
        return get_scorer(scorer)
    response = scorer._response_method
    if is_multiclass and "predict_proba" in response:
        # PyCaret asks for decision values first, which are no probabilities of several classes, and prints 0.0.
        response = "predict_proba"
    return _Scorer(scorer._score_func, scorer._sign, scorer._kwargs, response)


def _last_line(traceback: str) -> str:
    lines = [line.strip() for line in traceback.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "The scorer failed without a word."
