"""Batches: a data source predicted into a file, by a process of the service's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from workbench.access.places import without_places
from workbench.data.sources import Sources
from workbench.errors import Conflict, NotFound
from workbench.plain import shown
from workbench.registry import lookup
from workbench.settings import Settings
from workbench.store import audit, homes, keyset
from workbench.store.store import Store
from workbench.store.tables import BatchRow, now

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = "queued", "running", "succeeded", "failed", "cancelled"
OPEN = (QUEUED, RUNNING)
PARTIAL = ".partial"
DEATHS_MOST = 2
"""Processes that a batch may lose; with the next one it is given up."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What the store knows of a batch.

    Attributes
    ----------
    status
        ``queued → running → succeeded | failed | cancelled``; back to ``queued`` where it has lost its process.
    error
        Why it has no file, why it starts again, or what it waits for; else None.
    rows_done, rows_total
        Rows predicted so far, and in all.
    file
        Name of the file inside the home's folder of predictions; None until it is whole.
    sha256
        Of that file.
    """

    id: str
    pipeline_id: str
    deployment_id: str | None
    source_id: str
    status: str
    error: str | None
    rows_done: int
    rows_total: int
    file: str | None
    sha256: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status not in OPEN

    @classmethod
    def of(cls, row: BatchRow) -> BatchRecord:
        return cls(
            row.id,
            row.pipeline_id,
            row.deployment_id,
            row.source_id,
            row.status,
            row.error,
            row.rows_done,
            row.rows_total,
            row.file,
            row.sha256,
            row.created_by,
            row.created_at,
            row.started_at,
            row.finished_at,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "id": self.id,
            "pipeline_id": self.pipeline_id,
            "deployment_id": self.deployment_id,
            "source_id": self.source_id,
            "status": self.status,
            "error": self.error,
            "rows_done": self.rows_done,
            "rows_total": self.rows_total,
            "file": self.file,
            "sha256": self.sha256,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
        }


def submit(
    store: Store, pipeline_id: str, source_id: str, rows: int, *, by: str, deployment_id: str | None = None
) -> BatchRecord:
    """Store a batch that waits for its process.

    Raises
    ------
    NotFound
        ``pipeline.not_found``
    """
    with store.database.write() as session:
        lookup.find(session, store.workspace_id, pipeline_id, hold="keep")
        row = BatchRow(
            workspace_id=store.workspace_id,
            pipeline_id=pipeline_id,
            deployment_id=deployment_id,
            source_id=source_id,
            rows_total=rows,
            created_by=by,
            served_by=store.settings.identity,
        )
        session.add(row)
        session.flush()
        _tell(session, row, by, "begun", f"began to predict {rows:,} rows")
        return BatchRecord.of(row)


def get(store: Store, reference: str) -> BatchRecord:
    """Find a batch by its id.

    Raises
    ------
    NotFound
        ``batch.not_found``
    """
    with store.database.read() as session:
        row = session.get(BatchRow, reference)
        if row is None or row.workspace_id != store.workspace_id:
            raise _not_found(reference)
        return BatchRecord.of(row)


def _not_found(reference: str) -> NotFound:
    return NotFound("batch.not_found", f"There is no batch {shown(reference)}.")


def listed(
    store: Store, *, deployment_id: str | None = None, limit: int = 100, before: str | None = None
) -> list[BatchRecord]:
    """Return batches, newest first; None: of all deployments. `before` is the id of one that they are older than.

    Raises
    ------
    NotFound
        ``batch.not_found`` when that is none.
    """
    mine = select(BatchRow).where(BatchRow.workspace_id == store.workspace_id)
    query = mine.order_by(BatchRow.created_at.desc(), BatchRow.id.desc()).limit(limit)
    if deployment_id is not None:
        query = query.where(BatchRow.deployment_id == deployment_id)
    with store.database.read() as session:
        if before is not None:
            older = keyset.older(session, BatchRow, before, store.workspace_id)
            if older is None:
                raise _not_found(before)
            query = query.where(older)
        return [BatchRecord.of(row) for row in session.scalars(query)]


def request_cancel(store: Store, batch_id: str, *, by: str) -> BatchRecord:
    """Ask for a batch's end: one that waits ends at once, one that runs when its process is killed."""
    with store.database.write() as session:
        row = session.get(BatchRow, batch_id, with_for_update=True)
        if row is not None and row.status in OPEN:
            if row.cancel_requested_by is None:
                row.cancel_requested_by = by
                _tell(session, row, by, "cancelled", "cancelled the batch")
            if row.status == QUEUED:
                _end(row, CANCELLED, "")
    return get(store, batch_id)


def delete(store: Store, batch_id: str) -> None:
    """Remove a batch with its file and its log.

    Raises
    ------
    NotFound
        ``batch.not_found``
    Conflict
        ``batch.not_ended`` while it waits or runs.
    """
    get(store, batch_id)
    with store.database.write() as session:
        row = session.get(BatchRow, batch_id, with_for_update=True)
        if row is not None and row.status in OPEN:
            raise Conflict("batch.not_ended", f"The batch is {row.status}.", hint="Cancel it, or wait for its end.")
        # The row last: as long as it is there, whatever stands in the way can be tried again.
        discard(store.settings, batch_id)
        store.settings.process_log("batch", batch_id).unlink(missing_ok=True)
        if row is not None:
            _tell(session, row, store.user, "deleted", "deleted the batch")
            session.delete(row)


