"""Whoever asks: who they are to this store, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from workbench.access.permissions import Permission, Role
from workbench.decoding import rebuilt
from workbench.errors import Forbidden
from workbench.store.store import Store
from workbench.store.tables import KeyRow, ProjectRow, WorkspaceRow


@dataclass(frozen=True, slots=True)
class Me:
    """Whoever asks.

    Attributes
    ----------
    role
        In the workspace.
    scopes
        What their key is good for; None: they showed none.
    permissions
        What they may do here, by role and key together.
    workspace, project
        Where they are, by name.
    key, key_id
        The first characters and the id of the key that they showed; None: they showed none.
    origin
        From where they ask, in the audit log's words.
    """

    name: str
    role: Role
    scopes: tuple[str, ...] | None
    permissions: tuple[Permission, ...]
    workspace: str
    workspace_id: str
    project: str
    project_id: str
    is_administrator: bool
    key: str | None
    key_id: str | None
    origin: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = asdict(self) | {
            "workspace": {"id": self.workspace_id, "name": self.workspace},
            "project": {"id": self.project_id, "name": self.project},
        }
        return {name: value for name, value in told.items() if name not in ("workspace_id", "project_id")}

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Me:
        """Rebuild what `as_dict` gave."""
        where = {name: told[name]["name"] for name in ("workspace", "project")}
        ids = {f"{name}_id": told[name]["id"] for name in ("workspace", "project")}
        return rebuilt(cls, {**told, **where, **ids})


def me(store: Store) -> Me:
    """Tell whoever acts who they are; it takes no more than being a member.

    Raises
    ------
    Forbidden
        ``access.not_a_member``
    """
    actor = store.actor
    if actor.role is None:
        raise actor.why_not(Permission.WORKSPACE_READ) or Forbidden("access.not_a_member", "You are no member.")
    with store.database.read() as session:
        key = None if actor.key_id is None else session.scalar(select(KeyRow.prefix).where(KeyRow.id == actor.key_id))
        return Me(
            name=actor.name,
            role=actor.role,
            scopes=None if actor.scopes is None else tuple(sorted(actor.scopes)),
            permissions=tuple(one for one in Permission if actor.may(one)),
            workspace=session.get_one(WorkspaceRow, store.workspace_id).name,
            workspace_id=store.workspace_id,
            project=session.get_one(ProjectRow, store.project_id).name,
            project_id=store.project_id,
            is_administrator=actor.is_administrator,
            key=key,
            key_id=actor.key_id,
            origin=actor.origin,
        )
