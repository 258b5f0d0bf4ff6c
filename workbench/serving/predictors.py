"""The predictors of deployments, in the store: asked for by the service, told of by their own processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update

from workbench.access.places import without_places
from workbench.serving.deployment import (
    ANSWERS,
    ASKED,
    BROKEN,
    DRAINING,
    ENDED,
    LIVE,
    SHADOW,
    STALLED,
    STARTING,
    DeploymentId,
    DeploymentRecord,
    Predictor,
    PredictorId,
)
from workbench.store import homes
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, PredictorRow, now

_PRESENT = (ASKED, STARTING, ANSWERS, DRAINING, STALLED)


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment and the predictors that are there for it."""

    deployment: DeploymentRecord
    is_deleted: bool
    predictors: tuple[Predictor, ...]

    def answering(self, pipeline_id: str | None, role: str) -> Predictor | None:
        """Return the newest predictor of a pipeline that answers, None where none does."""
        return self._newest(pipeline_id, role, (ANSWERS,))

    def coming(self, pipeline_id: str | None, role: str) -> Predictor | None:
        """Return the newest predictor of a pipeline that answers or will, None where there is none."""
        return self._newest(pipeline_id, role, (ASKED, STARTING, ANSWERS))

    def _newest(self, pipeline_id: str | None, role: str, statuses: tuple[str, ...]) -> Predictor | None:
        found = [
            one
            for one in self.predictors
            if one.pipeline_id == pipeline_id and one.role == role and one.status in statuses
        ]
        return max(found, key=lambda one: one.id, default=None)

    @property
    def wanted(self) -> tuple[tuple[str, str], ...]:
        """Pipelines that are to have a predictor, each with its role."""
        record = self.deployment
        named = ((record.pipeline_id, LIVE), (record.next_pipeline_id, LIVE), (record.shadow_pipeline_id, SHADOW))
        return tuple((pipeline_id, role) for pipeline_id, role in named if pipeline_id is not None)


def served(store: Store, statuses: tuple[str, ...]) -> list[Served]:
    """Return the deployments in these statuses, and all others that have predictors still.

    Predictors of other homes do not count: of their processes nothing can be said from here.
    """
    mine = (PredictorRow.status.in_(_PRESENT), PredictorRow.served_by == store.settings.identity)
    present = select(PredictorRow).where(*mine).order_by(PredictorRow.id)
    with store.database.read() as session:
        predictors: dict[str, list[Predictor]] = {}
        for row in session.scalars(present):
            predictors.setdefault(row.deployment_id, []).append(Predictor.of(row))
        wanted = DeploymentRow.status.in_(statuses) & DeploymentRow.deleted_at.is_(None)
        query = select(DeploymentRow).where(wanted | DeploymentRow.id.in_(predictors)).order_by(DeploymentRow.id)
        return [
            Served(DeploymentRecord.of(row), row.deleted_at is not None, tuple(predictors.get(row.id, ())))
            for row in session.scalars(query)
        ]


def answers_elsewhere(store: Store, deployment_id: str, pipeline_id: str, role: str) -> ColumnElement[bool]:
    """Tell whether another home that is there has a predictor of a pipeline that answers for a deployment."""
    return exists().where(
        PredictorRow.deployment_id == deployment_id,
        PredictorRow.pipeline_id == pipeline_id,
        PredictorRow.role == role,
        PredictorRow.status == ANSWERS,
        ~homes.is_to_look_after(store, PredictorRow.served_by),
    )


def is_answered_elsewhere(store: Store, deployment_id: str, pipeline_id: str, role: str) -> bool:
    """Whether another home that is there answers, as `answers_elsewhere` tells."""
    with store.database.read() as session:
        return bool(session.scalar(select(answers_elsewhere(store, deployment_id, pipeline_id, role))))


def present(store: Store) -> set[str]:
    """Return the ids of predictors that have not ended."""
    with store.database.read() as session:
        return set(session.scalars(select(PredictorRow.id).where(PredictorRow.status.in_(_PRESENT))))


