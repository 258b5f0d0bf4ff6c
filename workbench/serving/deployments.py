"""What users do with deployments, in the store: each step is one transaction with a line in the audit log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.errors import BadRequest, Conflict, NotFound
from workbench.plain import shown
from workbench.serving.deployment import (
    API_KEY,
    CREATED,
    FAILED,
    PUBLIC,
    READY,
    SERVED,
    STOPPED,
    WARMING,
    WORKSPACE,
    DeploymentId,
    DeploymentRecord,
)
from workbench.store import audit
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, now

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")
_SUBJECT = "deployment"


def check_slug(store: Store, slug: str) -> None:
    """Refuse a slug that cannot be had.

    Raises
    ------
    BadRequest
        ``deployment.slug_invalid``
    Conflict
        ``deployment.slug_taken``
    """
    if not isinstance(slug, str) or SLUG.fullmatch(slug) is None:
        raise BadRequest(
            "deployment.slug_invalid",
            f"The slug is {shown(slug)}.",
            hint="It takes 3 to 64 small letters, digits and hyphens, with no hyphen at either end.",
        )
    with store.database.read() as session:
        if session.scalar(select(DeploymentRow.id).where(DeploymentRow.live_slug == slug)) is not None:
            raise _taken(slug)


def check_access(access: str) -> None:
    """Refuse an access that is not there.

    Raises
    ------
    BadRequest
        ``deployment.access_invalid``
    """
    if access == API_KEY:
        raise BadRequest(
            "deployment.access_invalid",
            "Access by API key is not there yet: there are no keys to check.",
            hint=f"Choose '{WORKSPACE}' or '{PUBLIC}'.",
        )
    if access not in (WORKSPACE, PUBLIC):
        raise BadRequest(
            "deployment.access_invalid", f"The access is {shown(access)}.", hint=f"Valid: {PUBLIC}, {WORKSPACE}."
        )


def create(
    store: Store, slug: str, pipeline_id: str, *, by: str, access: str = WORKSPACE, alias: str | None = None
) -> DeploymentRecord:
    """Store a deployment, not warm yet.

    Raises
    ------
    BadRequest, Conflict
        As `check_slug` and `check_access`.
    """
    check_access(access)
    check_slug(store, slug)
    try:
        with store.database.write() as session:
            row = DeploymentRow(
                workspace_id=store.workspace_id,
                slug=slug,
                live_slug=slug,
                access=access,
                alias=alias,
                pipeline_id=pipeline_id,
                created_by=by,
            )
            session.add(row)
            session.flush()
            told = f"{slug} serves pipeline {pipeline_id[-8:]} to {access}"
            _tell(session, row, by, "created", told, {"pipeline_id": pipeline_id, "access": access, "alias": alias})
            return DeploymentRecord.of(row)
    except IntegrityError as error:
        # Somebody else took it since it was checked.
        raise _taken(slug) from error


def get(store: Store, reference: str) -> DeploymentRecord:
    """Find a deployment by its slug or its id.

    Raises
    ------
    NotFound
        ``deployment.not_found``
    """
    with store.database.read() as session:
        return DeploymentRecord.of(_find(session, reference, locked=False))


def listed(store: Store) -> list[DeploymentRecord]:
    """Return the deployments that are not deleted, newest first."""
    query = (
        select(DeploymentRow)
        .where(DeploymentRow.deleted_at.is_(None))
        .order_by(DeploymentRow.created_at.desc(), DeploymentRow.id.desc())
    )
    with store.database.read() as session:
        return [DeploymentRecord.of(row) for row in session.scalars(query)]


def warm(store: Store, reference: str, *, by: str) -> DeploymentRecord:
    """Ask for a deployment to be served.

    Raises
    ------
    Conflict
        ``deployment.wrong_state`` when it is served already.
    """
    with store.database.write() as session:
        row = _find(session, reference)
        _expect(row, (CREATED, STOPPED, FAILED), "warmed")
        _move(session, row, WARMING, by, "asked for")
        row.error = None
        return DeploymentRecord.of(row)


def stop(store: Store, reference: str, *, by: str) -> DeploymentRecord:
    """Serve a deployment no more; it can be warmed again.

    Raises
    ------
    Conflict
        ``deployment.wrong_state`` when it is stopped already.
    """
    with store.database.write() as session:
        row = _find(session, reference)
        _expect(row, (CREATED, WARMING, READY, FAILED), "stopped")
        row.next_pipeline_id = None
        _move(session, row, STOPPED, by, "asked for")
        return DeploymentRecord.of(row)


def delete(store: Store, reference: str, *, by: str) -> None:
    """Serve a deployment no more and give its slug free; what was counted of it stays."""
    with store.database.write() as session:
        row = _find(session, reference)
        if row.status in SERVED:
            _move(session, row, STOPPED, by, "it is deleted")
        row.next_pipeline_id = row.shadow_pipeline_id = None
        row.deleted_at, row.live_slug = now(), None
        _tell(session, row, by, "deleted", f"{row.slug} is deleted", {})


def swap(store: Store, reference: str, pipeline_id: str, *, by: str, why: str = "") -> DeploymentRecord:
    """Ask for another pipeline behind a slug: it takes over once it is warm, and until then the old one answers.

    Raises
    ------
    Conflict
        ``deployment.wrong_state`` when another one is being swapped in.
    """
    with store.database.write() as session:
        row = _find(session, reference)
        if row.pipeline_id == pipeline_id:
            # Whatever was being swapped in is not wanted any more.
            row.next_pipeline_id, row.error = None, None
            return DeploymentRecord.of(row)
        if row.next_pipeline_id is not None:
            raise Conflict(
                "deployment.wrong_state",
                f"{row.slug} is being swapped to pipeline {row.next_pipeline_id[-8:]} already.",
                hint="Wait until that is done.",
                deployment_id=row.id,
                state=row.status,
            )
        row.error = None
        details = {"from": row.pipeline_id, "to": pipeline_id}
        told = f"{row.slug} is to go from pipeline {row.pipeline_id[-8:]} to {pipeline_id[-8:]}"
        _tell(session, row, by, "swapping", f"{told}{f': {why}' if why else ''}", details)
        if row.status == READY:
            row.next_pipeline_id = pipeline_id
        else:
            # Nobody is answered yet: what is warmed from now on is the new one.
            row.previous_pipeline_id, row.pipeline_id = row.pipeline_id, pipeline_id
        row.updated_at = now()
        return DeploymentRecord.of(row)


def previous(record: DeploymentRecord) -> str:
    """Return the pipeline that a roll-back serves.

    Raises
    ------
    Conflict
        ``deployment.wrong_state`` where there is none.
    """
    if record.previous_pipeline_id is None:
        raise Conflict(
            "deployment.wrong_state",
            f"{record.slug} has served no other pipeline that it could go back to.",
            deployment_id=record.id,
            state=record.status,
        )
    return record.previous_pipeline_id


def shadow(store: Store, reference: str, pipeline_id: str | None, *, by: str) -> DeploymentRecord:
    """Have another pipeline answer too, recorded and not returned; None: no more."""
    with store.database.write() as session:
        row = _find(session, reference)
        row.shadow_pipeline_id = pipeline_id
        row.updated_at = now()
        if pipeline_id is None:
            _tell(session, row, by, "unshadowed", f"{row.slug} has no shadow any more", {})
        else:
            told = f"pipeline {pipeline_id[-8:]} answers in the shadow of {row.slug}"
            _tell(session, row, by, "shadowed", told, {"pipeline_id": pipeline_id})
        return DeploymentRecord.of(row)


def set_access(store: Store, reference: str, access: str, *, by: str) -> DeploymentRecord:
    """Change who may ask."""
    check_access(access)
    with store.database.write() as session:
        row = _find(session, reference)
        if row.access != access:
            _tell(session, row, by, "access", f"{row.slug} is open to {access}", {"from": row.access, "to": access})
            row.access, row.updated_at = access, now()
        return DeploymentRecord.of(row)


def follow(store: Store, reference: str, alias: str | None, *, by: str) -> DeploymentRecord:
    """Have a deployment go along with an alias; None: no more."""
    with store.database.write() as session:
        row = _find(session, reference)
        if row.alias != alias:
            told = f"{row.slug} follows {alias}" if alias else f"{row.slug} follows no alias any more"
            _tell(session, row, by, "follows", told, {"from": row.alias, "to": alias})
            row.alias, row.updated_at = alias, now()
        return DeploymentRecord.of(row)


def following(store: Store, alias: str) -> list[DeploymentRecord]:
    """Return the deployments that follow an alias."""
    return [record for record in listed(store) if record.alias == alias]


def became_ready(store: Store, deployment_id: DeploymentId, *, by: str) -> None:
    """Tell that a deployment answers."""
    _if(store, deployment_id, (WARMING,), READY, by, "its pipeline is loaded and answers")


def became_cold(store: Store, deployment_id: DeploymentId, *, by: str, why: str) -> None:
    """Tell that a deployment has to be warmed again before it answers."""
    _if(store, deployment_id, (READY,), WARMING, by, why)


def became_failed(
    store: Store, deployment_id: DeploymentId, *, by: str, why: str, pipeline_id: str | None = None
) -> None:
    """Tell that a deployment cannot be served.

    Parameters
    ----------
    pipeline_id
        Of which this is said: where another one is to answer by now, nothing is changed; None: of whichever it is.
    """
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is not None and row.status in SERVED and pipeline_id in (None, row.pipeline_id):
            row.error, row.next_pipeline_id = why, None
            _move(session, row, FAILED, by, why)


def swapped(store: Store, deployment_id: DeploymentId, pipeline_id: str, *, by: str) -> bool:
    """Let the pipeline that was swapped in answer from now on; return whether it was wanted still."""
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is None or row.next_pipeline_id != pipeline_id:
            return False
        before, row.pipeline_id = row.pipeline_id, pipeline_id
        row.previous_pipeline_id, row.next_pipeline_id = before, None
        row.updated_at = now()
        told = f"{row.slug} is answered by pipeline {row.pipeline_id[-8:]}"
        _tell(session, row, by, "swapped", told, {"from": before, "to": row.pipeline_id})
        return True


def not_swapped(store: Store, deployment_id: DeploymentId, pipeline_id: str, *, by: str, why: str) -> bool:
    """Give up what was swapped in, and return whether that was so; the pipeline that answers goes on."""
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is None or row.next_pipeline_id != pipeline_id:
            return False
        row.next_pipeline_id = None
        row.error = f"Pipeline {pipeline_id[-8:]} was not swapped in: {why}"
        row.updated_at = now()
        _tell(session, row, by, "not_swapped", row.error, {"pipeline_id": pipeline_id})
        return True


def shadow_failed(store: Store, deployment_id: DeploymentId, pipeline_id: str, *, by: str, why: str) -> None:
    """Give up the pipeline that answers in the shadow; the one that answers goes on."""
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is None or row.shadow_pipeline_id != pipeline_id:
            return
        row.shadow_pipeline_id = None
        row.error = f"Pipeline {pipeline_id[-8:]} does not answer in the shadow any more: {why}"
        row.updated_at = now()
        _tell(session, row, by, "shadow_failed", row.error, {"pipeline_id": pipeline_id})


def history(store: Store, record: DeploymentRecord, *, limit: int = 100) -> list[audit.Entry]:
    """Return what was done with a deployment, newest first."""
    return audit.entries(store.database, subject=_SUBJECT, subject_id=record.id, limit=limit)


def _if(store: Store, deployment_id: str, before: Sequence[str], status: str, by: str, why: str) -> None:
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is not None and row.status in before:
            _move(session, row, status, by, why)


def _find(session: Session, reference: str, *, locked: bool = True) -> DeploymentRow:
    row = None
    # The id first: a handle finds its deployment by it, and no slug that looks like one may stand in its way.
    for condition in (DeploymentRow.id == reference, DeploymentRow.live_slug == reference):
        query = select(DeploymentRow).where(DeploymentRow.deleted_at.is_(None), condition)
        row = row or session.scalar(query.with_for_update() if locked else query)
    if row is None:
        raise NotFound("deployment.not_found", f"There is no deployment {shown(reference)}.")
    return row


def _expect(row: DeploymentRow, allowed: Sequence[str], what: str) -> None:
    if row.status not in allowed:
        raise Conflict(
            "deployment.wrong_state",
            f"{row.slug} is {row.status} and cannot be {what}.",
            deployment_id=row.id,
            state=row.status,
        )


def _move(session: Session, row: DeploymentRow, status: str, by: str, why: str) -> None:
    before, row.status = row.status, status
    row.updated_at = now()
    _tell(session, row, by, status, f"{row.slug}: {before} → {status}: {why}", {"from": before, "to": status})


def _tell(session: Session, row: DeploymentRow, by: str, action: str, message: str, details: dict[str, Any]) -> None:
    audit.record(
        session,
        by=by,
        action=f"deployment.{action}",
        subject=_SUBJECT,
        subject_id=row.id,
        message=message,
        details=details,
    )


def _taken(slug: str) -> Conflict:
    return Conflict("deployment.slug_taken", f"There is a deployment '{slug}' already.", hint="Choose another slug.")
