"""The audit panel: who did what, when, from where; and whether the log is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workbench.access.permissions import Permission
from workbench_widgets.access import identity
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script

PAGE = 50
"""Lines that one look fetches."""


class AuditPanel(Panel):
    """The audit log, by filters. Its lines are fetched by the page and kept nowhere else."""

    _esm = script("audit")
    beside = frozenset({"verify"})

    def __init__(self, desk: Desk, feeder: Feeder) -> None:  # noqa: ARG002 - panels are made alike
        super().__init__(
            desk.workbench,
            mark=0,
            me={},
            people=[],
            is_administrator=desk.workbench.actor.is_administrator,
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {"lines": self._lines, "verify": self._verify}

    def feed(self) -> bool:
        with self._feeding:
            mark = self.workbench.mark()
            if mark != self._view["mark"] or not self._view["me"]:
                told = self.workbench.actor.may(Permission.WORKSPACE_READ)
                members = self.workbench.workspaces.members() if told else []
                self.show(mark=mark, me=identity(self.workbench), people=[member.name for member in members])
            return False

    def _lines(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        before: int | None = None,
        everywhere: bool = False,
        **about: str | None,
    ) -> dict[str, Any]:
        found = self.workbench.audit.list(
            **about,
            since=None if since is None else datetime.fromisoformat(since),
            until=None if until is None else datetime.fromisoformat(until),
            before=before,
            limit=PAGE + 1,
            everywhere=everywhere,
        )
        return {"lines": [entry.as_dict() for entry in found[:PAGE]], "has_more": len(found) > PAGE}

    def _verify(self) -> dict[str, Any]:
        return self.workbench.audit.verify().as_dict()
