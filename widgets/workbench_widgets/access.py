"""Who sits before the page, and what they may not do here, in words that a button can show."""

from __future__ import annotations

from typing import Any

from workbench import Workbench
from workbench.access.permissions import Permission


def refusals(workbench: Workbench) -> dict[str, str]:
    """Return why not, by permission, of all that whoever opened the home may not do; an owner's is empty."""
    found = {permission: workbench.actor.why_not(permission) for permission in Permission}
    return {str(permission): str(error) for permission, error in found.items() if error is not None}


def identity(workbench: Workbench) -> dict[str, Any]:
    """Return who they are, in which workspace, and into which others they may go."""
    actor = workbench.actor
    spaces = workbench.workspaces
    return {
        "user": actor.name,
        "role": None if actor.role is None else str(actor.role),
        "workspace": spaces.current().name,
        "workspaces": [workspace.name for workspace in spaces.list()],
    }
