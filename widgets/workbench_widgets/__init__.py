"""Workbench's panels for JupyterLab and Voila.

>>> from workbench_widgets import Workbench
>>> Workbench()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench_widgets.app import Workbench
    from workbench_widgets.auditing import AuditPanel
    from workbench_widgets.dashboard import RunsDashboard, ServingDashboard
    from workbench_widgets.data import DataPanel
    from workbench_widgets.deploy import DeployPanel
    from workbench_widgets.events import EventsPanel
    from workbench_widgets.keys import KeysPanel
    from workbench_widgets.launch import LaunchPanel
    from workbench_widgets.leaderboard import LeaderboardPanel
    from workbench_widgets.people import PeoplePanel
    from workbench_widgets.profile import ProfilePanel
    from workbench_widgets.registry import RegistryPanel
    from workbench_widgets.review import ReviewPanel
    from workbench_widgets.runs import RunsPanel

_HOMES = {
    "AuditPanel": "auditing",
    "DataPanel": "data",
    "DeployPanel": "deploy",
    "EventsPanel": "events",
    "KeysPanel": "keys",
    "LaunchPanel": "launch",
    "LeaderboardPanel": "leaderboard",
    "PeoplePanel": "people",
    "ProfilePanel": "profile",
    "RegistryPanel": "registry",
    "ReviewPanel": "review",
    "RunsDashboard": "dashboard",
    "RunsPanel": "runs",
    "ServingDashboard": "dashboard",
    "Workbench": "app",
}
__all__ = [
    "AuditPanel",
    "DataPanel",
    "DeployPanel",
    "EventsPanel",
    "KeysPanel",
    "LaunchPanel",
    "LeaderboardPanel",
    "PeoplePanel",
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
