"""Workspaces, members, invitations, projects and experiments over HTTP."""

from __future__ import annotations

from pydantic import Field

from workbench.access.permissions import Role
from workbench.people import joined, me, workspace
from workbench.people.project import Project
from workbench.people.workspace import Invitation, Member, Workspace
from workbench.runs.experiment import Experiment
from workbench.runs.scores import LeaderboardRow
from workbench.server.bodies.base import Asked, alike
from workbench.server.bodies.base import Named as Place
from workbench.server.bodies.keys import Issued

__all__ = ["Experiment", "Invitation", "Member", "Project", "Workspace"]


class Name(Asked):
    """What something is to be called."""

    name: str = Field(examples=["churn"])


class SetRole(Asked):
    """What somebody is to be in the workspace."""

    role: str = Field(description="viewer, editor or owner.", examples=["editor"])


class Invite(Asked):
    """Whom to invite."""

    user: str = Field(description="As Jupyter, the hub or the system calls them.", examples=["maria"])
    role: str = Field("editor", description="viewer, editor or owner.")
    days: int = Field(7, description="How long the code is good for.")


class Accept(Asked):
    """What somebody was invited by."""

    code: str = Field(examples=["inv_5fT1nX0y8m3kQe7bJd2wRz4uLp6vGs9aHc1iKo0tNxE"])


Me = alike("Me", me.Me, without=("workspace_id", "project_id"), workspace=Place, project=Place)
Invited = alike("Invited", workspace.Invited, code=str | None)
Joined = alike("Joined", joined.Joined, role=Role, key=Issued)
Contender = alike("Contender", LeaderboardRow, run_id=str, plan=str)
