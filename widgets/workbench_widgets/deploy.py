"""The deploy panel: what is served, how fast it answers, and a form to try it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench.advisors.advice import AdvisorName
from workbench.deployment import Deployment
from workbench.registry.pipeline import Pipeline
from workbench.serving.batches import BatchRecord
from workbench.serving.deployment import SERVED, DeploymentRecord
from workbench_widgets.advising import BESIDE, Question
from workbench_widgets.choice import Kept
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script
from workbench_widgets.traffic import points_of
from workbench_widgets.tryit import form_of

WINDOW_MIN = 60
"""Minutes that the plots show."""
LOOK_S = 1.0
"""Shortest time between two looks at the processes behind a deployment, which change in other tables than its own."""
HISTORY_SHOWN = 50
BATCHES_SHOWN = 10
PATIENCE_S = 15.0
"""Longest that the form waits for an answer."""


class DeployPanel(Panel):
    """Deployments, one of them in detail: state, traffic, a form over its schema, and what can be done with it.

    Parameters
    ----------
    read_only
        Nothing can be changed or asked: for dashboards.
    """

    _esm = script("forms", "attempts", "access", "traffic", "tryit", "advice", "deploy")
    beside = BESIDE | {"predict", "curl"}

    def __init__(self, desk: Desk, feeder: Feeder, *, read_only: bool = False) -> None:
        self._desk = desk
        self._feeder = feeder
        self._read_only = read_only
        self._mark: int | None = None
        self._pipelines: dict[str, Pipeline] = {}
        self._looked_at = 0.0
        self._formed: tuple[str, str] | None = None
        super().__init__(
            desk.workbench,
            read_only=read_only,
            window_min=WINDOW_MIN,
            deployments=[],
            watched=None,
            form=None,
            inside=None,
            minutes=[],
            batches=[],
            history=[],
            pipelines=[],
            aliases=[],
            sources=[],
            attempts=[],
            cards=[],
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        looking: dict[str, Command] = {"watch": self._watch, "show_pipeline": self._show_pipeline}
        if self._read_only:
            return looking
        return looking | {
            "predict": self._predict,
            "curl": self._curl,
            "warm": self._warm,
            "stop": self._stop,
            "delete": self._delete,
            "swap": self._swap,
            "rollback": self._rollback,
            "shadow": self._shadow,
            "access": self._access,
            "follow": self._follow,
            "batch": self._batch,
            "cancel_batch": self._cancel_batch,
            "delete_batch": self._delete_batch,
            "dismiss": self._dismiss,
            **self._desk.advising.commands(self._feeder.wake),
        }

    def feed(self) -> bool:
        with self._feeding:
            # Before the list is read: what is deployed afterwards may not be in it.
            watched = self._desk.deployment.value
            records = self.workbench.deployments.records()
            known = {record.id: record for record in records}
            if watched not in known:
                watched = self._desk.deployment.replace(watched, records[0].id if records else None)
            mark = self.workbench.mark()
            is_changed = mark != self._mark or watched != self._view["watched"]
            if mark != self._mark:
                self._read_shelves()
                self._mark = mark
            cards = self._cards(records)
            self.show(
                deployments=[self._line(record, cards) for record in records],
                watched=watched if watched in known else None,
                cards=[card for card in cards if card["subject"] == watched],
                sources=[
                    {"id": source.id, "name": source.name, "rows": source.row_count}
                    for source in self.workbench.data.lines()
                ],
                attempts=self._desk.deploying.lines(),
            )
            if watched not in known:
                self._formed = None
                self.show(form=None, inside=None, minutes=[], batches=[], history=[])
                return False
            # Where it has to wait there is another look within LOOK_S anyway.
            if is_changed or time.monotonic() - self._looked_at >= LOOK_S:
                self._look_into(known[watched], is_changed=is_changed)
            return False

    def _look_into(self, record: DeploymentRecord, *, is_changed: bool) -> None:
        self._looked_at = time.monotonic()
        deployment = self.workbench.deployments.get(record.id)
        if self._formed != (record.id, record.pipeline_id):
            # Its sample rows are for those who may ask.
            self.show(form=None if self._read_only else form_of(deployment))
            self._formed = (record.id, record.pipeline_id)
        if is_changed:
            self.show(history=[entry.as_dict() for entry in deployment.history(limit=HISTORY_SHOWN)])
        batches = self.workbench.deployments.batch_records(deployment_id=record.id, limit=BATCHES_SHOWN)
        self.show(
            inside=self._inside(deployment, record),
            minutes=points_of(deployment.traffic(minutes=WINDOW_MIN)),
            batches=[self._batch_line(found) for found in batches],
        )

    def _read_shelves(self) -> None:
        found = self.workbench.registry.list()
        self._pipelines = {pipeline.id: pipeline for pipeline in found}
        self.show(
            pipelines=[
                {"id": one.id, "name": one.name, "task": one.task, "target": one.target, "model": one.model_name}
                for one in found
            ],
            aliases=[alias.as_dict() for alias in self.workbench.registry.aliases.list()],
        )

    def _name(self, pipeline_id: str | None) -> str | None:
        if pipeline_id is None:
            return None
        known = self._pipelines.get(pipeline_id)
        return pipeline_id[-8:] if known is None else known.name

    def _cards(self, records: Sequence[DeploymentRecord]) -> list[dict[str, Any]]:
        advisors: tuple[AdvisorName, ...] = ("deployment_reviewer", "drift_analyst")
        asked = [Question(advisor, "deployment", record.id) for record in records for advisor in advisors]
        return self._desk.advising.cards(asked, read_only=self._read_only)

    def _line(self, record: DeploymentRecord, cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        mine = [card for card in cards if card["subject"] == record.id]
        serving = self._pipelines.get(record.pipeline_id)
        return record.as_dict() | {
            "pipeline": self._name(record.pipeline_id),
            "model": None if serving is None else serving.model_name,
            "task": None if serving is None else serving.task,
            "target": None if serving is None else serving.target,
            "next": self._name(record.next_pipeline_id),
            "previous": self._name(record.previous_pipeline_id),
            "shadow": self._name(record.shadow_pipeline_id),
            "is_served": record.status in SERVED,
            "warned": [card["verdict"] for card in mine if card.get("tone") == "danger"],
        }

    def _inside(self, deployment: Deployment, record: DeploymentRecord) -> dict[str, Any]:
        """Tell what answers, and how the pipeline in the shadow compares."""
        engine = deployment.engine
        told: dict[str, Any] = {"engine": None if engine is None else dict(engine), "shadow": None}
        if record.shadow_pipeline_id is not None:
            told["shadow"] = asdict(deployment.shadow_report())
        return told

    def _batch_line(self, found: BatchRecord) -> dict[str, Any]:
        names = {source["id"]: source["name"] for source in self._view["sources"]}
        folder = self.workbench.settings.predictions
        return found.as_dict() | {
            "source": names.get(found.source_id, found.source_id[-8:]),
            "pipeline": self._name(found.pipeline_id),
            "path": None if found.file is None else str(folder / found.file),
            "is_over": found.is_over,
        }

    def _again(self) -> None:
        """Look at once: something was just done."""
        self._looked_at = 0.0
        self.feed()
        self._feeder.wake()

    def _of(self, id: str) -> Deployment:
        return self.workbench.deployments.get(id)

    def _watch(self, id: str) -> None:
        self._desk.deployment.set(self._of(id).id)
        self._again()

    def _show_pipeline(self, pipeline: str) -> None:
        self._desk.kept.set(Kept("pipeline", pipeline))
        self._feeder.wake()

    def _predict(self, id: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return self._of(id).predict(rows, timeout_s=PATIENCE_S)

    def _curl(self, id: str, rows: list[dict[str, Any]] | None = None) -> str:
        return self._of(id).curl(rows)

    def _warm(self, id: str) -> None:
        self._of(id).warm(wait=False)
        self._again()

    def _stop(self, id: str) -> None:
        self._of(id).stop()
        self._again()

    def _delete(self, id: str) -> None:
        self._of(id).delete()
        self._again()

    def _swap(self, id: str, pipeline: str, why: str = "", other_columns: bool = False) -> None:
        self._of(id).swap(pipeline, why=why, other_columns=other_columns, wait=False)
        self._again()

    def _rollback(self, id: str) -> None:
        self._of(id).rollback(wait=False)
        self._again()

    def _shadow(self, id: str, pipeline: str | None) -> None:
        self._of(id).shadow(pipeline)
        self._again()

    def _access(self, id: str, access: str) -> None:
        self._of(id).open_to(access)
        self._again()

    def _follow(self, id: str, alias: str | None) -> None:
        self._of(id).follow(alias)
        self._again()

    def _batch(self, id: str, source: str) -> dict[str, Any]:
        made = self._of(id).batch(source)
        self._again()
        return {"id": made.id}

    def _cancel_batch(self, id: str) -> None:
        self.workbench.deployments.batch(id).cancel()
        self._again()

    def _delete_batch(self, id: str) -> None:
        self.workbench.deployments.batch(id).delete()
        self._again()

    def _dismiss(self, id: str) -> None:
        self._desk.deploying.dismiss(id)
        self._again()
