"""Read-only pages for those who watch: runs with their log and leaderboard, and what is promoted and served."""

from __future__ import annotations

from typing import Any

import workbench
from workbench_widgets.deploy import DeployPanel
from workbench_widgets.desk import Desk
from workbench_widgets.events import EventsPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder
from workbench_widgets.registry import RegistryPanel
from workbench_widgets.runs import RunsPanel
from workbench_widgets.shelf import Shelf


class RunsDashboard(Shelf):
    """Runs under way and past; nothing here changes anything.

    Parameters
    ----------
    home
        What `workbench.connect` returned; None: connect by the environment.
    """

    def __init__(self, home: workbench.Workbench | None = None, **layout: Any) -> None:
        self.feeder = Feeder.of(home)
        self.workbench = home or self.feeder.workbench
        desk = Desk(self.workbench)
        self.runs = RunsPanel(desk, self.feeder, read_only=True)
        self.leaderboard = LeaderboardPanel(desk, self.feeder, read_only=True)
        self.events = EventsPanel(desk, self.feeder)
        super().__init__([self.runs, self.leaderboard, self.events], **layout)
        self.add_class("wb-page")
        self.add_class("wb-page-narrow")
        self.feeder.add(self.runs, self.leaderboard, self.events)


class ServingDashboard(Shelf):
    """Deployments with their traffic, and the registry behind them; nothing here changes or asks anything.

    Parameters
    ----------
    home
        What `workbench.connect` returned; None: connect by the environment.
    """

    def __init__(self, home: workbench.Workbench | None = None, **layout: Any) -> None:
        self.feeder = Feeder.of(home)
        self.workbench = home or self.feeder.workbench
        desk = Desk(self.workbench)
        self.deploy = DeployPanel(desk, self.feeder, read_only=True)
        self.registry = RegistryPanel(desk, self.feeder, read_only=True)
        super().__init__([self.deploy, self.registry], **layout)
        self.add_class("wb-page")
        self.add_class("wb-page-narrow")
        self.feeder.add(self.deploy, self.registry)
