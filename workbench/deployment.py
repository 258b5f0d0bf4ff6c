"""A deployment in the user's hand: asked, warmed, swapped, shadowed, stopped; what is known of it is `Deployed`'s."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.access.permissions import Permission
from workbench.batch import Batch
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.deployed import Deployed
from workbench.errors import Conflict
from workbench.registry.lookup import Reference
from workbench.service import bell, lifecycle
from workbench.serving import batches, deployments, restoring
from workbench.serving.asking import as_plain, asked_patiently
from workbench.serving.client import Client
from workbench.serving.deployment import READY, SERVED, WARMING, DeploymentRecord
from workbench.store.needs import check, needs
from workbench.store.store import Store
from workbench.waits import Waiting, steps, waits

if TYPE_CHECKING:
    import pandas as pd

PATIENCE_S = 60.0
"""How long a pipeline may take until it answers."""
_LOOK_S = 0.02


class Deployment(Deployed):
    """A pipeline served under a slug."""

    def __init__(self, store: Store, deployment_id: str) -> None:
        super().__init__(store, deployment_id)
        self._client: Client | None = None

    def predict(
        self,
        rows: Sequence[Mapping[str, Any]] | pd.DataFrame,
        *,
        timeout_s: float = 30,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Predict rows over the API, as anybody else would.

        While the predictor is being replaced, or too many requests wait, it is asked again as long as the time allows.

        Parameters
        ----------
        rows
            A dictionary a row, by the columns of `schema`, or a frame that has these columns; at most the number that
            the settings allow.
        timeout_s
            Longest to wait for the answer, in seconds.

        Returns
        -------
        dict
            ``deployment_id``, ``endpoint_slug``, ``predictions`` (``index``, ``prediction`` and, where the model gives
            one, ``score``), ``latency_ms`` and ``request_id``.

        Raises
        ------
        BadRequest
            ``predict.no_rows``, ``predict.invalid_rows`` naming all that is wrong, ``predict.failed``.
        TooLarge
            ``predict.too_many_rows``, ``predict.body_too_large``.
        Conflict
            ``deployment.not_ready``
        Busy, Unavailable
            ``deployment.busy``, ``deployment.unavailable`` when it does not answer in time.
        """
        slug = self.slug
        check(self._store, Permission.PREDICT, "Deployment.predict", slug=slug)
        content = json.dumps({"rows": as_plain(rows)}).encode()
        headers = {} if request_id is None else {"X-Request-Id": request_id}
        path = f"/api/v1/deployments/{slug}/predict"

        def ask(left_s: float) -> dict[str, Any]:
            answered: dict[str, Any] = self._api.post(path, content, timeout_s=left_s, headers=headers)
            return answered

        return asked_patiently(ask, timeout_s=timeout_s, meanwhile=self._see_to_it, wait=self.wait)

    @waits
    def wait(self, timeout_s: float = PATIENCE_S) -> Waiting[DeploymentRecord]:
        """Wait until nothing is on its way, at most `timeout_s` seconds, and return the deployment as it is then."""
        deadline = time.monotonic() + timeout_s
        record = self.record
        while (record.status == WARMING or record.next_pipeline_id) and time.monotonic() < deadline:
            self._see_to_it()
            yield _LOOK_S
            record = self.record
        return record

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
    def warm(self, *, wait: bool = True) -> Waiting[DeploymentRecord]:
        """Have it served, and wait until it answers.

        Raises
        ------
        Conflict
            ``deployment.wrong_state`` when it is served already.
            ``deployment.step_failed`` when its pipeline cannot be loaded, and why.
        """
        deployments.warm(self._store, self.id, by=self._store.user)
        self._see_to_it()
        return (yield from self._awaited()) if wait else self.record

    @needs(Permission.DEPLOYMENTS_WRITE)
    def stop(self) -> DeploymentRecord:
        """Serve it no more; it can be warmed again.

        Raises
        ------
        Conflict
            ``deployment.wrong_state`` when it is stopped already.
        """
        found = deployments.stop(self._store, self.id, by=self._store.user)
        bell.ring(self._store.settings)
        self._api.have_learned()
        return found

    @needs(Permission.DEPLOYMENTS_WRITE)
    def delete(self) -> None:
        """Serve it no more and give its slug free; what was counted of it stays."""
        deployments.delete(self._store, self.id, by=self._store.user)
        bell.ring(self._store.settings)
        self._api.have_learned()

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
    def swap(
        self, pipeline: Reference, *, why: str = "", other_columns: bool = False, wait: bool = True
    ) -> Waiting[DeploymentRecord]:
        """Let another pipeline answer: the old one answers until the new one does, and no request fails.

        Parameters
        ----------
        other_columns
            Whether it may take other input columns, though whoever sends rows for the old ones is refused then.

        Raises
        ------
        NotFound
            ``pipeline.not_found``
        Conflict
            ``deployment.not_comparable`` when it does not predict the same thing;
            ``deployment.other_columns`` when it takes other input columns and that was not allowed;
            ``deployment.wrong_state`` when another one is being swapped in; ``deployment.step_failed`` when it cannot
            be loaded: the old one goes on.
        """
        found = self._pipelines.get(pipeline)
        asked = deployments.swap(
            self._store, self.id, found.id, by=self._store.user, why=why, other_columns=other_columns
        )
        if asked.status not in SERVED:
            return asked
        self._see_to_it()
        return (yield from self._awaited(found.id)) if wait else self.record

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
    def rollback(self, *, why: str = "rolled back", wait: bool = True) -> Waiting[DeploymentRecord]:
        """Let the pipeline answer again that answered before.

        Raises
        ------
        Conflict
            ``deployment.wrong_state`` where there is none.
        """
        before = deployments.previous(self.record)
        return (yield from steps(self.swap, before, why=why, other_columns=True, wait=wait))

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
    def restore(self, before: DeploymentRecord, other: str, *, why: str) -> Waiting[DeploymentRecord]:
        """Take a swap back, and wait until what answered before does; a roll-back serves what it did before it.

        Parameters
        ----------
        before, other
            As `restoring.restore` takes them.

        Raises
        ------
        NotFound, Conflict
            As `restoring.restore`; ``deployment.step_failed`` when what answered before does not answer in time: it
            takes over once it does.
        """
        take_back = partial(restoring.restore, self._store, before, other, by=self._store.user, why=why)
        restored = take_back()
        self._see_to_it()
        if restored.pipeline_id == before.pipeline_id:
            return restored
        waited = yield from steps(self.wait)
        restored = take_back()
        if restored.pipeline_id != before.pipeline_id:
            told = waited.error or f"{waited.slug} does not go back within {PATIENCE_S:g} s."
            raise Conflict("deployment.step_failed", told, deployment_id=self.id, state=waited.status)
        self._api.have_learned()
        return restored

    @needs(Permission.DEPLOYMENTS_WRITE)
    def shadow(self, pipeline: Reference | None) -> DeploymentRecord:
        """Have another pipeline answer each request too, recorded and not returned; None: no more.

        Raises
        ------
        NotFound
            ``pipeline.not_found``
        Conflict
            ``deployment.not_comparable`` when it does not predict the same thing.
        """
        found = None if pipeline is None else self._pipelines.get(pipeline).id
        record = deployments.shadow(self._store, self.id, found, by=self._store.user)
        self._see_to_it()
        return record

    @needs(Permission.DEPLOYMENTS_WRITE)
    def open_to(self, access: str) -> DeploymentRecord:
        """Change who may ask: ``workspace``, ``api-key`` or ``public``."""
        record = deployments.set_access(self._store, self.id, access, by=self._store.user)
        self._api.have_learned()
        return record

    @needs(Permission.DEPLOYMENTS_WRITE)
    def follow(self, alias: str | None) -> DeploymentRecord:
        """Go along with an alias: where a promotion moves it, this is swapped too; None: no more."""
        return deployments.follow(self._store, self.id, alias, by=self._store.user)

    @needs(Permission.DEPLOYMENTS_WRITE)
    def batch(self, source: Source | str) -> Batch:
        """Predict a whole data source into a file, in a process of its own.

        Raises
        ------
        NotFound
            ``data.not_found``
        """
        record = self.record
        found = Sources(self._store).get(source)
        made = batches.submit(
            self._store,
            record.pipeline_id,
            found.id,
            found.row_count,
            by=self._store.user,
            deployment_id=record.id,
        )
        lifecycle.start(self._store.settings)
        bell.ring(self._store.settings)
        return Batch(self._store, made.id)

    @needs(Permission.DEPLOYMENTS_WRITE)
    def export(self, folder: str | Path, kind: str = "mlflow") -> Path:
        """Write the pipeline that answers into a folder that serves it without this machine.

        Parameters
        ----------
        kind
            ``mlflow`` for an MLflow model, ``container`` for what an image is built from.

        Raises
        ------
        BadRequest, Conflict
            ``export.failed`` when there is no such kind, the folder holds something, or nothing can be written there.
        """
        from workbench.exports.export import export

        record = self.record
        return export(
            self._store,
            self.pipeline,
            Path(folder),
            kind,
            by=self._store.user,
            deployment=(record.id, record.slug),
        )

    @property
    def _api(self) -> Client:
        self._client = self._client or Client(self._store.settings)
        return self._client

    def _awaited(self, pipeline_id: str | None = None) -> Waiting[DeploymentRecord]:
        """Wait until a pipeline answers; a swap that takes too long is withdrawn, so that it does not come later."""
        record = yield from steps(self.wait)
        wanted = pipeline_id or record.pipeline_id
        if record.status == READY and record.pipeline_id == wanted and record.next_pipeline_id is None:
            self._api.have_learned()
            return record
        meanwhile = f"{record.slug} was {record.status} and serves pipeline {record.pipeline_id[-8:]} meanwhile."
        told = record.error or meanwhile
        if record.status == WARMING or record.next_pipeline_id is not None:
            told = f"{record.slug} does not answer yet after {PATIENCE_S:g} s."
            deployments.not_swapped(self._store, record.id, wanted, by=self._store.user, why=told)
        raise Conflict("deployment.step_failed", told, deployment_id=record.id, state=record.status)

    def _see_to_it(self) -> None:
        """Start a service where one is needed and there is none: the last may have been stopped or killed."""
        if self.record.status in SERVED:
            lifecycle.start(self._store.settings)
            bell.ring(self._store.settings)
