"""The pipelines of a workspace: promote, find, read, compare, delete."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access.permissions import Permission
from workbench.errors import Conflict, EngineFault, NotFound
from workbench.registry import card, comparison, leftovers, lineage, lookup, names, uses
from workbench.registry.aliases import Aliases
from workbench.registry.comparison import Comparison
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Measure, Pipeline
from workbench.runs import lookup as runs
from workbench.runs.record import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, RunRecord
from workbench.store import audit, writing
from workbench.store.artifacts import ENVIRONMENT, HOLDOUT, PIPELINE, REFERENCE, SAMPLE, SCHEMA, Key, Stored
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import ArtifactRow, PipelineRow, RunRow, new_id, now

_KEPT = (PIPELINE, SCHEMA, SAMPLE, ENVIRONMENT, REFERENCE, HOLDOUT)
"""Artifacts of a run that its pipeline takes along, as far as they are there."""
_STANDING = {QUEUED: "is queued still", RUNNING: "is running still", FAILED: "failed", CANCELLED: "was cancelled"}
_SUBJECT = "pipeline"


class Pipelines:
    """The promoted pipelines of a workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @needs(Permission.REGISTRY_WRITE)
    def promote(self, run_id: str, *, name: str | None = None, note: str = "") -> Pipeline:
        """Make the model that a run fitted a pipeline, with copies of all that belongs to it.

        A run that is promoted already gives the pipeline that it gave, as it is; under another name than that one's, it
        gives a second pipeline of the same bytes.

        Parameters
        ----------
        run_id
            Id of a run, or the end of it.
        name
            None: data source and model, with a number where that is taken, as ``juice-lightgbm-2``.
        note
            What a reader of the model card shall know; a pipeline that is there already keeps its own.

        Raises
        ------
        NotFound
            ``run.not_found``
        BadRequest
            ``run.ambiguous``, ``pipeline.name_invalid``
        Conflict
            ``run.no_pipeline`` when the run has not succeeded or fits none; ``pipeline.name_taken``.
        Gone
            ``artifact.missing`` when an artifact of the run is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when one is not what was stored. Nothing is promoted then.
        """
        return self.make(run_id, name=name, note=note)[0]

    @needs(Permission.REGISTRY_WRITE)
    def make(self, run_id: str, *, name: str | None = None, note: str = "") -> tuple[Pipeline, bool]:
        """Do as `promote` does, and tell besides whether it was this call that made the pipeline."""
        run = runs.get(self._store, run_id)
        wanted = None if name is None else names.checked(name)
        kept = self._artifacts_of(run)
        with self._store.database.read() as session:
            known = self._promoted(session, run.id, wanted)
        if known is not None:
            return Pipeline.of(known), False
        leftovers.sweep(self._store)
        facts = lineage.of_run(self._store, run), lineage.measures(self._store, run)
        pipeline_id = new_id()
        try:
            stored = [
                self._store.artifacts.copy(
                    Key("runs", run.id, row.name), Key("pipelines", pipeline_id, row.name), row.sha256
                )
                for row in kept
            ]
            promoted = self._keep(run, pipeline_id, wanted, note, stored, *facts)
        except BaseException:
            # Whatever went wrong is what is told, not that its traces could not be removed.
            with suppress(Exception):
                self._store.artifacts.delete_pipeline(pipeline_id)
            raise
        is_mine = promoted.id == pipeline_id
        if not is_mine:
            self._store.artifacts.delete_pipeline(pipeline_id)
        return promoted, is_mine

    @needs(Permission.REGISTRY_READ)
    def get(self, reference: Reference) -> Pipeline:
        """Find a pipeline by its id, its name, an alias, or the end of its id (at least four digits).

        Raises
        ------
        NotFound
            ``pipeline.not_found``, naming what there is.
        BadRequest
            ``pipeline.ambiguous`` when several ids end like that.
        """
        with self._store.database.read() as session:
            return Pipeline.of(lookup.find(session, self._store.workspace_id, reference))

    @needs(Permission.REGISTRY_READ)
    def list(self) -> builtins.list[Pipeline]:
        """Return the pipelines, newest first."""
        query = (
            select(PipelineRow)
            .where(PipelineRow.workspace_id == self._store.workspace_id, PipelineRow.deleted_at.is_(None))
            .order_by(PipelineRow.created_at.desc(), PipelineRow.id.desc())
        )
        with self._store.database.read() as session:
            return [Pipeline.of(row) for row in session.scalars(query)]

    @needs(Permission.REGISTRY_READ)
    def of_run(self, run_id: str) -> Pipeline | None:
        """Return the first pipeline that a run was promoted to; None where it was not."""
        with self._store.database.read() as session:
            row = self._promoted(session, run_id, None)
        return None if row is None else Pipeline.of(row)

    @needs(Permission.REGISTRY_WRITE)
    def delete(self, reference: Reference) -> None:
        """Delete a pipeline with its artifacts; its row stays for the history of aliases, and its name is free again.

        Raises
        ------
        NotFound
            ``pipeline.not_found``
        Conflict
            ``pipeline.in_use`` naming the aliases, deployments, promotions and batch predictions that need it.
        """
        with self._store.database.write() as session:
            row = lookup.find(session, self._store.workspace_id, reference, hold="change")
            if users := uses.users(session, row.id):
                raise Conflict(
                    "pipeline.in_use",
                    f"{row.name} is needed by {', '.join(users)}.",
                    hint="Move, end or delete these first.",
                    pipeline_id=row.id,
                )
            row.deleted_at, row.live_name = now(), None
            self._tell(session, "deleted", row.id, f"{row.name} was deleted", {"sha256": row.sha256})
        self._store.artifacts.delete_pipeline(row.id)

    @needs(Permission.REGISTRY_READ)
    def artifact(self, reference: Reference, name: str) -> bytes:
        """Read an artifact of a pipeline, verified against the hash in its row.

        Raises
        ------
        NotFound
            ``pipeline.not_found``; ``artifact.missing`` when the pipeline has none of that name, as one that an earlier
            version of Workbench fitted lacks some.
        Gone
            ``artifact.missing`` when its bytes are not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when they are not the bytes that were stored; the audit log tells too.
        """
        pipeline = self.get(reference)
        stored = _stored(pipeline, name)
        try:
            return self._store.artifacts.read(Key("pipelines", pipeline.id, name), stored.sha256)
        except EngineFault as error:
            self._tell_mismatch(pipeline, error)
            raise

    @needs(Permission.REGISTRY_READ)
    def verify(self, reference: Reference) -> None:
        """Verify the pickled pipeline against the hash in its row.

        Raises
        ------
        NotFound, Gone, EngineFault
            As `artifact`.
        """
        pipeline = self.get(reference)
        try:
            self._store.artifacts.verify(Key("pipelines", pipeline.id, PIPELINE), pipeline.sha256)
        except EngineFault as error:
            self._tell_mismatch(pipeline, error)
            raise

    @needs(Permission.REGISTRY_READ)
    def document(self, reference: Reference, name: str) -> Any:
        """Read an artifact that is JSON, as `artifact` does; None where the pipeline has none of that name."""
        pipeline = self.get(reference)
        return json.loads(self.artifact(pipeline, name)) if name in pipeline.artifacts else None

    @needs(Permission.REGISTRY_READ)
    def card(self, reference: Reference) -> str:
        """Write a pipeline's model card, in Markdown; every statement is a stored fact.

        Raises
        ------
        NotFound
            ``pipeline.not_found``
        """
        pipeline = self.get(reference)
        aliases = Aliases(self._store)
        environment = self.artifact(pipeline, ENVIRONMENT).decode() if ENVIRONMENT in pipeline.artifacts else ""
        return card.write(
            card.Facts(
                pipeline=pipeline,
                schema=self.document(pipeline, SCHEMA),
                reference=self.document(pipeline, REFERENCE),
                packages=len(environment.splitlines()),
                aliases=tuple(alias.name for alias in aliases.list() if alias.pipeline_id == pipeline.id),
                moves=tuple(aliases.moves_of(pipeline)),
            )
        )

    @needs(Permission.REGISTRY_READ)
    def compare(self, a: Reference, b: Reference) -> Comparison:
        """Tell how two pipelines or runs differ: configuration, data, input columns and metrics.

        Parameters
        ----------
        a, b
            A pipeline as `get` takes it, or a run by its id or the end of it.

        Raises
        ------
        NotFound
            ``pipeline.not_found`` when it is neither.
        """
        return comparison.compare(self._side(a), self._side(b))

    def _side(self, reference: Reference) -> comparison.Side:
        try:
            pipeline = self.get(reference)
        except NotFound as error:
            try:
                run = runs.get(self._store, str(reference))
            except NotFound:
                raise error from None
            return self._run_as_side(run)
        return comparison.of_pipeline(pipeline, self.document(pipeline, SCHEMA))

    def _run_as_side(self, run: RunRecord) -> comparison.Side:
        schema = next((row for row in self._stored_by(run.id) if row.name == SCHEMA), None)
        columns = None if schema is None else json.loads(self._store.artifacts.get(schema))
        facts = lineage.of_run(self._store, run)
        return comparison.of_run(run, facts, lineage.measures(self._store, run), columns)

    def _stored_by(self, run_id: str) -> Sequence[ArtifactRow]:
        with self._store.database.read() as session:
            return session.scalars(select(ArtifactRow).where(ArtifactRow.run_id == run_id)).all()

    def _artifacts_of(self, run: RunRecord) -> builtins.list[ArtifactRow]:
        """Return what a pipeline takes along of a run that can be promoted."""
        if run.status != SUCCEEDED:
            hint = "Resume it first, or have one of its scored models fitted." if run.status == CANCELLED else None
            raise _no_pipeline(run, f"it {_STANDING[run.status]}", hint)
        rows = {row.name: row for row in self._stored_by(run.id)}
        if PIPELINE not in rows or SCHEMA not in rows:
            raise _no_pipeline(run, f"the plan '{run.plan}' fits no model" if run.plan == "setup" else "none was kept")
        return [rows[name] for name in _KEPT if name in rows]

    def _promoted(self, session: Session, run_id: str, name: str | None) -> PipelineRow | None:
        query = (
            select(PipelineRow)
            .where(
                PipelineRow.workspace_id == self._store.workspace_id,
                PipelineRow.run_id == run_id,
                PipelineRow.deleted_at.is_(None),
            )
            .order_by(PipelineRow.created_at, PipelineRow.id)
            .limit(1)
        )
        return session.scalar(query if name is None else query.where(PipelineRow.live_name == name))

    def _keep(
        self,
        run: RunRecord,
        pipeline_id: str,
        name: str | None,
        note: str,
        stored: Sequence[Stored],
        facts: Mapping[str, Any],
        measures: Mapping[str, Measure],
    ) -> Pipeline:
        """Store the row; where somebody else was first, return theirs."""
        kept = {artifact.name: artifact for artifact in stored}
        schema = json.loads(self._store.artifacts.read(Key("pipelines", pipeline_id, SCHEMA), kept[SCHEMA].sha256))

        def act(session: Session) -> Pipeline:
            session.get(RunRow, run.id, with_for_update=True)
            known = self._promoted(session, run.id, name)
            if known is not None:
                return Pipeline.of(known)
            if name is not None and name in lookup.names(session, self._store.workspace_id, begin=name):
                raise names.taken(name)
            called = name or names.free(session, self._store.workspace_id, f"{run.source_name}-{run.best}")
            row = PipelineRow(
                id=pipeline_id,
                workspace_id=self._store.workspace_id,
                name=called,
                live_name=called,
                run_id=run.id,
                model=run.best,
                model_name=run.model_name(run.best or "")[:200],
                task=run.task,
                target=run.target,
                sha256=kept[PIPELINE].sha256,
                size_bytes=kept[PIPELINE].size_bytes,
                schema_sha256=lineage.schema_version(schema),
                artifacts={held.name: {"sha256": held.sha256, "size_bytes": held.size_bytes} for held in stored},
                metrics={metric: measure.as_dict() for metric, measure in measures.items()},
                lineage=dict(facts),
                note=note,
                created_by=self._store.user,
            )
            session.add(row)
            session.flush()
            told = f"{called} is {row.model_name} of run {run.short_id}"
            self._tell(session, "promoted", row.id, told, {"run_id": run.id, "sha256": row.sha256})
            return Pipeline.of(row)

        return writing.write(self._store.database, act)

    def _tell(self, session: Session, what: str, pipeline_id: str, message: str, details: Mapping[str, Any]) -> None:
        audit.record(
            session,
            by=self._store.user,
            action=f"{_SUBJECT}.{what}",
            subject=_SUBJECT,
            subject_id=pipeline_id,
            message=message,
            details=details,
        )

    def _tell_mismatch(self, pipeline: Pipeline, error: EngineFault) -> None:
        if error.code == "artifact.hash_mismatch":
            with self._store.database.write() as session:
                self._tell(session, "hash_mismatch", pipeline.id, f"{pipeline.name}: {error.message}", {})


def _stored(pipeline: Pipeline, name: str) -> Stored:
    if name not in pipeline.artifacts:
        raise NotFound(
            "artifact.missing",
            f"{pipeline.name} has no {name}.",
            hint=f"It has {', '.join(pipeline.artifacts)}.",
            pipeline_id=pipeline.id,
        )
    return pipeline.artifacts[name]


def _no_pipeline(run: RunRecord, why: str, hint: str | None = None) -> Conflict:
    return Conflict(
        "run.no_pipeline", f"Run {run.short_id} has no pipeline to promote: {why}.", hint=hint, run_id=run.id
    )
