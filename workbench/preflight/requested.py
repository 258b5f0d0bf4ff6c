"""A request made a spec, and refused where it would fail on the table for certain."""

from __future__ import annotations

from dataclasses import replace

from workbench.catalogue import TASKS
from workbench.catalogue.horizon import Horizon
from workbench.data.source import Source
from workbench.errors import BadRequest, choices
from workbench.preflight.refusals import (
    check_columns,
    check_features,
    check_found,
    check_ground_truth,
    check_levels,
    check_series,
    check_target,
    suggest_task,
)
from workbench.preflight.subject import columns_named
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.spec import RunSpec, make_spec
from workbench.settings import Settings


def specify(source: Source, asked: Asked, settings: Settings) -> RunSpec:
    """Make a request for a table a spec.

    Parameters
    ----------
    asked
        What is to be run; whatever is None is chosen: the task by the target's values, limits by the settings.

    Raises
    ------
    BadRequest
        Naming what does not fit and the valid choices.
    """
    limits = {name: getattr(settings, name) for name in LIMITS if getattr(asked, name) is None}
    spec = make_spec(replace(asked, task=asked.task or _task(source, asked.target), **limits))
    _check_against(source, spec)
    return spec


def _task(source: Source, target: str | None) -> str:
    """Choose a task by what the target's values suggest."""
    if not target:
        raise BadRequest(
            "spec.target_missing",
            "No target was named.",
            hint=f"{choices('', source.column_names)} Or name a task without one: clustering, anomaly.",
        )
    return suggest_task(source.column(target))


def _check_against(source: Source, spec: RunSpec) -> None:
    """Refuse what would fail on this table for certain."""
    task = TASKS[spec.task]
    for name, value in spec.setup.items():
        check_columns(source, name, columns_named(spec, name, value), target=spec.target)
        if task.options[name].kind == "levels":
            check_levels(source, name, value or {})
        if task.options[name].found and value:
            claimed = {*_claimed(spec, besides=name), spec.target, spec.options.get("ground_truth")}
            check_found(source, task.options[name], value, claimed=claimed)
    if not task.has_target:
        _check_without_target(source, spec)
        return
    stratify = task.options.get("data_split_stratify")
    check_target(
        source,
        spec.target or "",
        task=spec.task,
        ignored=spec.setup.get("ignore_features") or (),
        stratified=stratify is not None and bool(spec.setup.get(stratify.name, stratify.default)),
    )
    if spec.task == "time_series":
        Horizon.of(spec.setup).check(source.row_count, spec.folds, source.name)
        check_series(source, spec.target or "", spec.setup)
        return
    share = task.options.get("train_size")
    rows = int(source.row_count * (spec.setup.get(share.name, share.default) if share else 1))
    if spec.folds > rows:
        raise BadRequest(
            "spec.invalid", f"{spec.folds} folds cannot be made of the {rows} rows of {source.name} to train on."
        )


def _check_without_target(source: Source, spec: RunSpec) -> None:
    setup, truth = spec.setup, spec.options.get("ground_truth")
    if truth is not None:
        check_columns(source, "ground_truth", [truth], target=None)
        for name, value in setup.items():
            if name != "ignore_features" and truth in columns_named(spec, name, value):
                raise BadRequest("spec.invalid", f"The option '{name}' names the ground truth '{truth}'.")
        check_ground_truth(source, truth, task=spec.task)
    check_features(
        source,
        left_out=[*(setup.get("ignore_features") or ()), *([truth] if truth else ())],
        clusters=spec.options.get("num_clusters", 1),
    )


def _claimed(spec: RunSpec, *, besides: str) -> set[str]:
    """Return the columns that set-up options other than one say to be something."""
    claiming = [option.name for option in TASKS[spec.task].options.values() if option.claims and option.name != besides]
    return {column for name in claiming for column in columns_named(spec, name, spec.setup.get(name))}
