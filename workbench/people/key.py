"""Keys, as those see them who made them: all but the secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from workbench.access.actor import Actor
from workbench.store.tables import KeyRow, now

ACTIVE: KeyStatus = "active"
REVOKED: KeyStatus = "revoked"
EXPIRED: KeyStatus = "expired"
KeyStatus = Literal["active", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key that lets its bearer do, within its scopes, what its user may do in one workspace.

    Attributes
    ----------
    prefix
        Its first characters, by which people tell keys apart.
    scopes
        What it is good for; see `workbench.access.permissions.Permission`.
    user
        In whose name its bearer acts: a key can never do more than they may at the time.
    workspace
        Name of the one workspace that it opens.
    created_by
        Who made it: its user; where an invitation gave it, whoever invited them.
    expires_at
        None: never.
    last_used_at, last_used_from
        When and from which address it was used last, to the minute; None: never.
    requests_per_minute
        Most requests that are answered; 0: any number; None: as the settings say, which holds for all keys of a user
        together. More than that is good only while the user is an owner.
    replaces_id
        The key that it was made to replace.
    made_by_key_id
        The key that whoever made it came by: it ends with that, and goes no further. None: they came by none.
    """

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    user: str
    workspace: str
    status: KeyStatus
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    requests_per_minute: int | None
    replaces_id: str | None
    made_by_key_id: str | None

    @classmethod
    def of(cls, row: KeyRow, *, user: str, workspace: str) -> Key:
        return cls(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            scopes=tuple(row.scopes),
            user=user,
            workspace=workspace,
            status=status_of(row),
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            last_used_from=row.last_used_from,
            revoked_at=row.revoked_at,
            revoked_by=row.revoked_by,
            requests_per_minute=row.requests_per_minute,
            replaces_id=row.replaces_id,
            made_by_key_id=row.made_by_key_id,
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        times = {name: value.isoformat() for name, value in told.items() if isinstance(value, datetime)}
        return told | times | {"scopes": list(self.scopes)}


@dataclass(frozen=True, slots=True)
class Issued:
    """A key that was made just now, with its secret, which is to be had this once.

    Attributes
    ----------
    secret
        What its bearer sends. It is kept nowhere: who loses it makes another key, or rotates this one.
    """

    key: Key
    secret: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, the secret included: for whoever asked for the key, and nobody else."""
        return {"key": self.key.as_dict(), "secret": self.secret}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever shows a key: who that is, and where.

    Attributes
    ----------
    actor
        The key's user, with the role that they have now, and the key's scopes. Who administers the home does not do so
        by a key: it opens one workspace.
    """

    actor: Actor
    workspace_id: str
    key: Key


@dataclass(frozen=True, slots=True)
class Use:
    """That a key was used."""

    key_id: str
    at: datetime
    address: str


def status_of(row: KeyRow) -> KeyStatus:
    """Return what a key is now."""
    if row.revoked_at is not None:
        return REVOKED
    return EXPIRED if row.expires_at is not None and row.expires_at <= now() else ACTIVE
