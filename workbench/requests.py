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
from workbench.preflight.check import preflight
from workbench.preflight.findings import CODES, Preflight
from workbench.preflight.overriding import allow, standing
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
from workbench.preflight.subject import Subject, columns_named
from workbench.runs import follow, lookup, scores
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.record import RunRecord
from workbench.runs.spec import RunSpec, make_spec
from workbench.service import memory
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


def look(
    store: Store,
    data: Sources,
    source: Source,
    spec: RunSpec,
    *,
    override: str | Sequence[str] = (),
    again: RunRecord | None = None,
) -> Preflight:
    """Look at the table before a run on it starts, and say what stands in the way of it.

    What the run that it follows was let pass passes again, on the same data source where the same is found.

    Parameters
    ----------
    override
        Codes of blocking findings that are to be let pass.
    again
        A run that this one repeats, on the same rows with the same set-up: what was found of them then is not held
        against it, but the memory that there is now is.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when there is no such code.
    Gone, EngineFault
        When the table's file is gone or is not what was stored.
    """
    codes = (override,) if isinstance(override, str) else tuple(override)
    unknown = next((code for code in codes if code not in CODES), None)
    if unknown is not None:
        raise BadRequest("spec.invalid", f"Pre-flight finds no {shown(unknown)}.", hint=choices(str(unknown), CODES))
    found = preflight(data, store.settings.files, Subject(source, spec), free=memory.free())
    before = again
    if before is None and spec.from_run is not None:
        before = lookup.get(store, spec.from_run)
    known = standing(before.spec) if before is not None and before.source_id == source.id else ()
    return allow(found, codes, known, is_repeated=again is not None)


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
