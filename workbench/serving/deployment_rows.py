"""Deployments in the store, inside a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.errors import Conflict, NotFound
from workbench.plain import shown
from workbench.registry import lookup
from workbench.registry.pipeline import Pipeline
from workbench.store import audit
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, now

SUBJECT = "deployment"


def find(session: Session, store: Store, reference: str, *, locked: bool = True) -> DeploymentRow:
    """Find a deployment of the workspace by its slug or its id; locked: hold it to the end of the transaction.

    Raises
    ------
    NotFound
        ``deployment.not_found``
    """
    row = None
    # The id first: a handle finds its deployment by it, and no slug that looks like one may stand in its way.
    for condition in (DeploymentRow.id == reference, DeploymentRow.live_slug == reference):
        mine = DeploymentRow.workspace_id == store.workspace_id
        query = select(DeploymentRow).where(DeploymentRow.deleted_at.is_(None), mine, condition)
        row = row or session.scalar(query.with_for_update() if locked else query)
    if row is None:
        raise NotFound("deployment.not_found", f"There is no deployment {shown(reference)}.")
    return row


def keep(session: Session, store: Store, pipeline_id: str) -> Pipeline:
    """See to it that nobody deletes a pipeline before the transaction ends that has a deployment need it."""
    return Pipeline.of(lookup.find(session, store.workspace_id, pipeline_id, hold="keep"))


def is_swapped(row: DeploymentRow, pipeline_id: str) -> Conflict:
    """Say that another pipeline is wanted, or answers, than the one that asks reckoned with."""
    return Conflict(
        "deployment.wrong_state",
        f"{row.slug} is being swapped to pipeline {pipeline_id[-8:]} already, or has been.",
        hint="Wait until that is done.",
        deployment_id=row.id,
        state=row.status,
    )


def expect(row: DeploymentRow, allowed: Sequence[str], what: str) -> None:
    """Refuse what can be done only in some states."""
    if row.status not in allowed:
        raise Conflict(
            "deployment.wrong_state",
            f"{row.slug} is {row.status} and cannot be {what}.",
            deployment_id=row.id,
            state=row.status,
        )


def move(session: Session, row: DeploymentRow, status: str, by: str, why: str) -> None:
    """Change the status, and tell so."""
    before, row.status = row.status, status
    row.updated_at = now()
    tell(session, row, by, status, f"{row.slug}: {before} → {status}: {why}", {"from": before, "to": status})


def tell(session: Session, row: DeploymentRow, by: str, action: str, message: str, details: dict[str, Any]) -> None:
    """Add a line on a deployment to the audit log."""
    audit.record(
        session,
        by=by,
        action=f"deployment.{action}",
        subject=SUBJECT,
        subject_id=row.id,
        message=message,
        details=details,
        workspace_id=row.workspace_id,
    )
