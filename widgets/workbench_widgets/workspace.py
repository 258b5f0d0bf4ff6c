"""The workspace panel: which workspace the page shows, what else is open to its reader, and where new runs go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.people.workspace import Workspace
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.looking import LookingPanel
from workbench_widgets.panel import Command, script
from workbench_widgets.tabs import Enter

LOOK_S = 5.0
TAB = "access"
"""The tab in which a page goes on after it has turned to another workspace from here."""


class WorkspacePanel(LookingPanel):
    """The head of the access tab.

    Parameters
    ----------
    enter
        Shows another workspace.
    """

    _esm = script("entering", "workspace")
    look_s = LOOK_S

    def __init__(self, desk: Desk, feeder: Feeder, *, enter: Enter) -> None:
        self._desk = desk
        self._enter = enter
        super().__init__(desk, feeder, here={}, workspaces=[], project=None, projects=[])

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "enter": self._go_to,
            "create": self._create,
            "rename": self._rename,
            "leave": self._leave,
            "delete": self._delete,
            "choose_project": self._choose_project,
            "create_project": self._create_project,
        }

    def look(self) -> None:
        here = self.workbench.workspaces.current()
        projects = self.workbench.projects.list()
        self.show(
            here=_line(here) | {"is_fixed": here.created_by is None},
            workspaces=[_line(workspace) for workspace in self.workbench.workspaces.list()],
            project=self._desk.look_at_projects(projects).id,
            projects=[{"id": project.id, "name": project.name, "runs": project.run_count} for project in projects],
        )

    def _go_to(self, workspace: str) -> None:
        self._enter(workspace, TAB)

    def _create(self, name: str) -> None:
        self._go_to(self.workbench.workspaces.create(name).id)

    def _rename(self, name: str) -> None:
        self.workbench.workspaces.rename(self._view["here"]["id"], name)
        self.look_again()

    def _leave(self) -> dict[str, Any]:
        self.workbench.workspaces.leave()
        return self._go_elsewhere()

    def _delete(self) -> dict[str, Any]:
        self.workbench.workspaces.delete(self._view["here"]["id"])
        return self._go_elsewhere()

    def _go_elsewhere(self) -> dict[str, Any]:
        """Show a workspace that is open still, the one from the start before others; tell whether there was any."""
        there = [other for other in self.workbench.workspaces.list() if other.id != self._view["here"]["id"]]
        there.sort(key=lambda other: other.created_by is not None)
        if there:
            self._go_to(there[0].id)
        return {"is_elsewhere": bool(there)}

    def _choose_project(self, id: str) -> None:
        self._desk.project.set(self.workbench.projects.get(id))
        self.look_again()

    def _create_project(self, name: str) -> None:
        self._desk.project.set(self.workbench.projects.create(name))
        self.look_again()


def _line(workspace: Workspace) -> dict[str, Any]:
    return {"id": workspace.id, "name": workspace.name, "role": str(workspace.role)}
