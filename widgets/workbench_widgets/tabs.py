"""The tabs of the page: which panels are seen together, and how much there is in each."""

from __future__ import annotations

from typing import Any

from workbench.serving.deployment import FAILED
from workbench_widgets.advising import Question
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Panel, script

TABS = {"train": "Train", "profile": "Profile", "registry": "Registry", "deploy": "Deploy", "review": "Review"}


class TabsPanel(Panel):
    """A bar over pages that bear the classes ``wb-tab-NAME``; turning happens in the browser."""

    _esm = script("tabs")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:  # noqa: ARG002 - panels are made alike
        self._desk = desk
        self._mark: str | None = None
        super().__init__(
            desk.workbench, tabs=[{"name": name, "title": title} for name, title in TABS.items()], counts={}
        )
        self.feed()

    def feed(self) -> bool:
        newest = self.workbench.audit(limit=1)
        mark = newest[0].id if newest else ""
        if mark != self._mark:
            self._mark = mark
            pipelines, deployments = self.workbench.registry.list(), self.workbench.deployments.records()
            failed = [record.slug for record in deployments if record.status == FAILED]
            asked = [Question("drift_analyst", "deployment", record.id) for record in deployments]
            cards = self._desk.advising.cards(asked)
            drifted = [
                record.slug for record, card in zip(deployments, cards, strict=True) if card.get("tone") == "danger"
            ]
            told = {"Failed": failed, "Drifted": drifted}
            trouble = ". ".join(f"{what}: {', '.join(slugs)}" for what, slugs in told.items() if slugs) or None
            self.show(counts={"registry": _count(len(pipelines)), "deploy": _count(len(deployments), trouble)})
        return False


def _count(count: int, trouble: str | None = None) -> dict[str, Any]:
    return {"count": count, "trouble": trouble}
