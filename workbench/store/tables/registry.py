"""Pipelines, the names that move over them, and how a name moves safely."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class PipelineRow(Base):
    """A promoted, immutable artifact: preprocessing and model, schema, environment, and where they come from."""

    __tablename__ = "pipelines"
    __table_args__ = (
        Index("uq_pipelines_live_name", "workspace_id", "live_name", unique=True),
        Index("ix_pipelines_run_id", "run_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str]
    live_name: Mapped[str | None] = mapped_column(
        doc="The name while it is not deleted: a deleted one's is free again."
    )
    run_id: Mapped[str] = mapped_column(
        String(36), doc="The run that fitted it; it may be deleted, the pipeline stays."
    )
    model: Mapped[str] = mapped_column(String(60))
    model_name: Mapped[str]
    task: Mapped[str] = mapped_column(String(30))
    target: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), doc="Of the pickled pipeline.")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    schema_sha256: Mapped[str] = mapped_column(String(64), doc="Of names and kinds of the input columns: its version.")
    artifacts: Mapped[dict[str, Any]] = mapped_column(doc="Name → SHA-256 and size of all that belongs to it.")
    metrics: Mapped[dict[str, Any]] = mapped_column(doc="Cross-validated means on the run's leaderboard.")
    lineage: Mapped[dict[str, Any]] = mapped_column(doc="Run, plan, set-up, seed, data source with its hash, versions.")
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    deleted_at: Mapped[datetime | None]


class AliasRow(Base):
    """A movable name for a pipeline."""

    __tablename__ = "aliases"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(String(100))
    pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"), doc="None once it is taken away.")
    updated_at: Mapped[datetime] = mapped_column(default=now)


class AliasHistoryRow(Base):
    """One move of an alias; rows are only ever added."""

    __tablename__ = "alias_history"
    __table_args__ = (UniqueConstraint("alias_id", "seq"), Index("ix_alias_history_alias_id_at", "alias_id", "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    alias_id: Mapped[str] = mapped_column(ForeignKey("aliases.id"))
    seq: Mapped[int] = mapped_column(doc="From 1, without a gap, per alias.")
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str]
    from_pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"))
    to_pipeline_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"))
    undoes: Mapped[int | None] = mapped_column(doc="The move that this one took back, where it is a roll-back.")
    why: Mapped[str] = mapped_column(Text, default="")


class PromotionRow(Base):
    """A challenger that shall take an alias over, and what its gates say."""

    __tablename__ = "promotions"
    __table_args__ = (Index("ix_promotions_alias_created_at", "alias", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    alias: Mapped[str] = mapped_column(String(100))
    challenger_id: Mapped[str] = mapped_column(ForeignKey("pipelines.id"))
    champion_id: Mapped[str | None] = mapped_column(ForeignKey("pipelines.id"), doc="Whom the alias named when asked.")
    source_id: Mapped[str | None] = mapped_column(
        String(36), doc="Data source whose rows both are judged on; None: rows held out from both."
    )
    metric: Mapped[str | None]
    segment: Mapped[str | None] = mapped_column(Text, doc="Column by whose values the difference is told too.")
    status: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    error: Mapped[str | None] = mapped_column(Text)
    gates: Mapped[list[Any]] = mapped_column(default=list)
    comparison: Mapped[dict[str, Any] | None]
    acknowledgements: Mapped[list[Any]] = mapped_column(default=list)
    why: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    served_by: Mapped[str | None] = mapped_column(Text, doc="The home that asked for it, then that has its process.")
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]
    completing_until: Mapped[datetime | None] = mapped_column(
        doc="Until when whoever completes it counts as being at it; None: nobody is."
    )
