"""A deployment as it stands: frozen copies of its row and of its predictors'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NewType

if TYPE_CHECKING:
    from workbench.access.actor import Actor

    # Not needed to answer requests, and an exported model answers where there is no database.
    from workbench.store.tables import DeploymentRow, PredictorRow

DeploymentId = NewType("DeploymentId", str)
PredictorId = NewType("PredictorId", str)

CREATED, WARMING, READY, STOPPED, FAILED = "created", "warming", "ready", "stopped", "failed"
SERVED = (WARMING, READY)
"""Statuses in which the service keeps predictors for a deployment."""

Access = Literal["workspace", "public", "api-key"]
WORKSPACE, PUBLIC, API_KEY = "workspace", "public", "api-key"
ACCESSES = (WORKSPACE, API_KEY, PUBLIC)
"""Who may ask a deployment: members of its workspace, whoever shows a key, everybody."""

LIVE, SHADOW = "live", "shadow"
ASKED, STARTING, ANSWERS, DRAINING = "asked", "starting", "ready", "draining"
STALLED, ENDED, BROKEN = "stalled", "ended", "failed"
"""How a predictor ends: it could not be loaded just now, it was not wanted any more, it died or cannot be loaded."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """One process that answers for a deployment.

    Attributes
    ----------
    role
        ``live``, or ``shadow`` whose answers nobody is given.
    served_by
        The home whose service has its process.
    status
        ``asked → starting → ready → draining → ended``, or ``failed``, or ``stalled`` where another try may do better.
    engine
        What of the pipeline is compiled, and what that was proven on; None before it is loaded.
    process_started
        When its process was started, in seconds since the epoch: an id may be given to another one later.
    """

    id: PredictorId
    deployment_id: DeploymentId
    pipeline_id: str
    role: str
    served_by: str
    status: str
    error: str | None
    address: str | None
    engine: Mapping[str, Any] | None
    process_id: int | None
    process_started: float | None
    created_at: datetime

    def shown_to(self, actor: Actor) -> Predictor:
        """Return it without its place on the server where somebody may not see that."""
        return self if actor.sees_places else replace(self, address=None, process_id=None, process_started=None)

    @classmethod
    def of(cls, row: PredictorRow) -> Predictor:
        return cls(
            PredictorId(row.id),
            DeploymentId(row.deployment_id),
            row.pipeline_id,
            row.role,
            row.served_by,
            row.status,
            row.error,
            row.address,
            row.engine,
            row.process_id,
            row.process_started,
            row.created_at,
        )


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """What the store knows of a deployment.

    Attributes
    ----------
    status
        ``created → warming → ready → stopped | failed``; what is stopped or failed can be warmed again.
    error
        Why it failed, or why what was swapped in last did not come to answer; else None.
    access
        ``workspace`` for those who hold the service's token or come through Jupyter, ``public`` for all who reach it.
    alias
        Alias that it follows: where a promotion moves that, the deployment is swapped along; None: it follows none.
    pipeline_id
        The pipeline that answers.
    next_pipeline_id
        The pipeline that is being swapped in; None where none is.
    previous_pipeline_id
        The pipeline that a roll-back serves; None before the first swap.
    shadow_pipeline_id
        The pipeline that answers too, unheard; None where none does.
    p50_ms, p95_ms
        Latency over the last 100 requests, in milliseconds; None where there were none.
    """

    id: DeploymentId
    workspace_id: str
    slug: str
    status: str
    error: str | None
    access: str
    alias: str | None
    pipeline_id: str
    next_pipeline_id: str | None
    previous_pipeline_id: str | None
    shadow_pipeline_id: str | None
    request_count: int
    row_count: int
    error_count: int
    p50_ms: float | None
    p95_ms: float | None
    last_request_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DeploymentRow) -> DeploymentRecord:
        return cls(
            id=DeploymentId(row.id),
            workspace_id=row.workspace_id,
            slug=row.slug,
            status=row.status,
            error=row.error,
            access=row.access,
            alias=row.alias,
            pipeline_id=row.pipeline_id,
            next_pipeline_id=row.next_pipeline_id,
            previous_pipeline_id=row.previous_pipeline_id,
            shadow_pipeline_id=row.shadow_pipeline_id,
            request_count=row.request_count,
            row_count=row.row_count,
            error_count=row.error_count,
            p50_ms=row.p50_ms,
            p95_ms=row.p95_ms,
            last_request_at=row.last_request_at,
            created_by=row.created_by,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "id": self.id,
            "workspace_id": self.workspace_id,
            "slug": self.slug,
            "status": self.status,
            "error": self.error,
            "access": self.access,
            "alias": self.alias,
            "pipeline_id": self.pipeline_id,
            "next_pipeline_id": self.next_pipeline_id,
            "previous_pipeline_id": self.previous_pipeline_id,
            "shadow_pipeline_id": self.shadow_pipeline_id,
            "request_count": self.request_count,
            "row_count": self.row_count,
            "error_count": self.error_count,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "last_request_at": self.last_request_at.isoformat() if self.last_request_at else None,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }
