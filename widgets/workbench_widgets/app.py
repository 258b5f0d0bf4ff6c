"""The workbench itself: the panels on one page, fed by one thread."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ipywidgets

import workbench
from workbench.errors import Conflict, WorkbenchError
from workbench_widgets.auditing import AuditPanel
from workbench_widgets.data import DataPanel
from workbench_widgets.deploy import DeployPanel
from workbench_widgets.desk import Desk
from workbench_widgets.events import EventsPanel
from workbench_widgets.keys import KeysPanel
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel
from workbench_widgets.people import PeoplePanel
from workbench_widgets.profile import ProfilePanel
from workbench_widgets.registry import RegistryPanel
from workbench_widgets.review import ReviewPanel
from workbench_widgets.runs import RunsPanel
from workbench_widgets.shelf import Shelf
from workbench_widgets.tabs import TABS, TabsPanel
from workbench_widgets.workspace import WorkspacePanel


class Workbench(Shelf):
    """All panels over one home.

    Parameters
    ----------
    home
        What `workbench.connect` returned; None: connect by the environment.

    Attributes
    ----------
    tabs, data, launch, runs, leaderboard, events, profile, registry, deploy, review, workspace, people, keyring, audit
        The panels, each of which can also be shown by itself.
    """

    def __init__(self, home: workbench.Workbench | None = None, **layout: Any) -> None:
        self.feeder = Feeder.of(home)
        super().__init__(self._parts(home or self.feeder.workbench, "train"), **layout)
        self.add_class("wb-tabbed")

    def enter(self, workspace: str, tab: str) -> None:
        """Show another workspace instead.

        Parameters
        ----------
        workspace
            Its name or id.
        tab
            The tab to begin with.

        Raises
        ------
        NotFound
            ``workspace.not_found``
        Conflict
            ``data.on_its_way`` while a table is brought in here: that would end with what is shown.
        """
        if names := self.data.on_their_way:
            raise Conflict(
                "data.on_its_way",
                f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} on the way into this workspace.",
                hint="Wait until that is over, or end it on the Train tab.",
            )
        # What was shown is closed by the feeder, once it has been out of sight for a while.
        self.children = self._parts(self.workbench.within(workspace), tab)

    def _parts(self, home: workbench.Workbench, start: str) -> list[ipywidgets.Widget]:
        """Make the panels over a home: the bar, and a page for each of its tabs."""
        self.workbench = home
        # Warm while the user looks for a table: PyCaret takes seconds to import.
        with suppress(WorkbenchError):
            # Data can be looked at without it; launching a run says what is wrong.
            home.service.start()
        desk = Desk(home)
        self.tabs = TabsPanel(desk, self.feeder, enter=self.enter, start=start)
        self.data = DataPanel(desk, self.feeder)
        self.launch = LaunchPanel(desk, self.feeder)
        self.profile = ProfilePanel(desk, self.feeder)
        self.runs = RunsPanel(desk, self.feeder)
        self.leaderboard = LeaderboardPanel(desk, self.feeder)
        self.events = EventsPanel(desk, self.feeder)
        self.registry = RegistryPanel(desk, self.feeder)
        self.deploy = DeployPanel(desk, self.feeder)
        self.review = ReviewPanel(desk, self.feeder)
        self.workspace = WorkspacePanel(desk, self.feeder, enter=self.enter)
        self.people = PeoplePanel(desk, self.feeder)
        self.keyring = KeysPanel(desk, self.feeder)
        self.audit = AuditPanel(desk, self.feeder)
        shown = (
            _columns([self.data, self.launch], [self.runs, self.leaderboard, self.events]),
            [self.profile],
            [self.registry],
            [self.deploy],
            [self.review],
            [self.workspace, *_columns([self.people], [self.keyring]), self.audit],
        )
        pages = [Shelf(parts) for parts in shown]
        for name, page in zip(TABS, pages, strict=True):
            page.add_class("wb-page")
            page.add_class(f"wb-tab-{name}")
            if name != start:
                page.add_class("wb-away")
        self.feeder.add(
            self.tabs,
            self.data,
            self.launch,
            self.runs,
            self.leaderboard,
            self.events,
            self.profile,
            self.registry,
            self.deploy,
            self.review,
            self.workspace,
            self.people,
            self.keyring,
            self.audit,
        )
        return [self.tabs, *pages]


def _columns(left: list[Panel], right: list[Panel]) -> list[ipywidgets.Widget]:
    """Put panels side by side, the right ones in the wider column."""
    columns = [Shelf(left), Shelf(right)]
    for column in columns:
        column.add_class("wb-column")
    columns[1].add_class("wb-column-wide")
    return columns
