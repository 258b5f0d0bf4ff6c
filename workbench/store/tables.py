"""The store's tables, typed.

Primary keys are UUIDv7 strings, times are UTC, and JSON columns hold what is displayed, never what is queried.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from uuid6 import uuid7


def new_id() -> str:
    """Return a fresh primary key; later keys sort after earlier ones."""
    return str(uuid7())


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, aware on both ways, also where the database keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        str: String(200),
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class WorkspaceRow(Base):
    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProjectRow(Base):
    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SourceRow(Base):
    """A data source: a named, content-hashed table."""

    __tablename__ = "data_sources"
    __table_args__ = (
        # A deleted source that a run used stays as a row; its name is free again.
        Index("uq_data_sources_live_name", "workspace_id", "live_name", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str]
    live_name: Mapped[str | None]
    kind: Mapped[str] = mapped_column(String(20))
    location: Mapped[str] = mapped_column(Text, doc="File name inside the home's data folder.")
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[dict[str, Any]] = mapped_column(doc="How the file is read: encoding, delimiter, header.")
    columns: Mapped[list[Any]] = mapped_column(doc="Profile of each column, in order.")
    notices: Mapped[list[Any]] = mapped_column(doc="What was repaired while reading, a sentence each.")
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
    __table_args__ = (Index("ix_runs_status_created_at", "status", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
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
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]


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
    served_by: Mapped[str] = mapped_column(Text, doc="Machine and home of the service whose process it is.")
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
    cancel_requested_by: Mapped[str | None]
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]


class AuditRow(Base):
    """Who did what to what, and when; rows are only ever added."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject_at", "subject", "subject_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    by: Mapped[str]
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(20), doc="pipeline, alias, promotion, deployment, …")
    subject_id: Mapped[str] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]]
