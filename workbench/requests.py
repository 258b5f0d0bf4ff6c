"""What a user asks for, made a spec: against the settings, the table, and the run that it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.catalogue import TASKS
from workbench.catalogue.horizon import Horizon
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, choices
from workbench.plain import shown
from workbench.preflight.refusals import (
    check_columns,
    check_encoded,
    check_features,
    check_found,
    check_ground_truth,
    check_levels,
    check_series,
    check_target,
    suggest_task,
)
from workbench.runs import follow, lookup, scores
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.spec import RunSpec, make_spec
from workbench.store.store import Store


def resolve(
    store: Store, data: Sources, named: Source | str | None, request: Mapping[str, Any]
) -> tuple[Source, RunSpec]:
    """Check a request, storing nothing.

    Parameters
    ----------
    named
        A data source, its name or its id; None where the request follows a run.
    request
        Fields of `workbench.runs.asked.Asked`; None wherever Workbench is to choose. ``from_run`` is a run's id.

    Raises
    ------
    BadRequest
        Naming what does not fit and the valid choices.
    NotFound
        When there is no such data source or run.
    Gone
        ``data.file_missing`` when the data source of the run that it follows is not there any more.
    """
    asked = Asked.of(request)
    if not isinstance(named, Source | str | None):
        raise BadRequest(
            "spec.invalid",
            f"data is {shown(named)}; it takes one data source, its name or its id.",
            hint="A table in memory is written to a CSV file and uploaded first.",
        )
    source = data.get(named) if named else None
    if asked.from_run is not None:
        before = lookup.get(store, asked.from_run)
        source = source or data.of_run(before.source_id)
        asked = follow.filled_in(asked, before, scores.leaderboard(store.database, before))
    if source is None:
        raise BadRequest("spec.no_data", "No data source was named.", hint="Upload a table or load a sample first.")
    settings = {name: getattr(store.settings, name) for name in LIMITS if getattr(asked, name) is None}
    spec = make_spec(replace(asked, task=asked.task or _task(source, asked.target), **settings))
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
            if name != "ignore_features" and truth in _columns_named(spec, name, value):
                raise BadRequest("spec.invalid", f"The option '{name}' names the ground truth '{truth}'.")
        check_ground_truth(source, truth, task=spec.task)
    check_features(
        source,
        left_out=[*(setup.get("ignore_features") or ()), *([truth] if truth else ())],
        clusters=spec.options.get("num_clusters", 1),
    )
    check_encoded(source, setup, task=spec.task, truth=truth)


def _claimed(spec: RunSpec, *, besides: str) -> set[str]:
    """Return the columns that set-up options other than one say to be something."""
    claiming = [option.name for option in TASKS[spec.task].options.values() if option.claims and option.name != besides]
    return {column for name in claiming for column in _columns_named(spec, name, spec.setup.get(name))}


def _columns_named(spec: RunSpec, option: str, value: Any) -> Sequence[str]:
    """Return the columns that a set-up option names."""
    kind = TASKS[spec.task].options[option].kind
    if not value:
        return ()
    if kind == "column":
        return (value,)
    if kind == "groups":
        return [name for names in value.values() for name in names]
    return list(value) if kind in ("columns", "levels") else ()
