"""What is known of a deployment, in the user's hand: reads the store afresh at each call, holds nothing but the id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.access.permissions import Permission
from workbench.access.places import without_places
from workbench.errors import Conflict
from workbench.pages import MINUTES_MOST, bounded
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.service import lifecycle
from workbench.serving import deployments, predictors, reports
from workbench.serving.asking import WITH_KEY, curl
from workbench.serving.deployment import API_KEY, PUBLIC, READY, WORKSPACE, DeploymentRecord, Predictor
from workbench.serving.reports import Comparison, Logged, Minute
from workbench.store import audit
from workbench.store.artifacts import REFERENCE, SAMPLE, SCHEMA
from workbench.store.needs import check, needs
from workbench.store.store import Store

_CREDENTIALS = {
    WORKSPACE: "X-Workbench-Token: $(workbench service token)",
    API_KEY: WITH_KEY,
    PUBLIC: None,
}
"""The header that a line for a shell sends, by who may ask."""


class Deployed:
    """A pipeline served under a slug, as whoever changes nothing sees it."""

    def __init__(self, store: Store, deployment_id: str) -> None:
        self._store = store
        self.id = deployment_id

    @property
    def record(self) -> DeploymentRecord:
        """The deployment as it stands now; whoever may ask it for predictions may see it."""
        found = deployments.get(self._store, self.id)
        check(self._store, Permission.DEPLOYMENTS_READ, "Deployment.record", slug=found.slug)
        return found

    @property
    def slug(self) -> str:
        return self.record.slug

    @property
    def status(self) -> str:
        return self.record.status

    @property
    @needs(Permission.DEPLOYMENTS_READ)
    def pipeline(self) -> Pipeline:
        """The pipeline that answers."""
        return self._pipelines.get(self.record.pipeline_id)

    @property
    def engine(self) -> Mapping[str, Any] | None:
        """What of the pipeline is compiled, and what that was proven on; None where nothing answers."""
        record = self.record
        here = predictors.of_deployment(self._store, self.id)
        found = (one for one in here if one.pipeline_id == record.pipeline_id and one.status == READY)
        return next((one.engine for one in found), None)

    def schema(self) -> dict[str, Any]:
        """Return what a row takes: columns with their kinds and what was learned of them, and sample rows."""
        pipeline = self._pipelines.get(self.record.pipeline_id)
        return {
            "pipeline_id": pipeline.id,
            "task": pipeline.task,
            "target": pipeline.target,
            "columns": self._pipelines.document(pipeline, SCHEMA),
            "sample": self._pipelines.document(pipeline, SAMPLE) or [],
            "reference": self._pipelines.document(pipeline, REFERENCE),
        }

    @needs(Permission.DEPLOYMENTS_READ)
    def history(self, *, limit: int = 100) -> list[audit.Entry]:
        """Return what was done with it, newest first; at most `limit` lines (1 … 1000)."""
        return deployments.history(self._store, self.record, limit=limit)

    @needs(Permission.DEPLOYMENTS_READ)
    def traffic(self, *, minutes: int = 60) -> list[Minute]:
        """Return what was counted in the last minutes (1 … 1440), oldest first."""
        return reports.minutes(self._store, self.record, last=bounded(minutes, MINUTES_MOST))

    @needs(Permission.DEPLOYMENTS_READ)
    def predictions(self, *, limit: int = 100) -> list[Logged]:
        """Return rows that were asked for and kept by the sampling, newest first; at most `limit` (1 … 1000)."""
        return reports.predictions(self._store, self.record, limit=bounded(limit))

    @needs(Permission.DEPLOYMENTS_READ)
    def predictors(self) -> list[Predictor]:
        """Return the processes that answer for it, newest first, those that are gone too.

        Callers by key and viewers are not shown where on the server they are.
        """
        return [one.shown_to(self._store.actor) for one in predictors.of_deployment(self._store, self.id)]

    @needs(Permission.DEPLOYMENTS_READ)
    def log(self, lines: int = 50) -> list[str]:
        """Return the last lines (1 … 1000) that its newest predictor wrote, oldest first.

        Callers by key and viewers are not shown where on the server files are.
        """
        newest = next(iter(self.predictors()), None)
        path = Path() if newest is None else self._store.settings.process_log("predictor", newest.id)
        found = path.read_text(errors="replace").splitlines()[-bounded(lines) :] if path.is_file() else []
        return found if self._store.actor.sees_places else [without_places(line) for line in found]

    def url(self) -> str:
        """Return where it answers on this machine.

        Raises
        ------
        EngineFault
            ``service.not_started`` when the service has no API.
        """
        return f"{lifecycle.api_address(self._store.settings)}/api/v1/deployments/{self.slug}/predict"

    def curl(self, rows: Sequence[Mapping[str, Any]] | None = None) -> str:
        """Return a line for a shell that asks it for rows; None: for the first sample row."""
        # A series that goes by its own past has no sample, and takes empty rows.
        asked = rows or self.schema()["sample"][:1] or [{}]
        return curl(self.url(), asked, _CREDENTIALS[self.record.access])

    @needs(Permission.DEPLOYMENTS_READ)
    def shadow_report(self, pipeline: Reference | None = None) -> Comparison:
        """Tell how the pipeline in the shadow, or one that was there, compares with what was returned.

        Raises
        ------
        Conflict
            ``deployment.wrong_state`` where none is in the shadow and none is named.
        """
        record = self.record
        found = record.shadow_pipeline_id if pipeline is None else self._pipelines.get(pipeline).id
        if found is None:
            raise Conflict(
                "deployment.wrong_state", f"No pipeline is in the shadow of {record.slug}.", state=record.status
            )
        return reports.of_shadow(self._store, record, found)

    @property
    def _pipelines(self) -> Pipelines:
        return Pipelines(self._store.permitted)

    def __repr__(self) -> str:
        record = self.record
        return f"<Deployment {record.slug}: {record.status}>"
