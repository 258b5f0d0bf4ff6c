"""What to run: checked against the catalogue and the table before anything is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from workbench.catalogue import (
    FOLDS,
    FOLDS_LEAST,
    FOLDS_MOST,
    MANAGED_OPTIONS,
    PLANS,
    SEED,
    SEED_MOST,
    SHARES,
    TASKS,
    Option,
    PlanName,
    Task,
    TaskName,
)
from workbench.errors import BadRequest, choices


class RunSpec(BaseModel):
    """One run, in full.

    Attributes
    ----------
    include
        Ids of the models in the field; None: PyCaret's turbo set.
    exclude
        Ids of models to leave out.
    folds
        Number of cross-validation folds, 2 to 200.
    seed
        PyCaret's ``session_id``, 0 to 2³² − 1.
    sort
        Metric that ranks; None: the task's own (Accuracy, R2).
    setup
        Set-up options by PyCaret's names.
    model_timeout_s
        Longest one model may take on one fold, in seconds; 0: no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: PlanName
    task: TaskName
    target: str
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    folds: int = FOLDS
    seed: int = SEED
    sort: str
    setup: Mapping[str, Any] = {}
    model_timeout_s: float = 0


def make_spec(
    *,
    plan: str,
    task: str,
    target: str,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    folds: int = FOLDS,
    seed: int = SEED,
    sort: str | None = None,
    setup: Mapping[str, Any] | None = None,
    model_timeout_s: float = 0,
) -> RunSpec:
    """Check a request against the catalogue and make it a spec.

    Raises
    ------
    BadRequest
        ``spec.unknown_…`` naming the valid choices, ``plan.not_runnable``, or ``spec.invalid``.
    """
    known = find_task(task)
    _check_plan(plan)
    _check_number("folds", folds, FOLDS_LEAST, FOLDS_MOST)
    _check_number("seed", seed, 0, SEED_MOST)
    if not (math.isfinite(model_timeout_s) and model_timeout_s >= 0):
        raise BadRequest(
            "spec.invalid", f"The time limit of a model is {model_timeout_s:g} s; it takes 0 or more seconds."
        )
    for model_id in (*(include or ()), *exclude):
        if known.model(model_id) is None:
            names = choices(model_id, (model.id for model in known.models))
            raise BadRequest("spec.unknown_model", f"There is no {known.name} model '{model_id}'.", hint=names)
    if plan == "create" and len(include or ()) != 1:
        raise BadRequest("spec.invalid", "The plan 'create' fits one model: name exactly one.")
    field = [model.id for model in known.models if model.is_turbo] if include is None else include
    if all(model_id in exclude for model_id in field):
        raise BadRequest("spec.invalid", "No model is left: name at least one that is not excluded.")
    metric = known.metric(sort or known.sort)
    if metric is None:
        names = choices(str(sort), (m.name for m in known.metrics))
        raise BadRequest("spec.unknown_metric", f"There is no {known.name} metric '{sort}'.", hint=names)
    return RunSpec(
        plan=PLANS[plan].name,
        task=known.name,
        target=target,
        include=None if include is None else tuple(dict.fromkeys(include)),
        exclude=tuple(dict.fromkeys(exclude)),
        folds=folds,
        seed=seed,
        sort=metric.name,
        setup={name: check_option(known, name, value) for name, value in (setup or {}).items()},
        model_timeout_s=model_timeout_s,
    )


def find_task(name: str) -> Task:
    if name not in TASKS:
        raise BadRequest("spec.unknown_task", f"There is no task '{name}'.", hint=choices(name, TASKS))
    return TASKS[name]


def _check_plan(name: str) -> None:
    if name not in PLANS:
        raise BadRequest("spec.unknown_plan", f"There is no plan '{name}'.", hint=choices(name, PLANS))
    if not PLANS[name].is_runnable:
        runnable = ", ".join(plan.name for plan in PLANS.values() if plan.is_runnable)
        raise BadRequest("plan.not_runnable", f"The plan '{name}' is not runnable yet.", hint=f"Runnable: {runnable}.")


def _check_number(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadRequest("spec.invalid", f"{name} is {value!r}; it must be a whole number from {least} to {most}.")


def check_option(task: Task, name: str, value: Any) -> Any:
    """Check one set-up option and return its value in the type PyCaret takes.

    Texts are read as the option's type, so that a command line and a form can pass what was typed.
    """
    if name in MANAGED_OPTIONS:
        raise BadRequest("spec.unknown_option", f"The option '{name}' is governed by {MANAGED_OPTIONS[name]}.")
    option = task.options.get(name)
    if option is None:
        raise BadRequest(
            "spec.unknown_option", f"There is no set-up option '{name}'.", hint=choices(name, task.options)
        )
    try:
        return _READERS[option.kind](option, value)
    except (TypeError, ValueError) as error:
        raise BadRequest("spec.invalid", f"The option '{name}' is {value!r}; it takes {_wanted(option)}.") from error


def _wanted(option: Option) -> str:
    if option.kind == "choice":
        return "one of " + ", ".join(str(choice) for choice in option.choices)
    return {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a number between 0 and 1" if option.name in SHARES else "a number",
        "number": "a number",
        "text": "a text",
        "columns": "a list of columns",
        "mapping": "a mapping of names to lists",
    }[option.kind]


def _is_none(option: Option, value: Any) -> bool:
    return value is None or (option.default is None and isinstance(value, str) and value.strip().lower() == "none")


def _read_bool(option: Option, value: Any) -> Any:  # noqa: ARG001
    words = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise ValueError(value)


def _read_int(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _read_float(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    if not math.isfinite(number) or (option.name in SHARES and not 0 < number < 1):
        raise ValueError(value)
    return number


def _read_number(option: Option, value: Any) -> Any:
    number = _read_float(option, value)
    # PyCaret takes a share for a float and a count for an int: 3 and 3.0 are not the same to it.
    if isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit()):
        return int(value)
    return number


def _read_choice(option: Option, value: Any) -> Any:
    if value in option.choices:
        return value
    if None in option.choices and isinstance(value, str) and value.strip().lower() == "none":
        return None
    raise ValueError(value)


def _read_text(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError(value)
    try:
        # "mean" and 0 are both fills for a gap.
        return _read_float(option, value) if option.choices and value not in option.choices else value
    except ValueError:
        return value


def _read_columns(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, Sequence) and all(isinstance(name, str) for name in value):
        return list(value)
    raise TypeError(value)


def _read_mapping(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str):
        import json

        value = json.loads(value)
    if isinstance(value, Mapping) and all(isinstance(items, (list, tuple)) for items in value.values()):
        return {str(name): list(items) for name, items in value.items()}
    raise TypeError(value)


_READERS = {
    "bool": _read_bool,
    "int": _read_int,
    "float": _read_float,
    "number": _read_number,
    "text": _read_text,
    "choice": _read_choice,
    "columns": _read_columns,
    "mapping": _read_mapping,
}
