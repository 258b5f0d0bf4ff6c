"""Accepting an invitation from elsewhere: the code says who is invited, and a key is what they come with next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.people import invitations, keys
from workbench.people.key import Issued
from workbench.people.workspace import Workspace
from workbench.store import writing
from workbench.store.store import Store
from workbench.store.tables import WorkspaceRow

_NAME = "from the invitation"


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who became a member.

    Attributes
    ----------
    user
        What they are called.
    key
        A key by which they can do all that they may.
    """

    user: str
    workspace: Workspace
    key: Issued

    @property
    def role(self) -> Role:
        return self.workspace.role

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, the key's secret included."""
        return {
            "user": self.user,
            "role": str(self.role),
            "workspace": self.workspace.as_dict(),
            "key": self.key.as_dict(),
        }


def join(store: Store, code: str) -> Joined:
    """Make whom an invitation names a member, and give them a key, both or neither.

    Within `invitations.AGAIN` the same code gives another key in place of one that nobody has used.

    Parameters
    ----------
    store
        The store as it is open to whoever accepts; who has shown nothing goes by no name.

    Raises
    ------
    Forbidden
        ``invitation.invalid``; see `invitations.accept`.
    """
    with store.database.read() as session:
        row = invitations.addressed(session, code)
    is_shown = invitations.is_shown_by(store.actor, row)
    actor = store.actor if is_shown else Actor(row.user_name, None, origin=store.actor.origin)
    there = store.within(row.workspace_id).on_behalf_of(replace(actor, role=Role(row.role), is_administrator=False))

    def act(session: Session) -> Joined:
        found = invitations.accept(session, there, code, by_code_alone=not is_shown)
        key = keys.give(session, there, _NAME, by_invitation_of=found.created_by)
        found.key_id = key.key.id
        workspace = session.get_one(WorkspaceRow, there.workspace_id)
        named = Workspace(workspace.id, workspace.name, Role(found.role), workspace.created_by, workspace.created_at)
        return Joined(found.user_name, named, key)

    return writing.write(there.database, act)
