"""Deploy and find deployments, over HTTP: what `Workbench.deployments` is."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.registrar import FIT_PATIENCE_S
from workbench.registry.lookup import Reference
from workbench.remote.batch import Batch
from workbench.remote.deployment import Deployment, key_of
from workbench.remote.run import Run
from workbench.remote.runs import id_of
from workbench.serving.batches import BatchRecord
from workbench.serving.deployment import DeploymentRecord

if TYPE_CHECKING:
    from workbench.remote.api import Api

_DEPLOY_S = FIT_PATIENCE_S + 300.0
"""How long the API may take for all steps of a deployment; the fit of a model takes the longest."""


class Deployments:
    """Deploy pipelines and find what is deployed; see `workbench.deployer.Deployments`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def deploy(
        self,
        run: Run | str | None = None,
        *,
        slug: str,
        model: str | None = None,
        pipeline: Reference | None = None,
        access: str = "workspace",
        follow: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Deployment:
        """Promote, create, warm and check in one call; whatever fails, all that it made is undone.

        Parameters and errors as of `workbench.deployer.Deployments.deploy`; `tell` is told one step, ``deploy``, for
        all of them.
        """
        if tell is not None:
            tell("deploy")
        body = {
            "run": id_of(run),
            "slug": slug,
            "model": model,
            "pipeline": key_of(pipeline),
            "access": access,
            "follow": follow,
        }
        return self._held(self._api.post("deployments", body=body, timeout_s=_DEPLOY_S))

    def check_slug(self, slug: str) -> None:
        """Refuse a slug that cannot be had."""
        self._api.post("deployments", "check", body={"slug": slug})

    def get(self, reference: str) -> Deployment:
        """Find a deployment by its slug or its id."""
        return self._held(self._api.get("deployments", reference))

    def list(self) -> builtins.list[Deployment]:
        """Return the deployments, newest first."""
        return [Deployment(self._api, record.id, record.slug) for record in self.records()]

    def records(self) -> builtins.list[DeploymentRecord]:
        """Return the deployments as they stand, newest first."""
        return self._api.all_of(DeploymentRecord, self._api.listed("deployments"))

    def batch(self, reference: str) -> Batch:
        """Find a batch by its id."""
        return Batch(self._api, self._api.get("batches", reference)["id"])

    def batches(self, *, limit: int = 100, before: str | None = None) -> builtins.list[Batch]:
        """Return batches, newest first."""
        return [Batch(self._api, record.id) for record in self.batch_records(limit=limit, before=before)]

    def batch_records(
        self, *, deployment_id: str | None = None, limit: int = 100, before: str | None = None
    ) -> builtins.list[BatchRecord]:
        """Return batches as they stand, of one deployment or all, newest first."""
        found = self._api.listed("batches", limit=limit, deployment=deployment_id, before=before)
        return self._api.all_of(BatchRecord, found)

    def _held(self, told: Mapping[str, Any]) -> Deployment:
        return Deployment(self._api, told["id"], told["slug"])
