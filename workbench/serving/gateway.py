"""From a request's body to a predictor's answer: which deployment is asked, and which predictor answers.

Everything here lives on one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import Conflict, NotFound
from workbench.serving.deployment import LIVE, READY, SHADOW, WORKSPACE, DeploymentRecord, Predictor, PredictorId
from workbench.serving.line import Line, gone
from workbench.serving.wire import Answer

if TYPE_CHECKING:
    from workbench.serving.predictors import Served


@dataclass(slots=True)
class Route:
    """A deployment as the gateway knows it.

    Attributes
    ----------
    live
        The connection over which its requests are answered; None where there is none at the moment.
    shadow
        The connection to the pipeline that answers unheard.
    """

    deployment: DeploymentRecord
    live: Line | None = None
    shadow: Line | None = None

    def line(self) -> Line:
        """Return the connection that answers.

        Raises
        ------
        Conflict
            ``deployment.not_ready`` with the state.
        Unavailable
            ``deployment.unavailable`` while its predictor is being replaced.
        """
        record = self.deployment
        if record.status != READY:
            raise Conflict(
                "deployment.not_ready",
                f"{record.slug} is {record.status}{f': {record.error}' if record.error else ''}.",
                deployment_id=record.id,
                state=record.status,
            )
        if self.live is None or not self.live.is_up:
            raise gone()
        return self.live


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer and what a caller is told beside it.

    Attributes
    ----------
    pipeline_id
        Pipeline that answered.
    total_ms
        From the whole request being there to the answer being there, in milliseconds.
    """

    deployment: DeploymentRecord
    pipeline_id: str
    answer: Answer
    total_ms: float


class Gateway:
    """The routes of one process.

    Parameters
    ----------
    queue_most, timeout_s, hung
        As of `Line`.
    """

    def __init__(self, *, queue_most: int, timeout_s: float, hung: Callable[[PredictorId], None]) -> None:
        self._queue_most = queue_most
        self._timeout_s = timeout_s
        self._tell_hung = hung
        self._hung: set[str] = set()
        self._routes: dict[str, Route] = {}
        self._lines: dict[str, Line] = {}

    @property
    def routes(self) -> Iterable[Route]:
        return self._routes.values()

    def answers(self, slug: str) -> bool:
        """Whether a deployment has a predictor that can be asked."""
        route = self._routes.get(slug)
        return route is not None and route.live is not None and route.live.is_up

    def access(self, slug: str) -> str:
        """Say who may ask a deployment; of one that is not known, the workspace."""
        route = self._routes.get(slug)
        return WORKSPACE if route is None else route.deployment.access

    def route(self, slug: str) -> Route:
        """Find a deployment by its slug.

        Raises
        ------
        NotFound
            ``deployment.not_found``
        """
        route = self._routes.get(slug)
        if route is None:
            raise NotFound("deployment.not_found", f"There is no deployment '{slug}'.")
        return route

    async def take(self, deployments: Iterable[DeploymentRecord], served: Iterable[Served]) -> None:
        """Learn what the store says; connections that are not needed any more are left, none is cut."""
        predictors = {one.deployment.id: one for one in served}
        self._hung.intersection_update(known.id for one in predictors.values() for known in one.predictors)
        routes: dict[str, Route] = {}
        wanted: set[str] = set()
        for record in deployments:
            before = self._routes.get(record.slug)
            route = Route(record)
            if before is not None and before.deployment.id == record.id:
                route.live, route.shadow = before.live, before.shadow
            found = predictors.get(record.id)
            if found is not None:
                route.live = await self._line(self._reachable(found, record.pipeline_id, LIVE)) or route.live
                route.shadow = await self._line(self._reachable(found, record.shadow_pipeline_id, SHADOW))
            if record.status != READY:
                route.live = None
            routes[record.slug] = route
            wanted.update(line.predictor.id for line in (route.live, route.shadow) if line is not None)
        self._routes = routes
        for predictor_id in [known for known, line in self._lines.items() if known not in wanted or not line.is_up]:
            self._lines.pop(predictor_id).leave()

    def _reachable(self, served: Served, pipeline_id: str | None, role: str) -> Predictor | None:
        found = served.answering(pipeline_id, role)
        return None if found is None or found.error is not None or found.id in self._hung else found

    async def _line(self, predictor: Predictor | None) -> Line | None:
        """Return the connection to a predictor, made where there is none; None where it cannot be made."""
        if predictor is None:
            return None
        line = self._lines.get(predictor.id)
        if line is None or not line.is_up:
            line = Line(predictor, queue_most=self._queue_most, timeout_s=self._timeout_s, hung=self._give_up)
            try:
                await line.connect(asyncio.get_running_loop())
            except OSError:
                # It has gone since; the service brings another.
                return None
            self._lines[predictor.id] = line
        return line

    def _give_up(self, predictor_id: PredictorId) -> None:
        self._hung.add(predictor_id)
        self._tell_hung(predictor_id)
