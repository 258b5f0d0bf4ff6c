"""The review panel: ask advisors about what is chosen, and read what they said, with what shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.advisors.advice import TITLES, AdvisorName
from workbench.catalogue import TASKS
from workbench.consulting.consultation import Consultation
from workbench.consulting.desks import SubjectKind
from workbench.errors import NotFound
from workbench.runs.record import SUCCEEDED, RunRecord
from workbench_widgets import plotting
from workbench_widgets.advising import BESIDE, Question, takes
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Bytes, Command, Panel, script

KINDS: Mapping[SubjectKind, str] = {
    "source": "Data source",
    "run": "Run",
    "pipeline": "Pipeline",
    "deployment": "Deployment",
}


class ReviewPanel(Panel):
    """What is chosen at the left with what can be asked about it and what was said before; one advice at the right."""

    _esm = script("findings", "plots", "figures", "advice", "advised", "review")
    beside = BESIDE | {"narrate"}

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._shown: tuple[Any, ...] | None = None
        self._columns_of: str | None = None
        self._mark = 0
        self._kept: dict[tuple[SubjectKind, str], dict[str, Any]] = {}
        super().__init__(
            desk.workbench,
            titles=dict(TITLES),
            tasks=[[name, task.title] for name, task in TASKS.items()],
            has_narrator=desk.workbench.advisors.has_narrator,
            has_plots=plotting.script() is not None,
            has_form=desk.has_form,
            topics=[],
            kind=None,
            cards=[],
            takes={},
            columns=[],
            sources=[],
            history=[],
            advice=None,
            thresholds={},
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            **self._desk.advising.commands(self._feeder.wake),
            "turn": self._turn,
            "pick": self._pick,
            "narrate": self._narrate,
            "written": self._written,
            "plot_library": lambda: Bytes(plotting.packed()),
        }

    def feed(self) -> bool:
        with self._feeding:
            advising = self._desk.advising
            topics = self._topics()
            lines = advising.lines(*(topic["id"] for topic in topics))
            chosen = self._chosen(topics, [line.subject_id for line in lines])
            self.show(
                topics=[
                    {name: topic[name] for name in ("kind", "title", "id", "name", "note")}
                    | {"tone": next((line.tone for line in lines if line.subject_id == topic["id"]), None)}
                    for topic in topics
                ],
                kind=None if chosen is None else chosen["kind"],
                has_form=self._desk.has_form,
                sources=[{"id": source.id, "name": source.name} for source in self.workbench.data.lines()],
            )
            if chosen is None:
                self._shown = self._columns_of = None
                self.show(cards=[], history=[], advice=None, columns=[])
                return False
            asked = [Question(name, chosen["kind"], chosen["id"]) for name in chosen["advisors"]]
            self._tell_columns(chosen["table"])
            self.show(
                cards=[advising.card(one, lines) for one in asked],
                takes={one.advisor: list(takes(one.advisor)) for one in asked},
                history=[line.as_dict() for line in lines if line.subject_id == chosen["id"]],
            )
            self._tell_advice()
            return False

    def _topics(self) -> list[dict[str, Any]]:
        """Return what is chosen on the desk, with whom to ask about it."""
        desk = self._desk
        # Every change of a pipeline or a deployment is a line of the audit log.
        mark = self.workbench.mark()
        if mark != self._mark:
            self._mark, self._kept = mark, {}
        found: list[dict[str, Any] | None] = [
            self._topic("source", desk.source_id),
            self._topic("run", desk.run.id if desk.run else None),
            self._topic("pipeline", self._pipeline_id()),
            self._topic("deployment", desk.deployment.value),
        ]
        return [topic for topic in found if topic is not None]

    def _pipeline_id(self) -> str | None:
        kept = self._desk.kept.value
        if kept is None:
            return None
        if kept.kind != "promotion":
            return kept.id
        try:
            return self.workbench.registry.promotions.get(kept.id).challenger_id
        except NotFound:
            return None

    def _topic(self, kind: SubjectKind, id: str | None) -> dict[str, Any] | None:
        """Describe one thing; None where nothing is chosen, or it is not there any more."""
        if id is None:
            return None
        known = self._kept.get((kind, id))
        if known is not None:
            return known
        try:
            found = {"kind": kind, "title": KINDS[kind]} | getattr(self, f"_{kind}")(id)
        except NotFound:
            return None
        if kind in ("pipeline", "deployment"):
            self._kept[kind, id] = found
        return found

    def _source(self, id: str) -> dict[str, Any]:
        source = self.workbench.data.get(id)
        note = f"version {source.version}" if source.version > 1 else ""
        advisors = ("dataset_analyst", "experiment_designer")
        return {"id": source.id, "name": source.name, "note": note, "table": source.id, "advisors": advisors}

    def _run(self, id: str) -> dict[str, Any]:
        record = self.workbench.runs.get(id).record
        return {
            "id": record.id,
            "name": f"{record.plan} of {record.source_name}",
            "note": " · ".join(filter(None, (record.short_id, record.target, record.status))),
            "table": record.source_id,
            "advisors": _advisors_of(record),
        }

    def _pipeline(self, id: str) -> dict[str, Any]:
        pipeline = self.workbench.registry.get(id)
        return {
            "id": pipeline.id,
            "name": pipeline.name,
            "note": pipeline.model_name,
            "table": pipeline.source["id"],
            "advisors": ("deployment_reviewer",),
        }

    def _deployment(self, id: str) -> dict[str, Any]:
        deployment = self.workbench.deployments.get(id)
        pipeline = deployment.pipeline
        return {
            "id": deployment.id,
            "name": deployment.slug,
            "note": f"{pipeline.name} · {deployment.status}",
            "table": pipeline.source["id"],
            "advisors": ("deployment_reviewer", "drift_analyst"),
        }

    def _chosen(self, topics: list[dict[str, Any]], advised: list[str]) -> dict[str, Any] | None:
        """Return the topic that is looked at: the one turned to, or what was asked about last, or a run."""
        kinds = {topic["kind"]: topic for topic in topics}
        asked = self._desk.advising.kind.value
        if asked in kinds:
            return kinds[asked]
        last = next((topic for id in advised for topic in topics if topic["id"] == id), None)
        return last or kinds.get("run") or next(iter(kinds.values()), None)

    def _tell_columns(self, source_id: str) -> None:
        if source_id != self._columns_of:
            self._columns_of = source_id
            try:
                names = list(self.workbench.data.get(source_id, hidden=True).column_names)
            except NotFound:
                names = []
            self.show(columns=names)

    def _tell_advice(self) -> None:
        """Show the advice that was picked, or else the newest; it is read anew where it has moved on."""
        history = self._view["history"]
        picked = self._desk.advising.picked.value
        line = next((line for line in history if line["id"] == picked), history[0] if history else None)
        mark = None if line is None else (line["id"], line["status"], line["why"], line["narration_status"])
        if mark == self._shown:
            return
        self._shown = mark
        if line is None:
            self.show(advice=None, thresholds={})
            return
        found = self.workbench.advisors.get(line["id"])
        self.show(advice=found.as_dict(), thresholds=self._cited(found))

    def _cited(self, found: Consultation) -> dict[str, Any]:
        """Return the thresholds that an advice cites, with their reasons."""
        known = self.workbench.advisors.thresholds
        names = (
            {name for finding in found.advice.findings for name in finding.evidence.thresholds} if found.advice else ()
        )
        return {told["name"]: told for told in known.as_list() if told["name"] in names}

    def _again(self) -> None:
        """Look at once: something was just done."""
        self.feed()
        self._feeder.wake()

    def _turn(self, kind: SubjectKind) -> None:
        self._desk.advising.open(kind, None)
        self._again()

    def _pick(self, id: str) -> None:
        self._desk.advising.picked.set(id)
        self._again()

    def _narrate(self, id: str) -> None:
        self.workbench.advisors.narrate(id, wait=False)
        self._again()

    def _written(self, id: str, form: str) -> str:
        found = self.workbench.advisors.get(id)
        if form == "markdown":
            return found.as_markdown()
        return json.dumps(found.as_dict(with_evidence=True), indent=2, ensure_ascii=False)


def _advisors_of(record: RunRecord) -> tuple[AdvisorName, ...]:
    """Return whom to ask about a run: nobody as long as it is under way."""
    if not record.is_terminal:
        return ()
    if record.status == SUCCEEDED:
        return ("run_explainer", "deployment_reviewer", "failure_debugger")
    return ("failure_debugger", "run_explainer")
