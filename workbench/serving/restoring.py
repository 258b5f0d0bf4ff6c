"""A swap taken back, in the store: one transaction with a line in the audit log."""

from __future__ import annotations

from sqlalchemy.orm import Session

from workbench.errors import NotFound
from workbench.serving import deployment_rows as rows
from workbench.serving.deployment import FAILED, READY, SERVED, WARMING, DeploymentRecord
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, now


def restore(store: Store, before: DeploymentRecord, other: str, *, by: str, why: str) -> DeploymentRecord:
    """Take a swap back, as far as it went: what answered before does again, and a roll-back serves what it did then.

    Where the other one answers already, it goes on until the old one is warm. Once it is, ask again: only then is what
    a roll-back serves put right.

    Parameters
    ----------
    before
        The deployment as it stood before the swap.
    other
        The pipeline that was swapped in, or was to be.

    Raises
    ------
    NotFound
        ``deployment.not_found``, ``pipeline.not_found``
    Conflict
        ``deployment.wrong_state`` when somebody has asked for a third one since, which is left.
    """
    with store.database.write() as session:
        row = rows.find(session, store, before.id)
        old = before.pipeline_id
        if row.pipeline_id == old:
            if row.next_pipeline_id == other != before.next_pipeline_id:
                row.next_pipeline_id = None
                _tell(session, row, by, why, other)
            if row.previous_pipeline_id == other:
                row.previous_pipeline_id = _still_there(session, store, before.previous_pipeline_id)
        elif row.pipeline_id != other or row.next_pipeline_id not in (None, old):
            raise rows.is_swapped(row, row.next_pipeline_id or row.pipeline_id)
        elif row.status == READY:
            if row.next_pipeline_id is None:
                rows.keep(session, store, old)
                row.next_pipeline_id, row.error = old, None
                _tell(session, row, by, why, other)
        else:
            rows.keep(session, store, old)
            row.pipeline_id, row.next_pipeline_id = old, None
            row.previous_pipeline_id = _still_there(session, store, before.previous_pipeline_id)
            _tell(session, row, by, why, other)
            if row.status == FAILED and before.status in SERVED:
                row.error = None
                rows.move(session, row, WARMING, by, why)
        row.updated_at = now()
        return DeploymentRecord.of(row)


def _still_there(session: Session, store: Store, pipeline_id: str | None) -> str | None:
    try:
        if pipeline_id is not None:
            rows.keep(session, store, pipeline_id)
    except NotFound:
        return None
    return pipeline_id


def _tell(session: Session, row: DeploymentRow, by: str, why: str, other: str) -> None:
    rows.tell(session, row, by, "restored", f"{row.slug} takes the swap to {other[-8:]} back: {why}", {"from": other})
