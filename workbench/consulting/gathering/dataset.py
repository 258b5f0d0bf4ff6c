"""What the dataset analyst is shown: a table, its profile, and what pre-flight finds for a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.advisors.candidates import candidates
from workbench.advisors.dataset_analyst.evidence import Change, Changed, DatasetEvidence, Pair
from workbench.advisors.experiment_designer.series import series_setup
from workbench.advisors.table import Look, Table
from workbench.advisors.thresholds import Thresholds
from workbench.advisors.usable import unusable
from workbench.catalogue import TASKS
from workbench.consulting.gathering.table import look, profiled, table_of, target_of
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.runs.spec import find_task
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.data.profile import Profile

_MOST_PAIRS = 20


def gather(store: Store, source_id: str, target: str | None = None, task: str | None = None) -> DatasetEvidence:
    """Gather what is known of a data source for a target.

    Parameters
    ----------
    target
        None: the likeliest, unless the task has none.
    task
        None: what is known of a table that comes with Workbench, else what the target's values suggest.

    Raises
    ------
    NotFound
        ``data.not_found``
    BadRequest
        ``spec.target_missing`` when the table has no such column, ``spec.unknown_task`` when there is no such task.
    Gone, EngineFault
        When the table's file is gone, or is not what was stored.
    """
    has_target = task is None or find_task(task).has_target
    data = Sources(store)
    source = data.get(source_id)
    bare = table_of(data, source, None)
    thresholds = Thresholds.load(store.settings.thresholds)
    able = candidates(bare, thresholds) if has_target else ()
    likely = next((each.name for each in able if each.is_likely), None)
    name = target or likely
    before = next((each for each in data.versions(source) if each.version < source.version), None)
    profile = profiled(data, source, name, before)
    table = table_of(data, source, profile)
    known = table.column(name)
    task = task or (None if known is None else _task(table, known.name, known.suits))
    if known is None and (task is None or TASKS[task].has_target):
        return _evidence(table, profile, able, before)
    request = _request(table, name, task or "", thresholds)
    return _evidence(
        table,
        profile,
        able,
        before,
        target_name=name,
        chosen="asked" if target else "none" if name is None else "likeliest",
        task=task,
        look=look(store, data, source, request),
    )


def _evidence(
    table: Table, profile: Profile, able: Any, before: Source | None, look: Look | None = None, **asked: Any
) -> DatasetEvidence:
    measures = None if profile.target is None else profile.target.measures
    histogram = measures.histogram if measures is not None and measures.of == "number" else None
    return DatasetEvidence(
        table=table,
        candidates=able,
        target=target_of(profile),
        histogram=None if histogram is None else (histogram.edges, histogram.counts),
        pairs=_pairs(profile, asked.get("target_name")),
        look=look,
        change=_change(profile, before),
        **asked,
    )


def _task(table: Table, target: str, suits: str) -> str:
    return table.known_task if table.known_task and target == table.known_target else suits


def _request(table: Table, target: str | None, task: str, thresholds: Thresholds) -> dict[str, Any]:
    request: dict[str, Any] = {"task": task, "plan": "compare"}
    if target is not None and TASKS[find_task(task).name].has_target:
        request["target"] = target
    if task == "time_series" and target is not None:
        request["setup"] = series_setup(table, target, thresholds)
        return request
    left_out = [name for name in unusable(table, thresholds) if name != request.get("target")]
    if left_out:
        request["setup"] = {"ignore_features": left_out}
    return request


def _pairs(profile: Profile, target: str | None) -> tuple[Pair, ...]:
    told = profile.association
    if told is None:
        return ()
    found = [
        Pair(left=left, right=right, strength=round(abs(strength), 4))
        for row, left in enumerate(told.columns)
        for column, right in enumerate(told.columns[:row])
        if (strength := told.cells[row][column]) is not None and target not in (left, right)
    ]
    return tuple(sorted(found, key=lambda pair: -pair.strength)[:_MOST_PAIRS])


def _change(profile: Profile, before: Source | None) -> Change | None:
    told = profile.drift
    if told is None or before is None:
        return None
    return Change(
        version=before.version,
        rows=told.rows_before,
        added=told.added,
        removed=told.removed,
        kinds=told.kinds,
        columns=tuple(
            Changed(
                name=each.name,
                psi=each.psi,
                noise=each.noise,
                missing_before=each.missing_before,
                missing=each.missing,
                appeared=tuple(value.label for value in each.appeared or ()),
                vanished=tuple(value.label for value in each.vanished or ()),
            )
            for each in told.columns
        ),
    )
