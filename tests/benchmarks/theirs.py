"""The other sides of a comparison, each in a process of its own: PyCaret itself, and the limit.

Called by ``compare.py`` as ``theirs.py pycaret|limit REQUEST JOBS ANSWER``; writes seconds and, for PyCaret, its table.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
CLASSES = {
    "classification": "ClassificationExperiment",
    "regression": "RegressionExperiment",
    "time_series": "TSForecastingExperiment",
    "clustering": "ClusteringExperiment",
    "anomaly": "AnomalyExperiment",
}
IGNORED = {"Model", "TT (Sec)"}


def pycaret(asked: dict[str, Any], jobs: int) -> dict[str, Any]:
    import importlib

    import pandas as pd

    made = getattr(importlib.import_module(f"pycaret.{asked['task']}"), CLASSES[asked["task"]])
    frame = pd.read_csv(asked["table"])
    if asked["task"] == "time_series":
        frame[asked["setup"]["index"]] = pd.to_datetime(frame[asked["setup"]["index"]]).dt.to_period("M")
    started = time.perf_counter()
    experiment = made()
    options: dict[str, Any] = {"session_id": asked["seed"], "n_jobs": jobs, "html": False, "verbose": False}
    options |= asked["setup"] | ({"target": asked["target"]} if asked["target"] else {})
    options |= {"fold": asked["folds"]} if asked["folds"] else {}
    experiment.setup(frame, **options)
    board: dict[str, dict[str, float]] = {}
    if asked["task"] in ("clustering", "anomaly"):
        for model in experiment._all_models:
            # What PyCaret cannot fit on this table is no part of its field.
            with contextlib.suppress(Exception):
                experiment.create_model(model, verbose=False)
                if asked["task"] == "clustering":
                    board[model] = {name: float(value) for name, value in experiment.pull().iloc[0].items()}
        seconds = time.perf_counter() - started
    else:
        experiment.compare_models(verbose=False)
        seconds = time.perf_counter() - started
        table = experiment.pull()
        board = {
            str(model): {name: float(value) for name, value in row.items() if name not in IGNORED}
            for model, row in table.iterrows()
        }
    return {"seconds": seconds, "board": board}


def limit(asked: dict[str, Any], jobs: int) -> dict[str, Any]:
    """CPU seconds of bare fits and predictions of the whole field on prepared folds."""
    import pandas as pd
    from sklearn.base import BaseEstimator, clone

    as_shipped = BaseEstimator.__dict__["_get_param_names"]

    from workbench.catalogue import PLANS, TASKS
    from workbench.training import plans
    from workbench.training.experiment import set_up
    from workbench.training.request import TrainingRequest
    from workbench.training.work import Unit

    task = TASKS[asked["task"]]
    defaults = {name: option.default for name, option in PLANS["compare"].options_of(task.name).items()}
    request = TrainingRequest(
        task=task.name,
        target=asked["target"],
        plan="compare",
        sort=task.sort,
        seed=asked["seed"],
        folds=asked["folds"] or task.folds,
        setup=asked["setup"],
        options=defaults,
    )
    experiment = set_up(pd.read_csv(asked["table"]), request)
    candidates = {entry.id: experiment.compute(entry.recipe) for entry in plans.enter(experiment, request).field}
    # The libraries as they come, without what Workbench spares them.
    BaseEstimator._get_param_names = as_shipped
    total = 0.0
    for number in range(experiment.folds):
        fold, _ = experiment.prepare(number)
        for model, compute in candidates.items():
            with contextlib.suppress(Exception):
                if hasattr(compute, "estimator") and hasattr(fold, "fit_X"):
                    estimator = clone(compute.estimator)
                    started = time.process_time()
                    estimator.fit(fold.fit_X, fold.fit_y)
                    estimator.predict(fold.test_X)
                    total += time.process_time() - started
                else:
                    total += compute(Unit(model, number), fold).fit_s
    return {"seconds": total}


if __name__ == "__main__":
    script, request, jobs, answer = sys.argv[1:]
    warnings.filterwarnings("ignore")
    if jobs == "1":
        os.environ.update(ONE_THREAD)
    told = {"pycaret": pycaret, "limit": limit}[script](json.loads(request), int(jobs))
    Path(answer).write_text(json.dumps(told))
