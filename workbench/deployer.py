"""Deploy and find deployments: what `Workbench.deployments` is."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.access.permissions import Permission
from workbench.batch import Batch
from workbench.deployment import Deployment
from workbench.errors import BadRequest, Conflict, EngineFault, WorkbenchError
from workbench.pages import bounded
from workbench.registrar import Registry
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.run import Run
from workbench.service import lifecycle
from workbench.serving import batches, deployments, terms
from workbench.serving.batches import BatchRecord
from workbench.serving.deployment import READY, DeploymentRecord
from workbench.store.needs import check, needs
from workbench.store.store import Store
from workbench.waits import Waiting, steps, waits

if TYPE_CHECKING:
    from workbench.serving.front import Front


class Deployments:
    """Deploy pipelines and find what is deployed."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
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
    ) -> Waiting[Deployment]:
        """Promote, create, warm and check in one call; whatever fails, all that it made is undone.

        A run that was fitted because `model` was chosen stays: it is a run like any other, and the next try takes it.

        Parameters
        ----------
        run
            A run whose model is promoted first; None: `pipeline` says what is deployed.
        slug
            Under which it answers: 3 to 64 small letters, digits and hyphens.
        model
            A model of the run's leaderboard; None: the one that it fitted, its best.
        pipeline
            A pipeline, its name, its id, or an alias that names it.
        access
            ``workspace`` for its members, ``api-key`` for whoever shows a key that is good for it, ``public`` for all
            who reach the API.
        follow
            An alias to go along with: where a promotion moves it, the deployment is swapped too.
        tell
            Told each step as it begins: ``fit`` where a model is chosen, ``promote``, ``create``, ``warm``, ``check``.

        Returns
        -------
        Deployment
            Ready.

        Raises
        ------
        BadRequest
            ``deployment.slug_invalid``, ``deployment.access_invalid``; ``spec.invalid`` when neither or both of run and
            pipeline are named.
        NotFound
            ``run.not_found``, ``pipeline.not_found``, ``alias.not_found``
        Conflict
            ``deployment.slug_taken``, ``run.no_pipeline``
        Conflict, EngineFault
            ``deployment.step_failed`` naming the step, where one fails later; nothing but that run is left.
        """
        if (run is None) == (pipeline is None):
            raise BadRequest("spec.invalid", "Name a run or a pipeline to deploy, and not both.")
        if model is not None and run is None:
            raise BadRequest("spec.invalid", "A model is chosen of a run's leaderboard: name the run too.")
        terms.check_access(access)
        terms.check_slug(self._store, slug)
        self._check_api()
        if follow is not None:
            self._registry.aliases.get(follow)
        undo: builtins.list[Callable[[], Any]] = []
        try:
            if run is not None and model is not None:
                with _step("fit", tell):
                    run = yield from steps(self._registry.fitted, run, model)
            with _step("promote", tell):
                found = self._promoted(run, undo) if run is not None else self._registry.get(pipeline or "")
            with _step("create", tell):
                made = deployments.create(self._store, slug, found.id, by=self._store.user, access=access, alias=follow)
                deployment = Deployment(self._store, made.id)
                undo.append(deployment.delete)
            with _step("warm", tell):
                yield from steps(deployment.warm)
            with _step("check", tell):
                yield from self._check(deployment)
        except BaseException as error:
            _undo(undo, error)
            raise
        return deployment

    def _check_api(self) -> None:
        """Refuse at once where nobody could be answered."""
        lifecycle.start(self._store.settings)
        lifecycle.api_port(self._store.settings)

    def check_asking(self, slug: str) -> None:
        """Refuse whoever may not have a deployment predict, whether there is one or not; the audit log tells.

        Raises
        ------
        Forbidden
            ``access.…``
        """
        check(self._store, Permission.PREDICT, "Deployment.predict", slug=slug)

    @needs(Permission.DEPLOYMENTS_READ)
    def check_slug(self, slug: str) -> None:
        """Refuse a slug that cannot be had.

        Raises
        ------
        BadRequest
            ``deployment.slug_invalid``
        Conflict
            ``deployment.slug_taken``
        """
        terms.check_slug(self._store, slug)

    def get(self, reference: str) -> Deployment:
        """Find a deployment by its slug or its id.

        Raises
        ------
        NotFound
            ``deployment.not_found``
        """
        found = Deployment(self._store, deployments.get(self._store, reference).id)
        found.record  # noqa: B018 - refuses whoever may neither see it nor ask it
        return found

    @needs(Permission.DEPLOYMENTS_WRITE, changes=False)
    def to_change(self, reference: str) -> Deployment:
        """Find a deployment for somebody who may change it; whoever may not learns not whether it is there."""
        return Deployment(self._store, deployments.get(self._store, reference).id)

    @needs(Permission.DEPLOYMENTS_READ)
    def list(self) -> builtins.list[Deployment]:
        """Return the deployments, newest first."""
        return [Deployment(self._store, record.id) for record in self.records()]

    @needs(Permission.DEPLOYMENTS_READ)
    def records(self) -> builtins.list[DeploymentRecord]:
        """Return the deployments as they stand, newest first, in one look at the store."""
        return deployments.listed(self._store)

    @needs(Permission.DEPLOYMENTS_READ)
    def batch(self, reference: str) -> Batch:
        """Find a batch by its id.

        Raises
        ------
        NotFound
            ``batch.not_found``
        """
        return Batch(self._store, batches.get(self._store, reference).id)

    @needs(Permission.DEPLOYMENTS_WRITE, changes=False)
    def batch_to_change(self, reference: str) -> Batch:
        """Find a batch, as `to_change`."""
        return Batch(self._store, batches.get(self._store, reference).id)

    @needs(Permission.DEPLOYMENTS_READ)
    def batches(self, *, limit: int = 100, before: str | None = None) -> builtins.list[Batch]:
        """Return batches, newest first; `before` is the id of one that they are older than.

        Raises
        ------
        NotFound
            ``batch.not_found`` when that is none.
        """
        return [Batch(self._store, record.id) for record in self.batch_records(limit=limit, before=before)]

    @needs(Permission.DEPLOYMENTS_READ)
    def batch_records(
        self, *, deployment_id: str | None = None, limit: int = 100, before: str | None = None
    ) -> builtins.list[BatchRecord]:
        """Return batches as they stand, of one deployment or all, in one look at the store; else as `batches`."""
        return batches.listed(self._store, deployment_id=deployment_id, limit=bounded(limit), before=before)

    def front(self) -> Front:
        """Make what answers requests for all of them in one process: for the API alone."""
        from workbench.serving.front import Front

        return Front(self._store)

    def _promoted(self, run: Run | str, undo: builtins.list[Callable[[], Any]]) -> Pipeline:
        promoted, is_new = self._registry.make(run.id if isinstance(run, Run) else run)
        if is_new:
            undo.append(lambda: self._registry.delete(promoted.id))
        return promoted

    def _check(self, deployment: Deployment) -> Waiting[None]:
        """Ask it for the sample rows over the API, as its users will."""
        record = yield from steps(deployment.wait)
        if record.status != READY:
            told = record.error or f"{record.slug} is {record.status} and does not answer."
            raise Conflict("deployment.step_failed", told, deployment_id=record.id, state=record.status)
        # A series that goes by its own past has no sample.
        if sample := deployment.schema()["sample"][: self._store.settings.predict_rows]:
            deployment.predict(sample)


@contextmanager
def _step(name: str, tell: Callable[[str], None] | None) -> Iterator[None]:
    """Tell a step, and have a fault of the engine's name it; what a user can mend stays as it is."""
    if tell is not None:
        tell(name)
    try:
        yield
    except WorkbenchError as error:
        if error.is_users and name in ("fit", "promote", "create"):
            raise
        told = f"Deploying failed at the step '{name}': {error.message}"
        if error.is_users:
            raise Conflict("deployment.step_failed", told, hint=error.hint, step=name, cause=error.code) from error
        raise EngineFault("deployment.step_failed", told, hint=error.hint, step=name, cause=error.code) from error


def _undo(steps: builtins.list[Callable[[], Any]], error: BaseException) -> None:
    """Take back what was done, last first; what cannot be taken back is noted and hides nothing."""
    for step in reversed(steps):
        try:
            step()
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"Not undone: {second}")