def of_deployment(store: Store, deployment_id: str) -> list[Predictor]:
    """Return the predictors of a deployment, newest first, those that are gone too."""
    query = (
        select(PredictorRow)
        .where(PredictorRow.deployment_id == deployment_id)
        .order_by(PredictorRow.id.desc())
        .limit(20)
    )
    with store.database.read() as session:
        return [Predictor.of(row) for row in session.scalars(query)]


def get(store: Store, predictor_id: str) -> Predictor | None:
    with store.database.read() as session:
        row = session.get(PredictorRow, predictor_id)
        return None if row is None else Predictor.of(row)


def ask_for(store: Store, deployment_id: DeploymentId, pipeline_id: str, role: str) -> PredictorId:
    """Store a predictor that is to come."""
    with store.database.write() as session:
        row = PredictorRow(
            deployment_id=deployment_id, pipeline_id=pipeline_id, role=role, served_by=store.settings.identity
        )
        session.add(row)
        session.flush()
        return PredictorId(row.id)


def started(store: Store, predictor_id: PredictorId, process_id: int, process_started: float) -> bool:
    """Make a process the predictor's; False when it is not wanted any more."""
    values = {"status": STARTING, "process_id": process_id, "process_started": process_started}
    return _change(store, predictor_id, (ASKED,), values)


def ready(store: Store, predictor_id: PredictorId, address: str, engine: Mapping[str, Any]) -> bool:
    """Tell where a predictor answers; False when it is not wanted any more."""
    values = {"status": ANSWERS, "address": address, "engine": dict(engine), "ready_at": now()}
    return _change(store, predictor_id, (STARTING,), values)


def cannot(store: Store, predictor_id: PredictorId, why: str) -> None:
    """Tell why a pipeline cannot be loaded; the service takes it from there once the process has ended."""
    _change(store, predictor_id, (STARTING,), {"error": without_places(why)})


def stall(store: Store, predictor_id: PredictorId, why: str) -> None:
    """Tell why a pipeline cannot be loaded just now: another try may do better."""
    _change(store, predictor_id, (STARTING,), {"status": STALLED, "error": without_places(why)})


def hang(store: Store, predictor_id: PredictorId, why: str) -> None:
    """Tell that a predictor does not answer any more; the service ends its process, and brings another."""
    _change(store, predictor_id, (ANSWERS, DRAINING), {"error": why})


def drain(store: Store, predictor_id: PredictorId) -> bool:
    """Have nothing more asked of a predictor."""
    return _change(store, predictor_id, (ASKED, STARTING, ANSWERS), {"status": DRAINING})


def ended(store: Store, predictor_id: PredictorId, *, error: str | None = None) -> bool:
    """Tell that a predictor is gone, and why where it should not be."""
    values = {"status": ENDED if error is None else BROKEN, "error": error, "ended_at": now()}
    return _change(store, predictor_id, _PRESENT, values)


def forget(store: Store, before: datetime) -> None:
    """Remove predictors that ended before a moment, and tell that those have ended whose home is gone since."""
    orphaned = (
        PredictorRow.status.in_(_PRESENT),
        PredictorRow.served_by != store.settings.identity,
        # One that only slept finds its predictors as it left them.
        homes.is_to_look_after(store, PredictorRow.served_by, since=before),
    )
    told = {"status": BROKEN, "error": "Its home is gone.", "ended_at": now()}
    with store.database.write() as session:
        session.execute(update(PredictorRow).where(*orphaned).values(**told))
        session.execute(delete(PredictorRow).where(PredictorRow.ended_at < before))


def _change(store: Store, predictor_id: str, before: tuple[str, ...], values: Mapping[str, Any]) -> bool:
    statement = (
        update(PredictorRow)
        .where(PredictorRow.id == predictor_id, PredictorRow.status.in_(before))
        .values(**values)
        .returning(PredictorRow.id)
    )
    with store.database.write() as session:
        return session.execute(statement).first() is not None