def discard(settings: Settings, batch_id: str) -> None:
    """Remove what a batch has written, whole or not."""
    for path in settings.predictions.glob(f"{batch_id}.*"):
        path.unlink(missing_ok=True)


def register(store: Store, batch_id: str, process_id: int, process_started: float) -> BatchRecord | None:
    """Make a process the one that carries a batch; None when it is not to be carried any more."""
    values = {
        "status": RUNNING,
        "error": func.nullif(BatchRow.error, homes.AWAY),
        "served_by": store.settings.identity,
        "process_id": process_id,
        "process_started": process_started,
        "started_at": now(),
        "rows_done": 0,
    }
    return get(store, batch_id) if _change(store, values, BatchRow.id == batch_id, BatchRow.status == QUEUED) else None


def progress(store: Store, batch_id: str, rows_done: int) -> bool:
    """Tell how far a batch is; False when it is not wanted any more, or another home has taken it over."""
    return _change(store, {"rows_done": rows_done}, *_carried(store, batch_id), BatchRow.cancel_requested_by.is_(None))


def finish(store: Store, batch_id: str, *, file: str, sha256: str, rows_done: int) -> bool:
    """Tell where a batch's file is; False as of `progress`."""
    values = {
        "status": SUCCEEDED,
        "error": None,
        "file": file,
        "sha256": sha256,
        "rows_done": rows_done,
        "finished_at": now(),
    }
    return _change(store, values, *_carried(store, batch_id), BatchRow.cancel_requested_by.is_(None))


def fail(store: Store, batch_id: str, why: str) -> bool:
    """Tell why a batch has no file; one whose end was asked for is cancelled."""
    with store.database.write() as session:
        row = session.scalar(select(BatchRow).where(*_carried(store, batch_id)).with_for_update())
        if row is not None:
            _end(row, FAILED, why)
        return row is not None


def sweep(store: Store) -> None:
    """Remove the parts of files that batches left whose process was killed and that nobody carries any more."""
    # Listed first: whoever writes one of these has said before that it carries the batch.
    partials = list(store.settings.predictions.glob(f"*{PARTIAL}"))
    with store.database.read() as session:
        carried = set(session.scalars(select(BatchRow.id).where(BatchRow.status.in_(OPEN))))
    for partial in partials:
        if partial.stem not in carried:
            partial.unlink(missing_ok=True)


class BatchQueue:
    """Batches as the service's errands."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sources = Sources(store)

    def waiting(self) -> list[str]:
        """Return those submitted in this home, and in homes that are gone where the table is here; oldest first."""
        query = (
            select(BatchRow)
            .where(BatchRow.status == QUEUED, homes.is_to_take(self._store, BatchRow.served_by))
            .order_by(BatchRow.created_at, BatchRow.id)
        )
        with self._store.database.read() as session:
            found = list(session.scalars(query))
        mine = self._store.settings.identity
        ours, left, silent = [], [], now() - homes.LEASE
        for row in found:
            if row.served_by == mine or self._sources.is_here(row.source_id):
                ours.append(row.id)
            elif row.error != homes.AWAY and row.created_at < silent:
                # A home whose service is about to start is not gone.
                left.append(row.id)
        if left:
            _change(self._store, {"error": homes.AWAY}, BatchRow.id.in_(left), BatchRow.status == QUEUED)
        return ours

    def under_way(self) -> list[tuple[str, int | None, float | None, bool]]:
        """Return those that run in this home, or in one that is gone."""
        ours = homes.is_to_look_after(self._store, BatchRow.served_by)
        query = select(BatchRow).where(BatchRow.status == RUNNING, ours)
        with self._store.database.read() as session:
            return [
                (row.id, row.process_id, row.process_started, row.cancel_requested_by is not None)
                for row in session.scalars(query)
            ]

    def lost(self, of: str, why: str, process_id: int | None) -> None:
        """Have a batch start again whose process is gone, or end it where that went so too often."""
        with self._store.database.write() as session:
            row = session.get(BatchRow, of, with_for_update=True)
            if row is None or row.status not in OPEN or row.process_id not in (None, process_id):
                return
            discard(self._store.settings, row.id)
            row.deaths += 1
            if row.deaths > DEATHS_MOST or row.cancel_requested_by is not None:
                _end(row, FAILED, why)
                return
            row.status, row.error = QUEUED, f"{why} It starts again."
            row.process_id, row.process_started = None, None
            row.started_at, row.rows_done = None, 0


def _carried(store: Store, batch_id: str) -> tuple[ColumnElement[bool], ...]:
    """Tell a batch as long as this home carries it."""
    return BatchRow.id == batch_id, BatchRow.status == RUNNING, BatchRow.served_by == store.settings.identity


def _tell(session: Session, row: BatchRow, by: str, what: str, message: str) -> None:
    audit.record(
        session,
        by=by,
        action=f"batch.{what}",
        subject="batch",
        subject_id=row.id,
        message=f"{message} ({row.id[-8:]})",
        details={"pipeline_id": row.pipeline_id, "deployment_id": row.deployment_id, "source_id": row.source_id},
        workspace_id=row.workspace_id,
    )


def _end(row: BatchRow, status: str, why: str) -> None:
    by = row.cancel_requested_by
    row.status, row.error = (status, without_places(why)) if by is None else (CANCELLED, f"Cancelled by {by}.")
    row.finished_at = now()


def _change(store: Store, values: dict[str, Any], *where: ColumnElement[bool]) -> bool:
    statement = update(BatchRow).where(*where).values(**values).returning(BatchRow.id)
    with store.database.write() as session:
        return session.execute(statement).first() is not None
