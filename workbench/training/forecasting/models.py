"""Which of PyCaret's forecasters a set-up has, and why it lacks the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch

from workbench.catalogue import TASKS


def add_baselines(experiment: Any) -> tuple[str, ...]:
    """See that naive forecasts are in an experiment that asks more of its models; return which were not."""
    wanted = TASKS["time_series"].always
    if all(model in experiment._all_models for model in wanted):
        return ()
    there = _of_no_demands(experiment)
    added = {model: there[model] for model in wanted if model in there and model not in experiment._all_models}
    for name in ("_all_models", "_all_models_internal"):
        setattr(experiment, name, added | getattr(experiment, name))
    return tuple(added)


def why_not(experiment: Any, model: str) -> str:
    """Say why PyCaret has no such model after this set-up, in a sentence that begins with its id."""
    known = TASKS["time_series"].model(model)
    if known is not None and known.requires is not None and find_spec(known.requires) is None:
        return f"{model} is not installed where training runs."
    there = _of_no_demands(experiment)
    if model in there:
        forecaster = there[model].class_def(**there[model].args)
        if experiment.enforce_exogenous and forecaster.get_tag("ignores-exogeneous-X"):
            return f"{model} cannot use other columns, and enforce_exogenous keeps only models that can."
        return f"{model} cannot give prediction intervals, which point_alpha takes."
    if experiment.primary_sp_to_use == 1:
        return f"{model} would need a season, and none was found: name one by the option 'seasonal_period'."
    return f"{model} cannot be had from PyCaret after this set-up."


def _of_no_demands(experiment: Any) -> Mapping[str, Any]:
    """Return the models that there would be if none had to use other columns or give intervals."""
    from pycaret.containers.models.time_series import get_all_model_containers

    with patch.object(experiment, "enforce_exogenous", False), patch.object(experiment, "enforce_pi", False):
        found: Mapping[str, Any] = get_all_model_containers(experiment)
    return found
