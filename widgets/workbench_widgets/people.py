"""The people panel: members of the workspace with their roles, and invitations to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.access.permissions import Permission, Role
from workbench_widgets.access import identity
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.looking import LookingPanel
from workbench_widgets.panel import Command, script

LOOK_S = 5.0
"""Longest between two looks where nothing was done: an invitation ends by itself."""
INVITATION_DAYS = 7


class PeoplePanel(LookingPanel):
    """Who shares the workspace. The code of an invitation is told once, to the page that asked for it."""

    _esm = script("secret", "lines", "people")
    look_s = LOOK_S

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        super().__init__(
            desk,
            feeder,
            me={},
            roles=[str(role) for role in Role],
            days=INVITATION_DAYS,
            members=[],
            invitations=[],
        )

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "set_role": self._set_role,
            "remove": self._remove,
            "invite": self._invite,
            "revoke_invitation": self._revoke_invitation,
            "accept": self._accept,
        }

    def look(self) -> None:
        may = self.workbench.actor.may
        spaces = self.workbench.workspaces
        self.show(
            me=identity(self.workbench),
            members=[member.as_dict() for member in spaces.members()],
            # Whom else is invited is for those who invite.
            invitations=[one.as_dict() for one in spaces.invitations()] if may(Permission.MEMBERS_WRITE) else [],
        )

    def _set_role(self, user: str, role: str) -> None:
        try:
            self.workbench.workspaces.set_role(user, role)
        finally:
            # What was refused is shown as it was.
            self.look_again()

    def _remove(self, user: str) -> None:
        self.workbench.workspaces.remove(user)
        self.look_again()

    def _invite(self, user: str, role: str, days: int) -> dict[str, Any]:
        invited = self.workbench.workspaces.invite(user, role=role, days=days)
        self.look_again()
        return invited.as_dict()

    def _revoke_invitation(self, id: str) -> None:
        self.workbench.workspaces.revoke_invitation(id)
        self.look_again()

    def _accept(self, code: str) -> dict[str, Any]:
        joined = self.workbench.workspaces.accept(code)
        self.look_again()
        return {"workspace": joined.name}
