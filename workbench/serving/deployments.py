"""What users do with deployments, in the store: each step is one transaction with a line in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from workbench.errors import Conflict
from workbench.registry import alike
from workbench.registry.pipeline import Pipeline
from workbench.serving import deployment_rows as rows
from workbench.serving import predictors, terms
from workbench.serving.deployment import (
    CREATED,
    FAILED,
    LIVE,
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


def create(
    store: Store, slug: str, pipeline_id: str, *, by: str, access: str = WORKSPACE, alias: str | None = None
) -> DeploymentRecord:
    """Store a deployment, not warm yet.

    Raises
    ------
    BadRequest, Conflict
        As `terms.check_slug` and `terms.check_access`.
    NotFound
        ``pipeline.not_found``
    """
    terms.check_access(access)
    terms.check_slug(store, slug)
    try:
        with store.database.write() as session:
            rows.keep(session, store, pipeline_id)
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
            rows.tell(session, row, by, "created", told, {"pipeline_id": pipeline_id, "access": access, "alias": alias})
            return DeploymentRecord.of(row)
    except IntegrityError as error:
        # Somebody else took it since it was checked.
        raise terms.taken(slug) from error


def get(store: Store, reference: str) -> DeploymentRecord:
    """Find a deployment of the workspace by its slug or its id.

    Raises
    ------
    NotFound
        ``deployment.not_found``
    """
    with store.database.read() as session:
        return DeploymentRecord.of(rows.find(session, store, reference, locked=False))


def listed(store: Store, *, everywhere: bool = False) -> list[DeploymentRecord]:
    """Return the deployments that are not deleted, newest first; of one workspace, or of all."""
    query = (
        select(DeploymentRow)
        .where(DeploymentRow.deleted_at.is_(None))
        .order_by(DeploymentRow.created_at.desc(), DeploymentRow.id.desc())
    )
    if not everywhere:
        query = query.where(DeploymentRow.workspace_id == store.workspace_id)
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
        row = rows.find(session, store, reference)
        rows.expect(row, (CREATED, STOPPED, FAILED), "warmed")
        rows.move(session, row, WARMING, by, "asked for")
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
        row = rows.find(session, store, reference)
        rows.expect(row, (CREATED, WARMING, READY, FAILED), "stopped")
        row.next_pipeline_id = None
        rows.move(session, row, STOPPED, by, "asked for")
        return DeploymentRecord.of(row)


def delete(store: Store, reference: str, *, by: str) -> None:
    """Serve a deployment no more and give its slug free; what was counted of it stays."""
    with store.database.write() as session:
        row = rows.find(session, store, reference)
        if row.status in SERVED:
            rows.move(session, row, STOPPED, by, "it is deleted")
        row.next_pipeline_id = row.shadow_pipeline_id = None
        row.deleted_at, row.live_slug = now(), None
        rows.tell(session, row, by, "deleted", f"{row.slug} is deleted", {})


def swap(
    store: Store, reference: str, pipeline_id: str, *, by: str, why: str = "", other_columns: bool = False
) -> DeploymentRecord:
    """Ask for another pipeline behind a slug: it takes over once it is warm, and until then the old one answers.

    Parameters
    ----------
    other_columns
        Whether it may take other input columns.

    Raises
    ------
    Conflict
        ``deployment.not_comparable``, ``deployment.other_columns``;
        ``deployment.wrong_state`` when another one is being swapped in.
    NotFound
        ``pipeline.not_found``
    """
    with store.database.write() as session:
        row = rows.find(session, store, reference)
        new = rows.keep(session, store, pipeline_id)
        if row.pipeline_id == pipeline_id:
            # Whatever was being swapped in is not wanted any more.
            row.next_pipeline_id, row.error = None, None
            return DeploymentRecord.of(row)
        if row.next_pipeline_id is not None:
            raise rows.is_swapped(row, row.next_pipeline_id)
        _check(row, new, rows.keep(session, store, row.pipeline_id), other_columns=other_columns)
        row.error = None
        details = {"from": row.pipeline_id, "to": pipeline_id}
        told = f"{row.slug} is to go from pipeline {row.pipeline_id[-8:]} to {pipeline_id[-8:]}"
        rows.tell(session, row, by, "swapping", f"{told}{f': {why}' if why else ''}", details)
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
    """Have another pipeline answer too, recorded and not returned; None: no more.

    Raises
    ------
    NotFound
        ``pipeline.not_found``
    Conflict
        ``deployment.not_comparable``
    """
    with store.database.write() as session:
        row = rows.find(session, store, reference)
        if pipeline_id is not None:
            new = rows.keep(session, store, pipeline_id)
            _check(row, new, rows.keep(session, store, row.pipeline_id), other_columns=True)
        row.shadow_pipeline_id = pipeline_id
        row.updated_at = now()
        if pipeline_id is None:
            rows.tell(session, row, by, "unshadowed", f"{row.slug} has no shadow any more", {})
        else:
            told = f"pipeline {pipeline_id[-8:]} answers in the shadow of {row.slug}"
            rows.tell(session, row, by, "shadowed", told, {"pipeline_id": pipeline_id})
        return DeploymentRecord.of(row)


def set_access(store: Store, reference: str, access: str, *, by: str) -> DeploymentRecord:
    """Change who may ask."""
    terms.check_access(access)
    with store.database.write() as session:
        row = rows.find(session, store, reference)
        if row.access != access:
            rows.tell(session, row, by, "access", f"{row.slug} is open to {access}", {"from": row.access, "to": access})
            row.access, row.updated_at = access, now()
        return DeploymentRecord.of(row)


def follow(store: Store, reference: str, alias: str | None, *, by: str) -> DeploymentRecord:
    """Have a deployment go along with an alias; None: no more."""
    with store.database.write() as session:
        row = rows.find(session, store, reference)
        if row.alias != alias:
            told = f"{row.slug} follows {alias}" if alias else f"{row.slug} follows no alias any more"
            rows.tell(session, row, by, "follows", told, {"from": row.alias, "to": alias})
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
    """Tell that a deployment cannot be served here; one that another home answers for is left as it is.

    Parameters
    ----------
    pipeline_id
        Of which this is said: where another one is to answer by now, nothing is changed; None: of whichever it is.
    """
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is None or row.status not in SERVED or pipeline_id not in (None, row.pipeline_id):
            return
        if not session.scalar(select(predictors.answers_elsewhere(store, row.id, row.pipeline_id, LIVE))):
            row.error, row.next_pipeline_id = why, None
            rows.move(session, row, FAILED, by, why)


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
        rows.tell(session, row, by, "swapped", told, {"from": before, "to": row.pipeline_id})
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
        rows.tell(session, row, by, "not_swapped", row.error, {"pipeline_id": pipeline_id})
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
        rows.tell(session, row, by, "shadow_failed", row.error, {"pipeline_id": pipeline_id})


def history(store: Store, record: DeploymentRecord, *, limit: int = 100) -> list[audit.Entry]:
    """Return what was done with a deployment, newest first."""
    about = audit.About(workspace_id=store.workspace_id, subject=rows.SUBJECT, subject_id=record.id, outcome="done")
    return audit.entries(store.database, about, limit=limit)


def _check(row: DeploymentRow, new: Pipeline, old: Pipeline, *, other_columns: bool) -> None:
    """Refuse a pipeline that cannot stand in for the one that answers."""
    if told := alike.difference(new, old, "which answers"):
        raise Conflict(
            "deployment.not_comparable",
            told,
            hint="Deploy it under a slug of its own.",
            deployment_id=row.id,
            pipeline_id=new.id,
        )
    if new.schema_sha256 != old.schema_sha256 and not other_columns:
        raise Conflict(
            "deployment.other_columns",
            f"{new.name} takes other input columns than {old.name}, whose callers would be refused.",
            hint="`workbench registry compare` names them; allow other columns to swap all the same.",
            deployment_id=row.id,
            pipeline_id=new.id,
        )


def _if(store: Store, deployment_id: str, before: Sequence[str], status: str, by: str, why: str) -> None:
    with store.database.write() as session:
        row = session.get(DeploymentRow, deployment_id, with_for_update=True)
        if row is not None and row.status in before:
            rows.move(session, row, status, by, why)
