"""What a user asks for, made a spec: against the settings, the table, and the run that it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, choices
from workbench.plain import shown
from workbench.preflight.check import preflight
from workbench.preflight.findings import CODES, Preflight
from workbench.preflight.machine import free
from workbench.preflight.overriding import allow, standing
from workbench.preflight.requested import specify
from workbench.preflight.subject import Subject
from workbench.runs import follow, lookup, scores
from workbench.runs.asked import Asked
from workbench.runs.record import RunRecord
from workbench.runs.spec import RunSpec
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
    return source, specify(source, asked, store.settings)


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
    found = preflight(data, store.settings.files, Subject(source, spec), free=free())
    before = again
    if before is None and spec.from_run is not None:
        before = lookup.get(store, spec.from_run)
    known = standing(before.spec) if before is not None and before.source_id == source.id else ()
    return allow(found, codes, known, is_repeated=again is not None)
