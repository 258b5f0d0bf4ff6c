"""Accepting an invitation where nobody knows yet who does: the code says who, and a key is what they come with next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.access.actor import Actor
from workbench.access.permissions import ALL, Role
from workbench.people import invitations
from workbench.people.key import Issued
from workbench.people.keys import Keys
from workbench.people.workspace import Workspace
from workbench.people.workspaces import Workspaces
from workbench.store.store import Store

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
    """Make whom an invitation names a member, and give them a key.

    Raises
    ------
    Forbidden
        ``invitation.invalid``
    """
    with store.database.read() as session:
        user = invitations.addressed(session, code).user_name
    origin = store.actor.origin
    workspace = Workspaces(store.on_behalf_of(Actor(user, None, origin=origin))).accept(code)
    there = store.within(workspace.id).on_behalf_of(Actor(user, workspace.role, origin=origin))
    return Joined(user, workspace, Keys(there).create(_NAME, ALL))
