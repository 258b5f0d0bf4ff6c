"""Promote, find and compare pipelines: what `Workbench.registry` is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from workbench.access.permissions import Permission
from workbench.deployment import Deployment
from workbench.errors import Conflict, NotFound
from workbench.registry import takeover
from workbench.registry.aliases import Aliases
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.registry.promotion import PROMOTED, Promotion
from workbench.registry.promotions import Promotions
from workbench.run import Run
from workbench.runs.record import SUCCEEDED
from workbench.service import bell, lifecycle
from workbench.serving import deployments
from workbench.serving.deployment import WARMING, DeploymentRecord
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.waits import Waiting, steps, waits

FIT_PATIENCE_S = 3600.0
"""Longest that a model may take that is fitted because it was chosen for promotion."""
EVALUATION_PATIENCE_S = 600.0
_LOOK_S = 0.05


class SafePromotions(Promotions):
    """Promotions whose numbers the service finds out, and which deployments follow."""

    @needs(Permission.REGISTRY_WRITE)
    def propose(self, challenger: Any, alias: str, *, wait: bool = True, **asked: Any) -> Promotion:
        """Ask for a pipeline to take an alias over, have its gates evaluated, and wait for that.

        Parameters
        ----------
        wait
            Whether to wait until the gates are evaluated.
        **asked
            As `Promotions.propose` takes it: metric, on, segment, why.
        """
        proposed = super().propose(challenger, alias, **asked)
        if proposed.status in ("queued", "evaluating"):
            lifecycle.start(self._store.settings)
            bell.ring(self._store.settings)
            return self.wait(proposed) if wait else proposed
        return proposed

    @needs(Permission.REGISTRY_READ)
    @waits
    def wait(self, promotion: Promotion | str, timeout_s: float = EVALUATION_PATIENCE_S) -> Waiting[Promotion]:
        """Wait until the gates are evaluated, at most `timeout_s` seconds, and return the promotion as it is then."""
        deadline = time.monotonic() + timeout_s
        found = self.get(promotion)
        while found.status in ("queued", "evaluating") and time.monotonic() < deadline:
            lifecycle.start(self._store.settings)
            yield _LOOK_S
            found = self.get(found.id)
        return found

    @needs(Permission.REGISTRY_WRITE)
    @waits
    def complete(self, promotion: Promotion | str, *, after: Any = ()) -> Waiting[Promotion]:
        """Let the challenger take the alias over, and swap the deployments that follow it.

        Where one cannot be swapped, those that were go back, and so does the alias. Of a promotion that was killed
        after the alias had moved, the deployments that were left behind are brought along, once `takeover.LEASE` is
        over.

        Raises
        ------
        NotFound, Conflict, Gone, EngineFault
            As `Promotions.complete`; as `Deployment.swap` where one that was left behind cannot be brought along.
        """
        found = self.get(promotion)
        if behind := self._left_behind(found):
            for one in behind:
                yield from steps(_bring_along, one, found)
            return found
        following = self._handles(deployments.following(self._store, found.alias))
        # What takes a swap back is known before it begins: it may be interrupted when the half of it is stored.
        swaps = [step for one in following for step in (partial(_way_back, one), partial(_bring_along, one))]
        return (yield from steps(super().complete, found, after=(*swaps, *after)))

    def _left_behind(self, found: Promotion) -> list[Deployment]:
        """Find what follows the alias and serves another pipeline, though the promotion is over and nobody is at it."""
        if found.status != PROMOTED or self._named(found.alias) != found.challenger_id:
            return []
        if takeover.is_being_completed(self._store, found):
            return []
        following = deployments.following(self._store, found.alias)
        if any(one.next_pipeline_id == found.challenger_id or one.status == WARMING for one in following):
            return []
        return self._handles([one for one in following if one.pipeline_id != found.challenger_id])

    def _named(self, alias: str) -> str | None:
        try:
            return self._aliases.get(alias).pipeline_id
        except NotFound:
            return None

    def _handles(self, records: Sequence[DeploymentRecord]) -> list[Deployment]:
        # Who may complete a promotion may have those go along that follow the alias.
        return [Deployment(self._store.permitted, one.id) for one in records]


def _way_back(deployment: Deployment, promotion: Promotion) -> Callable[[], Any]:
    why = f"the promotion to {promotion.alias} failed"
    return partial(deployment.restore, deployment.record, promotion.challenger_id, why=why)


@waits
def _bring_along(deployment: Deployment, promotion: Promotion) -> Waiting[None]:
    why = f"{promotion.alias} names it now"
    # Whether other columns are right is what the gate of the schema was for.
    yield from steps(deployment.swap, promotion.challenger_id, why=why, other_columns=True)


class Registry(Pipelines):
    """The promoted pipelines of a workspace.

    Attributes
    ----------
    aliases
        Movable names for them.
    promotions
        Challengers that shall take an alias over.
    """

    def __init__(self, store: Store, fit_of: Callable[[Run | str, str], Run]) -> None:
        super().__init__(store)
        self._fit_of = fit_of
        self.aliases = Aliases(store)
        self.promotions = SafePromotions(store)

    @needs(Permission.REGISTRY_WRITE)
    @waits
    def promote(
        self, run: Run | str, *, model: str | None = None, name: str | None = None, note: str = ""
    ) -> Waiting[Pipeline]:
        """Make a model of a run a pipeline, with copies of all that belongs to it.

        Parameters
        ----------
        run
            A run, its id or the end of it.
        model
            Any model that it scored in full; None: the one that it fitted, its best. Another one is fitted first, by a
            run of its own that takes the scores over.
        name, note
            As `Pipelines.promote` takes them.

        Raises
        ------
        BadRequest, NotFound, Conflict, Gone, EngineFault
            As `Pipelines.promote`; ``run.no_pipeline`` also when the model could not be fitted.
        """
        found = run if model is None else (yield from steps(self.fitted, run, model))
        return super().promote(found.id if isinstance(found, Run) else found, name=name, note=note)

    @needs(Permission.REGISTRY_WRITE)
    @waits
    def fitted(self, run: Run | str, model: str) -> Waiting[Run]:
        """Return a run that has fitted a model of a run's leaderboard: that run itself, or one of its own.

        Raises
        ------
        BadRequest, NotFound, Conflict
            As `Workbench.runs.fit_of`; ``deployment.step_failed`` when the model could not be fitted.
        """
        found = self._fit_of(run, model)
        deadline = time.monotonic() + FIT_PATIENCE_S
        while not (record := found.wait(0)).is_terminal and time.monotonic() < deadline:
            lifecycle.start(self._store.settings)
            yield _LOOK_S
        if record.status != SUCCEEDED:
            raise Conflict(
                "deployment.step_failed",
                f"{model} could not be fitted: {record.error or record.status}.",
                run_id=record.id,
            )
        return found
