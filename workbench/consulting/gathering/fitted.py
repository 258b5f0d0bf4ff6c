"""A fitted pipeline as advisors that examine it need it: one of the registry, or one that a run keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.catalogue import TASKS, TaskName
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import Conflict, NotFound
from workbench.recipe import Recipe
from workbench.registry import lineage
from workbench.registry.pipeline import Measure, Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.runs.record import SUCCEEDED, RunRecord
from workbench.store.artifacts import HOLDOUT, PIPELINE, REFERENCE, SAMPLE, SCHEMA
from workbench.store.store import Store
from workbench.store.tables import ArtifactRow

if TYPE_CHECKING:
    from workbench.judging.sides import Role, Side


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What is known of a fitted pipeline.

    Attributes
    ----------
    pipeline_id
        None: it is a run's, and was not promoted.
    lineage
        As `workbench.registry.lineage.of_run` tells it.
    artifacts
        Names of what is kept with it.
    read
        Reads one of these, verified; raises ``Gone`` or ``EngineFault``.
    """

    name: str
    pipeline_id: str | None
    run_id: str
    model: str
    model_name: str
    task: TaskName
    target: str | None
    size_bytes: int
    metrics: Mapping[str, Measure]
    lineage: Mapping[str, Any]
    artifacts: frozenset[str]
    read: Callable[[str], bytes]

    @property
    def recipe(self) -> Recipe:
        """How its estimator is made, as far as that was kept."""
        told = self.lineage["recipe"]
        return Recipe(model=self.model) if told is None else Recipe.of(told)

    def document(self, name: str) -> Any:
        """Read an artifact that is JSON; None where there is none of that name."""
        return json.loads(self.read(name)) if name in self.artifacts else None

    def side(self, role: Role = "pipeline") -> Side:
        """Return it as what is examined or compared: its bytes are verified, and not unpickled."""
        from workbench.judging.sides import Side

        setup = self.lineage["setup"]
        return Side(
            role=role,
            task=self.task,
            pickled=self.read(PIPELINE),
            table_sha256=self.lineage["source"]["sha256"],
            schema=self.document(SCHEMA),
            sample=self.document(SAMPLE) or [],
            holdout=self.document(HOLDOUT),
            reference=self.document(REFERENCE),
            index=setup.get("index"),
            gap=setup.get("gap", 0),
        )

    def source(self, sources: Sources) -> Source:
        """Return the version of the data source that it was fitted on, hidden or not.

        Raises
        ------
        NotFound
            ``data.not_found``
        """
        return sources.get(self.lineage["source"]["id"], hidden=True)


def of_pipeline(pipelines: Pipelines, pipeline: Pipeline) -> Fitted:
    """Return what is known of a promoted pipeline."""
    return Fitted(
        name=pipeline.name,
        pipeline_id=pipeline.id,
        run_id=pipeline.run_id,
        model=pipeline.model,
        model_name=pipeline.model_name,
        task=TASKS[pipeline.task].name,
        target=pipeline.target,
        size_bytes=pipeline.size_bytes,
        metrics=pipeline.metrics,
        lineage=pipeline.lineage,
        artifacts=frozenset(pipeline.artifacts),
        read=lambda name: pipelines.artifact(pipeline, name),
    )


def of_run(store: Store, run: RunRecord) -> Fitted:
    """Return what is known of the pipeline that a run fitted.

    Raises
    ------
    Conflict
        ``advice.not_possible`` when it fitted none.
    """
    with store.database.read() as session:
        found = session.scalars(select(ArtifactRow).where(ArtifactRow.run_id == run.id)).all()
    rows = {row.name: row for row in found}
    if run.status != SUCCEEDED or run.best is None or PIPELINE not in rows or SCHEMA not in rows:
        raise Conflict(
            "advice.not_possible",
            f"Run {run.short_id} keeps no fitted model that could be looked at: it is {run.status}, plan '{run.plan}'.",
            hint="Ask about a run that has succeeded with another plan than 'setup'.",
            run_id=run.id,
        )

    def read(name: str) -> bytes:
        if name not in rows:
            raise NotFound("artifact.missing", f"Run {run.short_id} has no {name}.", run_id=run.id)
        return store.artifacts.get(rows[name])

    return Fitted(
        name=f"run {run.short_id}",
        pipeline_id=None,
        run_id=run.id,
        model=run.best,
        model_name=run.model_name(run.best),
        task=TASKS[run.task].name,
        target=run.target,
        size_bytes=rows[PIPELINE].size_bytes,
        metrics=lineage.measures(store, run),
        lineage=lineage.of_run(store, run),
        artifacts=frozenset(rows),
        read=read,
    )
