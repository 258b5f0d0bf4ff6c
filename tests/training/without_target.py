"""What tests of clustering and anomaly detection share: PyCaret's experiment, and ours before anything is scored."""

from __future__ import annotations

import importlib
from typing import Any

import pandas as pd

from workbench.catalogue import PLANS, TASKS
from workbench.recipe import Recipe
from workbench.training.experiment import Experiment, set_up
from workbench.training.request import TrainingRequest, UnitFailed, UnitScored
from workbench.training.work import Unit

SEED = 11


def theirs(task: str, frame: pd.DataFrame, **setup: Any) -> Any:
    """Set PyCaret's own experiment up."""
    experiment = getattr(importlib.import_module(f"pycaret.{task}"), f"{task.title()}Experiment")()
    quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
    return experiment.setup(frame, session_id=SEED, **quiet, **setup)


def ours(task: str, frame: pd.DataFrame, options: dict[str, Any] | None = None, **setup: Any) -> Experiment:
    """Set the same experiment up as a run would."""
    defaults = {name: option.default for name, option in PLANS["compare"].options_of(task).items()}
    request = TrainingRequest(
        task=TASKS[task].name,
        target=None,
        plan="compare",
        sort=TASKS[task].sort,
        seed=SEED,
        folds=1,
        setup=setup,
        options=defaults | (options or {}),
    )
    return set_up(frame, request)


def score(experiment: Experiment, model: str, **params: Any) -> UnitScored:
    """Score one model on the whole table, here."""
    table, _ = experiment.prepare(0)
    answer = experiment.compute(Recipe(model=model, params=params))(Unit(model, 0), table)
    assert isinstance(answer, UnitScored)
    return answer


def fitted(experiment: Experiment, model: str, **params: Any) -> Any:
    """Fit a model's pipeline and return its last step."""
    return pipeline(experiment, model, **params).steps[-1][1]


def pipeline(experiment: Experiment, model: str, **params: Any) -> Any:
    return experiment.fit(Recipe(model=model, params=params), all_rows=False).pipeline


def units(updates: Any) -> dict[str, UnitScored]:
    return {update.model: update for update in updates if isinstance(update, UnitScored)}


def failures(updates: Any) -> dict[str, str]:
    return {update.model: update.reason for update in updates if isinstance(update, UnitFailed)}
