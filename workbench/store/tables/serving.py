"""Deployments, what answers for them, and what was counted of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class DeploymentRow(Base):
    """A pipeline served under a slug."""

    __tablename__ = "deployments"
    __table_args__ = (Index("uq_deployments_live_slug", "live_slug", unique=True),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    slug: Mapped[str] = mapped_column(String(64))
    live_slug: Mapped[str | None] = mapped_column(String(64), doc="The slug while it is not deleted.")
    status: Mapped[str] = mapped_column(String(12), default="created", index=True)
    error: Mapped[str | None] = mapped_column(Text)
    access: Mapped[str] = mapped_column(String(12))
    alias: Mapped[str | None] = mapped_column(String(100), doc="Alias that it follows, where it follows one.")
    pipeline_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"), doc="The one that answers.")
    next_pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"), doc="The one that is swapped in.")
    previous_pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"), doc="What a roll-back serves.")
    shadow_pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"), doc="Answers too, unheard.")
    request_count: Mapped[int] = mapped_column(BigInteger, default=0)
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)
    error_count: Mapped[int] = mapped_column(BigInteger, default=0)
    p50_ms: Mapped[float | None] = mapped_column(doc="Over the last 100 requests.")
    p95_ms: Mapped[float | None]
    last_request_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class PredictorRow(Base):
    """One process that answers for a deployment, or did."""

    __tablename__ = "predictors"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), index=True)
    pipeline_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"))
    role: Mapped[str] = mapped_column(String(8), doc="live or shadow.")
    served_by: Mapped[str] = mapped_column(Text, doc="The home whose service has its process.")
    status: Mapped[str] = mapped_column(String(12), default="asked", index=True)
    error: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text, doc="Path of its Unix socket.")
    engine: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, doc="What of it is compiled, and what that was proven on."
    )
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class HomeRow(Base):
    """A home whose service has processes for what the store asks for."""

    __tablename__ = "homes"

    identity: Mapped[str] = mapped_column(String(64), primary_key=True)
    lease_until: Mapped[datetime] = mapped_column(doc="Its service says again and again that it is there.")


class PredictionRow(Base):
    """One row that was asked for, of those that the sampling kept."""

    __tablename__ = "predictions"
    __table_args__ = (Index("ix_predictions_deployment_id_at", "deployment_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"))
    pipeline_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"))
    role: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[str]
    place: Mapped[int] = mapped_column(doc="Index of the row within its request.")
    at: Mapped[datetime] = mapped_column(default=now)
    input: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]]


class PredictionStatsRow(Base):
    """What one pipeline answered for one deployment in one minute."""

    __tablename__ = "prediction_stats"

    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), primary_key=True)
    pipeline_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[int] = mapped_column(BigInteger, default=0)
    compared: Mapped[int] = mapped_column(BigInteger, default=0, doc="Rows that live and shadow both answered.")
    agreed: Mapped[int] = mapped_column(BigInteger, default=0, doc="Rows on which they said the same.")
    gap: Mapped[float] = mapped_column(
        default=0.0, doc="Sum of absolute differences over the rows compared, of numbers."
    )
    histograms: Mapped[dict[str, Any]] = mapped_column(doc="parse, validate, predict, total → counts by bucket.")


class BatchRow(Base):
    """A data source that is predicted into a file."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    pipeline_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"))
    deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    source_id: Mapped[str] = mapped_column(String(36), doc="Data source; it may be deleted, what was predicted stays.")
    status: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    error: Mapped[str | None] = mapped_column(Text)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_total: Mapped[int] = mapped_column(BigInteger)
    file: Mapped[str | None] = mapped_column(Text, doc="Name of the file inside the home's predictions folder.")
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deaths: Mapped[int] = mapped_column(default=0, server_default="0", doc="Processes that it has lost.")
    cancel_requested_by: Mapped[str | None]
    served_by: Mapped[str | None] = mapped_column(Text, doc="The home that asked for it, then that has its process.")
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]
