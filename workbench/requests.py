"""What a user asks for, made a spec: against the settings, the table, and the run that it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.catalogue import TASKS
from workbench.catalogue.horizon import Horizon
from workbench.data.preflight import (
    check_columns,
    check_encoded,
    check_features,
    check_ground_truth,
    check_series,
    check_target,
    suggest_task,
)
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, choices
from workbench.runs import follow, lookup, scores
from workbench.runs.spec import Asked, RunSpec, make_spec
from workbench.store.store import Store

LIMITS = ("executor", "model_timeout_s", "run_timeout_s", "unit_memory")
"""Settings that a request may override."""


def resolve(
    store: Store, data: Sources, named: Source | str | None, request: Mapping[str, Any]
) -> tuple[Source, RunSpec]:
    """Check a request, storing nothing.

    Parameters
    ----------
    named
        A data source, its name or its id; None where the request follows a run.
    request
        Fields of `workbench.runs.spec.Asked`; None wherever Workbench is to choose. ``from_run`` is a run's id.

    Raises
    ------
    BadRequest
        Naming what does not fit and the valid choices.
    NotFound
        When there is no such data source or run.
    """
    asked = {name: value for name, value in request.items() if value is not None}
    unknown = [name for name in asked if name not in Asked.__dataclass_fields__]
    if unknown:
        raise BadRequest(
            "spec.invalid",
            f"A request has no '{unknown[0]}'.",
            hint=choices(unknown[0], Asked.__dataclass_fields__),
        )
    if "from_run" in asked:
        before = lookup.get(store, asked["from_run"])
        named = named or before.source_id
        asked = follow.filled_in(asked, before, scores.leaderboard(store.database, before))
    if not named:
        raise BadRequest("spec.no_data", "No data source was named.", hint="Upload a table or load a sample first.")
    source = data.get(named)
    limits = {name: getattr(store.settings, name) for name in LIMITS}
    task = asked.get("task") or _task(source, asked.get("target"))
    spec = make_spec(Asked(**limits | asked | {"task": task}))
    _check_against(source, spec)
    return source, spec


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
        check_columns(source, name, _columns_named(spec, name, value), target=spec.target)
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
            if name != "ignore_features" and truth in _columns_named(spec, name, value):
                raise BadRequest("spec.invalid", f"The option '{name}' names the ground truth '{truth}'.")
        check_ground_truth(source, truth, task=spec.task)
    check_features(
        source,
        left_out=[*(setup.get("ignore_features") or ()), *([truth] if truth else ())],
        clusters=spec.options.get("num_clusters", 1),
    )
    options = TASKS[spec.task].options
    most = setup.get("max_encoding_ohe", options["max_encoding_ohe"].default)
    if setup.get("preprocess", True) and most < 0 and setup.get("rare_to_value") is None:
        elsewhere = ("ignore_features", "ordinal_features", "date_features", "text_features", "numeric_features")
        others = {column for name in elsewhere for column in setup.get(name) or ()} | {truth}
        check_encoded(source, [column.name for column in source.columns if column.name not in others])


def _columns_named(spec: RunSpec, option: str, value: Any) -> Sequence[str]:
    """Return the columns that a set-up option names."""
    if not value or option == "create_date_columns":
        return ()
    if option == "fold_groups" or TASKS[spec.task].options[option].kind == "column":
        return (value,)
    if option == "group_features":
        return [name for names in value.values() for name in names]
    return list(value) if TASKS[spec.task].options[option].kind in ("columns", "mapping") else ()
