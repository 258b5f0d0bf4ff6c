"""What a process leaves behind that is killed while it promotes or deletes a pipeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from workbench.store.store import Store
from workbench.store.tables import PipelineRow, now

YOUNG = timedelta(hours=1)
"""Artifacts of a pipeline without a row are left alone for so long: it may be about to get one."""


def sweep(store: Store) -> None:
    """Remove artifacts that belong to no pipeline, or to a deleted one."""
    with store.database.read() as session:
        kept = set(session.scalars(select(PipelineRow.id).where(PipelineRow.deleted_at.is_(None))))
    for pipeline_id in store.artifacts.pipelines():
        if pipeline_id not in kept and _made_at(pipeline_id) < now() - YOUNG:
            store.artifacts.delete_pipeline(pipeline_id)


def _made_at(pipeline_id: str) -> datetime:
    """Read the time in an id: the first 48 bits of a UUIDv7 are milliseconds since 1970 (RFC 9562, 5.7)."""
    try:
        return datetime.fromtimestamp((UUID(pipeline_id).int >> 80) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        # Whatever it is, it is not ours.
        return now()
