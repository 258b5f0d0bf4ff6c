"""The workbench itself: the panels on one page, fed by one thread."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ipywidgets

import workbench
from workbench.errors import WorkbenchError
from workbench_widgets.data import DataPanel
from workbench_widgets.deploy import DeployPanel
from workbench_widgets.desk import Desk
from workbench_widgets.events import EventsPanel
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder
from workbench_widgets.profile import ProfilePanel
from workbench_widgets.registry import RegistryPanel
from workbench_widgets.review import ReviewPanel
from workbench_widgets.runs import RunsPanel
from workbench_widgets.tabs import TABS, TabsPanel


class Workbench(ipywidgets.Box):
    """All panels over one home.

    Parameters
    ----------
    home
        What `workbench.connect` returned; None: connect by the environment.

    Attributes
    ----------
    tabs, data, launch, runs, leaderboard, events, profile, registry, deploy, review
        The panels, each of which can also be shown by itself.
    """

    def __init__(self, home: workbench.Workbench | None = None, **layout: Any) -> None:
        self.feeder = Feeder.of(home)
        self.workbench = home or self.feeder.workbench
        # Warm while the user looks for a table: PyCaret takes seconds to import.
        with suppress(WorkbenchError):
            # Data can be looked at without it; launching a run says what is wrong.
            self.workbench.service.start()
        desk = Desk(self.workbench)
        self.tabs = TabsPanel(desk, self.feeder)
        self.data = DataPanel(desk, self.feeder)
        self.launch = LaunchPanel(desk, self.feeder)
        self.profile = ProfilePanel(desk, self.feeder)
        self.runs = RunsPanel(desk, self.feeder)
        self.leaderboard = LeaderboardPanel(desk, self.feeder)
        self.events = EventsPanel(desk, self.feeder)
        self.registry = RegistryPanel(desk, self.feeder)
        self.deploy = DeployPanel(desk, self.feeder)
        self.review = ReviewPanel(desk, self.feeder)
        left = ipywidgets.Box([self.data, self.launch])
        right = ipywidgets.Box([self.runs, self.leaderboard, self.events])
        left.add_class("wb-column")
        right.add_class("wb-column")
        right.add_class("wb-column-wide")
        wholes = [ipywidgets.Box([panel]) for panel in (self.profile, self.registry, self.deploy, self.review)]
        pages = [ipywidgets.Box([left, right]), *wholes]
        for place, (name, page) in enumerate(zip(TABS, pages, strict=True)):
            page.add_class("wb-page")
            page.add_class(f"wb-tab-{name}")
            if place:
                page.add_class("wb-away")
        super().__init__([self.tabs, *pages], **layout)
        self.add_class("wb-tabbed")
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
        )
