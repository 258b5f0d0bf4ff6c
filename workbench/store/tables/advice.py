"""Advisors that were consulted, and what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class ConsultationRow(Base):
    """An advisor consulted about something: what was asked, what it was shown, what it answered."""

    __tablename__ = "advices"
    __table_args__ = (
        Index("ix_advices_subject_id_created_at", "subject_id", "created_at"),
        Index("ix_advices_workspace_id_created_at", "workspace_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    advisor: Mapped[str] = mapped_column(String(30))
    subject_kind: Mapped[str] = mapped_column(String(12), doc="source, run, pipeline or deployment.")
    subject_id: Mapped[str] = mapped_column(String(36), doc="It may be deleted since; what was said of it stays.")
    subject_name: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(doc="What else was asked, by argument.")
    status: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="Why there is no advice, as problem details.")
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="All that the advisor was shown.")
    advice: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="The envelope.")
    narration_status: Mapped[str | None] = mapped_column(String(20), doc="None: no language model was asked.")
    narration_token: Mapped[str | None] = mapped_column(String(36), doc="Of who asks it: no other may answer.")
    narration_until: Mapped[datetime | None] = mapped_column(doc="When whoever asks it has given up, or is gone.")
    narration: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="What the language model said, and its cost.")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    advised_at: Mapped[datetime | None]
    deaths: Mapped[int] = mapped_column(default=0, server_default="0", doc="Processes that it has lost.")
    served_by: Mapped[str | None] = mapped_column(Text, doc="The home that asked for it, then that has its process.")
    process_id: Mapped[int | None]
    process_started: Mapped[float | None]
