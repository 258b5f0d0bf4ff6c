"""Workbench's panels for JupyterLab and Voila.

>>> from workbench_widgets import Workbench
>>> Workbench()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench_widgets.app import Workbench
    from workbench_widgets.dashboard import RunsDashboard, ServingDashboard
    from workbench_widgets.data import DataPanel
    from workbench_widgets.deploy import DeployPanel
    from workbench_widgets.events import EventsPanel
    from workbench_widgets.launch import LaunchPanel
    from workbench_widgets.leaderboard import LeaderboardPanel
    from workbench_widgets.profile import ProfilePanel
    from workbench_widgets.registry import RegistryPanel
    from workbench_widgets.review import ReviewPanel
    from workbench_widgets.runs import RunsPanel

_HOMES = {
    "DataPanel": "data",
    "DeployPanel": "deploy",
    "EventsPanel": "events",
    "LaunchPanel": "launch",
    "LeaderboardPanel": "leaderboard",
    "ProfilePanel": "profile",
    "RegistryPanel": "registry",
    "ReviewPanel": "review",
    "RunsDashboard": "dashboard",
    "RunsPanel": "runs",
    "ServingDashboard": "dashboard",
    "Workbench": "app",
}
__all__ = [
    "DataPanel",
    "DeployPanel",
    "EventsPanel",
    "LaunchPanel",
    "LeaderboardPanel",
    "ProfilePanel",
    "RegistryPanel",
    "ReviewPanel",
    "RunsDashboard",
    "RunsPanel",
    "ServingDashboard",
    "Workbench",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'workbench_widgets' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"workbench_widgets.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
