"""Who may do what where: users, their memberships, invitations, and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, new_id, now


class UserRow(Base):
    """Somebody who has opened the store, or was invited to it."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True, doc="As Jupyter, the hub or the system calls them.")
    is_administrator: Mapped[bool] = mapped_column(default=False, doc="Owner of every workspace.")
    created_at: Mapped[datetime] = mapped_column(default=now)


class MembershipRow(Base):
    """What somebody may do in a workspace."""

    __tablename__ = "memberships"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(12), doc="viewer, editor or owner.")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class InvitationRow(Base):
    """A code that makes whoever has it a member, once."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), index=True)
    user_name: Mapped[str] = mapped_column(doc="Whom it makes a member.")
    role: Mapped[str] = mapped_column(String(12))
    sha256: Mapped[str] = mapped_column(String(64), unique=True, doc="Of the code, which is kept nowhere.")
    created_by: Mapped[str]
    by_administrator: Mapped[bool] = mapped_column(doc="Whether its code is enough, whomever the name belongs to.")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    by_code_alone: Mapped[bool] = mapped_column(default=False, doc="Whether nothing else was shown.")
    key_id: Mapped[str | None] = mapped_column(String(36), doc="The key that was given for it.")
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class KeyRow(Base):
    """A key that lets its bearer do, within its scopes, what its owner may do in one workspace."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_workspace_id_created_at", "workspace_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    prefix: Mapped[str] = mapped_column(String(12), doc="The first characters, by which people tell keys apart.")
    sha256: Mapped[str] = mapped_column(String(64), unique=True, doc="Of the key, which is kept nowhere.")
    scopes: Mapped[list[Any]]
    requests_per_minute: Mapped[int | None] = mapped_column(doc="None: as the settings say.")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_from: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    replaces_id: Mapped[str | None] = mapped_column(String(36), doc="The key that it was made to replace.")
    made_by_key_id: Mapped[str | None] = mapped_column(
        ForeignKey("api_keys.id"), index=True, doc="The key that whoever made it came by, which it ends with."
    )


class AnsweredRow(Base):
    """A request that bore an idempotency key, and what it was answered: the same again is answered the same."""

    __tablename__ = "answered_requests"

    id: Mapped[str] = mapped_column(
        String(64), primary_key=True, doc="SHA-256 of who asks, in which workspace, and the idempotency key."
    )
    fingerprint: Mapped[str] = mapped_column(String(64), doc="SHA-256 of what was asked.")
    token: Mapped[str] = mapped_column(String(36), doc="Of the process that works at it: no other may answer.")
    status: Mapped[int | None] = mapped_column(doc="None: it is being worked at.")
    headers: Mapped[list[Any] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    until: Mapped[datetime] = mapped_column(doc="When whoever works at it has given up, or the answer is forgotten.")
