"""A workspace, its members and its invitations, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from workbench.access.permissions import Role
from workbench.store.tables import InvitationRow, now

InvitationStatus = Literal["open", "accepted", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Who shares what.

    Attributes
    ----------
    role
        What whoever asks is in it.
    created_by
        None: it was there from the start.
    """

    id: str
    name: str
    role: Role
    created_by: str | None
    created_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "name": self.name,
            "role": str(self.role),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a workspace.

    Attributes
    ----------
    created_by
        Who made them a member.
    is_administrator
        Whether all workspaces are theirs, whatever their role.
    """

    name: str
    role: Role
    created_by: str
    created_at: datetime
    is_administrator: bool

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "role": str(self.role),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "is_administrator": self.is_administrator,
        }


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who may become a member, once, until a time.

    Attributes
    ----------
    user
        Whom it makes a member.
    role
        As what.
    """

    id: str
    user: str
    role: Role
    status: InvitationStatus
    created_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None

    @classmethod
    def of(cls, row: InvitationRow) -> Invitation:
        return cls(
            row.id,
            row.user_name,
            Role(row.role),
            _status(row),
            row.created_by,
            row.created_at,
            row.expires_at,
            row.accepted_at,
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "user": self.user,
            "role": str(self.role),
            "status": self.status,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "accepted_at": None if self.accepted_at is None else self.accepted_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was made just now.

    Attributes
    ----------
    code
        What makes whoever has it the member: it is told here, and kept nowhere.
    """

    invitation: Invitation
    code: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"invitation": self.invitation.as_dict(), "code": self.code}


def _status(row: InvitationRow) -> InvitationStatus:
    if row.accepted_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= now() else "open"
