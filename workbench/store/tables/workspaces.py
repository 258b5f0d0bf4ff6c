"""Who shares what, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class WorkspaceRow(Base):
    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[str | None] = mapped_column(doc="None: it was there from the start.")
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProjectRow(Base):
    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str]
    created_by: Mapped[str | None] = mapped_column(doc="None: it was there from the start.")
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditRow(Base):
    """Who did what to what, when and from where, and what came of it; rows are only ever added.

    Each holds the hash of the one before it, so that a removed or changed one shows.
    """

    __tablename__ = "audit_log"
    # Whatever a line is looked for by, the newest are found without a look at all the others.
    __table_args__ = (
        Index("ix_audit_log_at_seq", "at", "seq"),
        Index("ix_audit_log_workspace_id_seq", "workspace_id", "seq"),
        Index("ix_audit_log_workspace_id_subject_subject_id_seq", "workspace_id", "subject", "subject_id", "seq"),
        *(
            Index(f"ix_audit_log_workspace_id_{name}_seq", "workspace_id", name, "seq")
            for name in ("by", "action", "subject", "subject_id", "outcome", "origin", "key_id")
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    seq: Mapped[int] = mapped_column(BigInteger, unique=True, doc="From 1, without a gap, over all workspaces.")
    workspace_id: Mapped[str | None] = mapped_column(String(36), doc="None: it was done to no single workspace.")
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str]
    origin: Mapped[str] = mapped_column(String(100), default="", doc="From where: python, cli, jupyter, http ADDRESS …")
    key_id: Mapped[str | None] = mapped_column(String(36), doc="The key that was shown, where one was.")
    outcome: Mapped[str] = mapped_column(String(8), default="done", doc="done, failed or denied.")
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(20), doc="pipeline, alias, promotion, deployment, …")
    subject_id: Mapped[str] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the line before.")
    sha256: Mapped[str] = mapped_column(String(64), doc="Of this line and the one before.")


class AuditHeadRow(Base):
    """The end of the audit log: held by whoever adds to it, so that lines follow one another."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="Always 1.")
    seq: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
