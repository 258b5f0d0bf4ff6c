"""Data sources, and what runs on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class SourceRow(Base):
    """One version of a data source: a named, content-hashed table."""

    __tablename__ = "data_sources"
    __table_args__ = (
        # Only the newest version has it. A deleted source that a run used stays as a row; its name is free again.
        Index("uq_data_sources_live_name", "workspace_id", "live_name", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str]
    live_name: Mapped[str | None]
    kind: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    family_id: Mapped[str | None] = mapped_column(String(36), doc="Id of the first version; None: this is it.")
    origin: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default="{}", doc="Where it is read from again, without secrets; empty: nowhere."
    )
    location: Mapped[str] = mapped_column(Text, doc="Name of the table's file inside the home's data folder.")
    table_sha256: Mapped[str | None] = mapped_column(String(64), doc="Of that file; None: it lies there as it came.")
    raw: Mapped[str | None] = mapped_column(Text, doc="Name of the file with the bytes as they came, where kept.")
    sha256: Mapped[str] = mapped_column(String(64), doc="Of what came.")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[dict[str, Any]] = mapped_column(doc="How the file is read: encoding, delimiter, header.")
    columns: Mapped[list[Any]] = mapped_column(doc="Profile of each column, in order.")
    notices: Mapped[list[Any]] = mapped_column(doc="What was repaired while reading, a sentence each.")
    head: Mapped[list[Any] | None] = mapped_column(JSON, doc="The first rows as plain data, so that no table is read.")
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class ExperimentRow(Base):
    """One data source, target, task and set-up, under which runs can be compared."""

    __tablename__ = "experiments"
    __table_args__ = (UniqueConstraint("project_id", "fingerprint"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    source_id: Mapped[str] = mapped_column(ForeignKey("data_sources.id"))
    name: Mapped[str]
    task: Mapped[str] = mapped_column(String(30))
    target: Mapped[str | None] = mapped_column(Text)
    setup: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64), doc="SHA-256 of source, target, task, set-up, folds and seed.")
    created_at: Mapped[datetime] = mapped_column(default=now)


class RunRow(Base):
    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_status_created_at", "status", "created_at"),
        Index("ix_runs_workspace_id_created_at", "workspace_id", "created_at", "id"),
        Index("ix_runs_workspace_id_status", "workspace_id", "status", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), doc="That of its experiment's project.")
    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id"), index=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("data_sources.id"), index=True)
    plan: Mapped[str] = mapped_column(String(20))
    task: Mapped[str] = mapped_column(String(30))
    target: Mapped[str | None] = mapped_column(Text)
    spec: Mapped[dict[str, Any]] = mapped_column(doc="The immutable snapshot of what was asked for, on what.")
    field: Mapped[list[Any] | None] = mapped_column(JSON, doc="The models in the field, known once set-up is fitted.")
    fitted: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, doc="What else set-up found out, where the scores were made: folds, test_ratio, versions."
    )
    status: Mapped[str] = mapped_column(String(12), default="queued")
    error: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[dict[str, Any] | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None]
    claimed_by: Mapped[str | None] = mapped_column(doc="host:pid of the service that runs it.")
    claimed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    process_id: Mapped[int | None]
    process_started: Mapped[float | None] = mapped_column(
        doc="Start time of that process, so that a reused id is told."
    )
    deaths: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Processes in a row that died, or never began, without a new score."
    )
    units_at_death: Mapped[int] = mapped_column(default=0, server_default="0", doc="Units with an outcome by then.")
    used_s: Mapped[float] = mapped_column(
        default=0.0, server_default="0", doc="Seconds that those of its processes took that are gone."
    )


class EventRow(Base):
    __tablename__ = "events"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]]
    duration_ms: Mapped[float | None]
    emitted_at: Mapped[datetime] = mapped_column(default=now)


class ScoreRow(Base):
    """One model on one fold."""

    __tablename__ = "scores"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    model: Mapped[str] = mapped_column(String(60), primary_key=True)
    fold: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(Text)
    metrics: Mapped[dict[str, Any]]
    undefined: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="Why a metric has no value, by metric.")
    pycaret: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="What PyCaret counts where it differs.")
    fit_s: Mapped[float | None]
    score_s: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ArtifactRow(Base):
    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
