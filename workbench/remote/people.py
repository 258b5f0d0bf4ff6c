"""Workspaces, their people, and projects, over HTTP: what `Workbench.workspaces` and `Workbench.projects` are."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from workbench.people import invitations
from workbench.people.me import Me
from workbench.people.project import Project
from workbench.people.workspace import Invitation, Invited, Member, Workspace
from workbench.remote.answers import shown
from workbench.remote.elsewhere import only_there

if TYPE_CHECKING:
    from workbench.remote.api import Api


class Workspaces:
    """The workspaces that are open to whoever asks, and the people in the one that is open now.

    See `workbench.people.workspaces.Workspaces`.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self) -> list[Workspace]:
        """Return the workspaces that are open to you, by name."""
        return self._api.all_of(Workspace, self._api.listed("workspaces"))

    def get(self, reference: str) -> Workspace:
        """Find a workspace by its name or its id."""
        return self._api.of(Workspace, self._api.get("workspaces", reference))

    def current(self) -> Workspace:
        """Return the workspace that is open now."""
        return self.get(self._me().workspace_id)

    def create(self, name: str) -> Workspace:
        """Make a workspace with a default project, and be its owner."""
        return self._api.of(Workspace, self._api.post("workspaces", body={"name": name}))

    def rename(self, reference: str, name: str) -> Workspace:
        """Call a workspace something else."""
        return self._api.of(Workspace, self._api.patch("workspaces", reference, body={"name": name}))

    def delete(self, reference: str) -> None:
        """Delete a workspace in which nothing was made."""
        self._api.delete("workspaces", reference)

    def members(self) -> builtins.list[Member]:
        """Return the members of the workspace that is open."""
        return self._api.all_of(Member, self._api.listed("members"))

    def set_role(self, user: str, role: str) -> Member:
        """Make somebody a member, or change what they are."""
        return self._api.of(Member, self._api.put("members", user, body={"role": str(role)}))

    def remove(self, user: str) -> None:
        """Take a member out of the workspace, and revoke their keys to it."""
        self._api.delete("members", user, ends_key=True)

    def leave(self) -> None:
        """Be a member no more; your keys to the workspace are revoked, the one by which this is asked among them."""
        self._api.delete("me", ends_key=True)

    def invite(self, user: str, role: str = "editor", days: int = invitations.DAYS) -> Invited:
        """Invite somebody by a code, which is told this once."""
        told = self._api.post("invitations", body={"user": user, "role": str(role), "days": days})
        return self._api.of(Invited, shown(told, "code", "invitation"))

    def invitations(self) -> builtins.list[Invitation]:
        """Return the invitations to the workspace, newest first."""
        return self._api.all_of(Invitation, self._api.listed("invitations"))

    def revoke_invitation(self, invitation_id: str) -> None:
        """Let an invitation be good for nothing any more."""
        self._api.delete("invitations", invitation_id)

    def accept(self, code: str) -> Workspace:  # noqa: ARG002 - it is good for another call
        """Become a member as the user of the home's own machine.

        Raises
        ------
        BadRequest
            ``remote.not_possible`` always: over HTTP a member needs a key, which `Workbench.accept_invitation` gives.
        """
        raise only_there("To accept an invitation without getting a key by Workbench.accept_invitation")

    def _me(self) -> Me:
        return self._api.of(Me, self._api.get("me"))


class Projects:
    """The projects of a workspace; see `workbench.people.projects.Projects`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self) -> builtins.list[Project]:
        """Return the projects, by name."""
        return self._api.all_of(Project, self._api.listed("projects"))

    def get(self, reference: str) -> Project:
        """Find a project by its name or its id."""
        return self._api.of(Project, self._api.get("projects", reference))

    def current(self) -> Project:
        """Return the project that is open now: the one that new runs belong to."""
        return self.get(self._api.of(Me, self._api.get("me")).project_id)

    def create(self, name: str) -> Project:
        """Make a project."""
        return self._api.of(Project, self._api.post("projects", body={"name": name}))

    def rename(self, reference: str, name: str) -> Project:
        """Call a project something else."""
        return self._api.of(Project, self._api.patch("projects", reference, body={"name": name}))

    def delete(self, reference: str) -> None:
        """Delete a project without runs."""
        self._api.delete("projects", reference)
