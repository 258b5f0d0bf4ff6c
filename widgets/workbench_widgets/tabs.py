"""The tabs of the page: which panels are seen together, how much there is in each, and in which workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.serving.deployment import FAILED
from workbench_widgets.access import identity
from workbench_widgets.advising import Question
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.looking import LookingPanel
from workbench_widgets.panel import Command, script

TABS = {
    "train": "Train",
    "profile": "Profile",
    "registry": "Registry",
    "deploy": "Deploy",
    "review": "Review",
    "access": "Access",
}
Enter = Callable[[str, str], None]
"""Shows another workspace: its name or id, and the tab to begin with."""


class TabsPanel(LookingPanel):
    """A bar over pages that bear the classes ``wb-tab-NAME``; turning happens in the browser.

    Parameters
    ----------
    enter
        Shows another workspace; None: the page stays in its own.
    start
        The tab that is shown first.
    """

    _esm = script("entering", "tabs")

    def __init__(
        self,
        desk: Desk,
        feeder: Feeder,
        *,
        enter: Enter | None = None,
        start: str = "train",
    ) -> None:
        self._desk = desk
        self._enter = enter
        super().__init__(
            desk,
            feeder,
            tabs=[{"name": name, "title": title} for name, title in TABS.items()],
            start=start,
            can_enter=enter is not None,
            me={},
            counts={},
        )

    @property
    def commands(self) -> Mapping[str, Command]:
        return {} if self._enter is None else {"enter": self._enter}

    def look(self) -> None:
        pipelines, deployments = self.workbench.registry.list(), self.workbench.deployments.records()
        failed = [record.slug for record in deployments if record.status == FAILED]
        asked = [Question("drift_analyst", "deployment", record.id) for record in deployments]
        cards = self._desk.advising.cards(asked)
        drifted = [record.slug for record, card in zip(deployments, cards, strict=True) if card.get("tone") == "danger"]
        told = {"Failed": failed, "Drifted": drifted}
        trouble = ". ".join(f"{what}: {', '.join(slugs)}" for what, slugs in told.items() if slugs) or None
        self.show(
            me=identity(self.workbench),
            counts={"registry": _count(len(pipelines)), "deploy": _count(len(deployments), trouble)},
        )


def _count(count: int, trouble: str | None = None) -> dict[str, Any]:
    return {"count": count, "trouble": trouble}
