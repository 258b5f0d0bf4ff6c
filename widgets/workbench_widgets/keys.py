"""The keys panel: make, rotate and revoke keys, by which scripts and other services call the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.access.permissions import ALL, Permission, granted
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.looking import LookingPanel
from workbench_widgets.panel import Command, script

LOOK_S = 2.0
"""Longest between two looks where nothing was done: that a key was used is no line of the audit log."""
KEYS_SHOWN = 200
PREDICT_ALL = f"{Permission.PREDICT}:{ALL}"

SCOPES: Mapping[str, str] = {
    PREDICT_ALL: "Predict with every deployment",
    Permission.DATA_READ: "See data sources and their profiles",
    Permission.RUNS_READ: "See runs, their events and leaderboards",
    Permission.REGISTRY_READ: "See pipelines and aliases",
    Permission.DEPLOYMENTS_READ: "See deployments and their traffic",
    Permission.ADVICES_READ: "Read what advisors said",
    Permission.WORKSPACE_READ: "See members and projects",
    Permission.AUDIT_READ: "Read the audit log",
    Permission.DATA_WRITE: "Bring in, refresh and delete data",
    Permission.RUNS_WRITE: "Launch, cancel and delete runs",
    Permission.REGISTRY_WRITE: "Promote pipelines, move aliases",
    Permission.DEPLOYMENTS_WRITE: "Deploy, swap, stop and delete",
    Permission.ADVICES_WRITE: "Ask advisors",
    Permission.PROJECTS_WRITE: "Make, rename and delete projects",
    Permission.KEYS_WRITE: "Make, rotate and revoke keys",
    Permission.MEMBERS_WRITE: "Invite people, change their roles",
}
"""What a key can be good for, in plain words."""


class KeysPanel(LookingPanel):
    """Keys of one's own, and everybody's for an owner. A key is told once, to the page that made it."""

    _esm = script("secret", "lines", "keyform", "keys")
    look_s = LOOK_S

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._is_everybody = False
        actor = desk.workbench.actor
        super().__init__(
            desk,
            feeder,
            user=actor.name,
            sees_all=actor.may(Permission.AUDIT_READ),
            scopes=[_scope(scope, words) for scope, words in SCOPES.items()],
            slugs=[],
            everybody=False,
            keys=[],
        )

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "create": self._create,
            "rotate": self._rotate,
            "revoke": self._revoke,
            "everybody": self._show_everybody,
        }

    def look(self) -> None:
        everybody = self._is_everybody
        self.show(
            everybody=everybody,
            keys=[key.as_dict() for key in self.workbench.keys.list(everybody=everybody, limit=KEYS_SHOWN)],
            slugs=[record.slug for record in self.workbench.deployments.records()],
        )

    def _create(
        self, name: str, scopes: Sequence[str], days: int | None, requests_per_minute: int | None
    ) -> dict[str, Any]:
        issued = self.workbench.keys.create(name, scopes, days=days, requests_per_minute=requests_per_minute)
        self.look_again()
        return issued.as_dict()

    def _rotate(self, id: str, grace_minutes: int) -> dict[str, Any]:
        issued = self.workbench.keys.rotate(id, grace_minutes=grace_minutes)
        self.look_again()
        return issued.as_dict()

    def _revoke(self, id: str) -> None:
        self.workbench.keys.revoke(id)
        self.look_again()

    def _show_everybody(self, is_on: bool) -> None:
        self._is_everybody = is_on
        self.look_again()


def _scope(scope: str, words: str) -> dict[str, Any]:
    permission = Permission.PREDICT if scope == PREDICT_ALL else Permission(scope)
    return {
        "scope": str(scope),
        "words": words,
        "takes": str(permission),
        "changes": not permission.is_reading,
        "implies": sorted(granted(permission) - {str(scope)}),
    }
