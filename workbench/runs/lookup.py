"""Finding runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, tuple_
from sqlalchemy.orm import Session

from workbench.errors import BadRequest, NotFound
from workbench.pages import bounded
from workbench.runs.asked import LIMITS
from workbench.runs.record import QUEUED, RUNNING, SUCCEEDED, TERMINAL, RunRecord, record
from workbench.runs.spec import RunSpec
from workbench.store import ids
from workbench.store.store import Store
from workbench.store.tables import ExperimentRow, RunRow, SourceRow

_NEWEST_FIRST = (RunRow.created_at.desc(), RunRow.id.desc())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs a list is to have; what is left open lets all pass.

    Attributes
    ----------
    status
        Any of these.
    project, experiment
        Their ids.
    sources
        Ids of versions of data sources: any of them.
    """

    status: tuple[str, ...] = ()
    project: str | None = None
    experiment: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.status:
            yield RunRow.status.in_(self.status)
        if self.project is not None:
            yield RunRow.experiment_id.in_(select(ExperimentRow.id).where(ExperimentRow.project_id == self.project))
        if self.experiment is not None:
            yield RunRow.experiment_id == self.experiment
        if self.sources:
            yield RunRow.source_id.in_(self.sources)


ANY = Wanted()


def get(store: Store, reference: str) -> RunRecord:
    """Find a run by its id or by the end of it (at least four digits).

    Raises
    ------
    NotFound
        ``run.not_found``
    BadRequest
        ``run.ambiguous`` when several runs end like that.
    """
    with store.database.read() as session:
        return record(*_find(session, _visible(store), reference))


def is_terminal(store: Store, run_id: str) -> bool:
    """Whether a run has ended, at the least cost: for those who ask again and again."""
    with store.database.read() as session:
        return session.scalar(_STATUS, {"run_id": run_id}) in (None, *TERMINAL)


_STATUS = select(RunRow.status).where(RunRow.id == bindparam("run_id"))


def listed(store: Store, *, limit: int = 100, before: str | None = None, wanted: Wanted = ANY) -> list[RunRecord]:
    """Return runs, newest first.

    Parameters
    ----------
    before
        A run: only those that were submitted before it.

    Raises
    ------
    NotFound
        ``run.not_found`` when there is no run `before`.
    """
    # Ids first, which the index has in this order: rows are read of those alone that are shown.
    here = RunRow.workspace_id == store.workspace_id
    page = select(RunRow.id).where(here, RunRow.deleted_at.is_(None), *wanted.conditions)
    with store.database.read() as session:
        if before is not None:
            # One that is deleted while somebody turns pages still says where they are.
            last = _find(session, select(RunRow.created_at, RunRow.id).where(here), before)
            page = page.where(tuple_(RunRow.created_at, RunRow.id) < (last.created_at, last.id))
        chosen = page.order_by(*_NEWEST_FIRST).limit(bounded(limit)).subquery()
        # Columns, and no objects that a session keeps: a page is read and forgotten.
        query = select(*RunRow.__table__.columns, SourceRow.name).join(chosen, chosen.c.id == RunRow.id)
        query = query.join(SourceRow, SourceRow.id == RunRow.source_id).order_by(*_NEWEST_FIRST)
        found: Any = session.execute(query)
        return [record(row, row.name) for row in found]


def sources(store: Store, reference: str) -> tuple[str, ...]:
    """Return the ids of all versions of a data source by its name, or the one that an id means; deleted ones too.

    Raises
    ------
    NotFound
        ``data.not_found``
    """
    wanted = ids.text(reference)
    query = select(SourceRow.id).where(
        SourceRow.workspace_id == store.workspace_id, or_(SourceRow.name == wanted, SourceRow.id == wanted)
    )
    with store.database.read() as session:
        found = tuple(session.scalars(query))
    if not found:
        raise NotFound("data.not_found", f'There is no data source "{wanted}".', source=wanted)
    return found


def asked_alike(store: Store, run: RunRecord, spec: RunSpec) -> RunRecord | None:
    """Find the newest run that follows another one and was asked for the same, and has not failed.

    How fast and where it was to run does not matter.
    """
    wanted = {name: value for name, value in spec.as_dict().items() if name not in LIMITS}
    experiment = select(RunRow.experiment_id).where(RunRow.id == run.id).scalar_subquery()
    query = _visible(store).where(
        RunRow.experiment_id == experiment, RunRow.plan == spec.plan, RunRow.status.in_((QUEUED, RUNNING, SUCCEEDED))
    )
    with store.database.read() as session:
        for found in session.execute(query.order_by(*_NEWEST_FIRST)):
            known = record(*found)
            if not known.cancel_requested and all(known.spec.get(name) == value for name, value in wanted.items()):
                return known
    return None


def _find(session: Session, query: Any, reference: str) -> Any:
    """Find the one row that a reference means among those that a query selects."""
    condition = ids.matching(RunRow.id, reference)
    found = [] if condition is None else session.execute(query.where(condition).limit(2)).all()
    if not found:
        raise NotFound("run.not_found", f"There is no run '{reference}'.", run_id=reference)
    if len(found) > 1:
        raise BadRequest("run.ambiguous", f"Several runs end in '{reference}': give more of the id.")
    return found[0]


def _visible(store: Store) -> Any:
    return (
        select(RunRow, SourceRow.name)
        .join(SourceRow, SourceRow.id == RunRow.source_id)
        .where(RunRow.workspace_id == store.workspace_id, RunRow.deleted_at.is_(None))
    )
