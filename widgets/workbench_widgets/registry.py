"""The registry panel: pipelines, the aliases that name them, and how one takes over from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench import WorkbenchError
from workbench.catalogue import TASKS
from workbench.registry.alias import Alias
from workbench.registry.pipeline import Pipeline
from workbench.registry.promotion import OPEN, Promotion
from workbench_widgets.choice import Kept
from workbench_widgets.deploying import BESIDE
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script
from workbench_widgets.trials import short_name

PROMOTIONS_SHOWN = 30


class RegistryPanel(Panel):
    """Pipelines, aliases and promotions, one of them in detail.

    Parameters
    ----------
    read_only
        Nothing can be changed: for dashboards.
    """

    _esm = script("forms", "attempts", "access", "deployform", "card", "gates", "registry")
    beside = BESIDE | {"propose", "complete"}

    def __init__(self, desk: Desk, feeder: Feeder, *, read_only: bool = False) -> None:
        self._desk = desk
        self._feeder = feeder
        self._read_only = read_only
        self._mark: int | None = None
        self._detailed: tuple[Kept | None, int | None] | None = None
        super().__init__(
            desk.workbench,
            read_only=read_only,
            user=desk.workbench.user,
            tasks={
                name: {
                    "title": task.title,
                    "sort": task.sort,
                    "metrics": [metric.name for metric in task.metrics if metric.ranks],
                }
                for name, task in TASKS.items()
            },
            pipelines=[],
            aliases=[],
            promotions=[],
            sources=[],
            detail=None,
            attempts=[],
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        looking: dict[str, Command] = {"choose": self._choose, "show_deployment": self._show_deployment}
        if self._read_only:
            return looking
        return looking | {
            **self._desk.deploying.commands(self._feeder.wake),
            "dismiss": self._dismiss,
            "compare": self._compare,
            "columns": self._columns,
            "set_alias": self._set_alias,
            "unset_alias": self._unset_alias,
            "rollback": self._rollback,
            "propose": self._propose,
            "acknowledge": self._acknowledge,
            "complete": self._complete,
            "cancel": self._cancel,
            "delete": self._delete,
        }

    def feed(self) -> bool:
        with self._feeding:
            # Before the lists are read: what is chosen afterwards may not be in them.
            chosen = self._desk.kept.value
            # Every change of the registry is a line of the audit log; that an evaluation has begun is none.
            mark = self.workbench.mark()
            if mark != self._mark:
                self._read_shelves()
            if mark != self._mark or any(line["status"] in OPEN for line in self._view["promotions"]):
                found = self.workbench.registry.promotions.list(limit=PROMOTIONS_SHOWN)
                self.show(promotions=[_promotion(promotion) for promotion in found])
            self._mark = mark
            if chosen is None or not self._is_there(chosen):
                pipelines = self._view["pipelines"]
                first = Kept("pipeline", pipelines[0]["id"]) if pipelines else None
                chosen = self._desk.kept.replace(chosen, first)
            if self._detailed != (chosen, mark):
                self.show(detail=None if chosen is None else self._detail(chosen))
                self._detailed = (chosen, mark)
            self.show(
                sources=[{"id": source.id, "name": source.name} for source in self.workbench.data.lines()],
                attempts=self._desk.deploying.lines(),
            )
            return False

    def _read_shelves(self) -> None:
        registry = self.workbench.registry
        pipelines, aliases = registry.list(), registry.aliases.list()
        served: dict[str, list[str]] = {}
        for record in self.workbench.deployments.records():
            served.setdefault(record.pipeline_id, []).append(record.slug)
        self.show(
            pipelines=[_pipeline(found, aliases, served.get(found.id, [])) for found in pipelines],
            aliases=[alias.as_dict() for alias in aliases],
        )

    def _is_there(self, chosen: Kept) -> bool:
        if chosen.kind == "alias":
            # Of one that was taken away the history stays, and the way back.
            return True
        shelf = self._view["pipelines" if chosen.kind == "pipeline" else "promotions"]
        return any(line["id"] == chosen.id for line in shelf)

    def _detail(self, chosen: Kept) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": chosen.kind, "id": chosen.id}
        try:
            if chosen.kind == "pipeline":
                told["card"] = self.workbench.registry.card(chosen.id)
            elif chosen.kind == "alias":
                moves = self.workbench.registry.aliases.history(chosen.id)
                told["moves"] = [move.as_dict() for move in reversed(moves)]
        except WorkbenchError as error:
            # An artifact is gone or was changed: what the row tells is shown all the same.
            told["problem"] = str(error)
        return told

    def _again(self) -> None:
        """Look at once: something was just done."""
        self.feed()
        self._feeder.wake()

    def _choose(self, kind: Any, id: str) -> None:
        self._desk.kept.set(Kept(kind, id))
        self._again()

    def _show_deployment(self, slug: str) -> None:
        self._desk.deployment.set(self.workbench.deployments.get(slug).id)
        self._feeder.wake()

    def _compare(self, a: str, b: str) -> dict[str, Any]:
        return self.workbench.registry.compare(a, b).as_dict()

    def _columns(self, source: str) -> list[str]:
        return list(self.workbench.data.get(source, hidden=True).column_names)

    def _dismiss(self, id: str) -> None:
        self._desk.deploying.dismiss(id)
        self._again()

    def _set_alias(self, name: str, pipeline: str, why: str = "") -> None:
        self.workbench.registry.aliases.set(name, pipeline, why)
        self._again()

    def _unset_alias(self, name: str, why: str = "") -> None:
        self.workbench.registry.aliases.unset(name, why)
        self._again()

    def _rollback(self, name: str, why: str = "") -> dict[str, Any]:
        alias = self.workbench.registry.aliases.rollback(name, why)
        self._again()
        return alias.as_dict()

    def _propose(self, pipeline: str, alias: str, **asked: Any) -> dict[str, Any]:
        proposed = self.workbench.registry.promotions.propose(pipeline, alias, wait=False, **asked)
        self._desk.kept.set(Kept("promotion", proposed.id))
        self._again()
        return {"id": proposed.id}

    def _acknowledge(self, id: str, gate: str, by: str, why: str) -> None:
        self.workbench.registry.promotions.acknowledge(id, gate, by=by, why=why)
        self._again()

    def _complete(self, id: str) -> None:
        try:
            self.workbench.registry.promotions.complete(id)
        finally:
            # What failed has ended the promotion too.
            self._again()

    def _cancel(self, id: str) -> None:
        self.workbench.registry.promotions.cancel(id)
        self._again()

    def _delete(self, id: str) -> None:
        self.workbench.registry.delete(id)
        self._again()


def _pipeline(found: Pipeline, aliases: Sequence[Alias], served: Sequence[str]) -> dict[str, Any]:
    sort = found.lineage["sort"]
    measure = found.metrics.get(sort)
    return {
        "id": found.id,
        "short": found.short_id,
        "name": found.name,
        "model": found.model,
        "model_name": short_name(found.model, found.model_name),
        "task": found.task,
        "target": found.target,
        "source": found.source["name"],
        "source_id": found.source["id"],
        "sort": sort,
        "mean": None if measure is None else measure.mean,
        "std": None if measure is None else measure.std,
        "aliases": [alias.name for alias in aliases if alias.pipeline_id == found.id],
        "served": list(served),
        "run": found.run_id[-8:],
        "size": found.size_bytes,
        "note": found.note,
        "by": found.created_by,
        "at": found.created_at.isoformat(),
    }


def _promotion(found: Promotion) -> dict[str, Any]:
    return found.as_dict() | {"short": found.short_id, "is_ended": found.is_ended}
