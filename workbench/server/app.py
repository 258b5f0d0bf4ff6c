"""The FastAPI application: thin routes over the facade, predictions over the gateway, one secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from workbench.server import advices, batches, deployments, health, predict, problems, registry, runs
from workbench.server.access import Door
from workbench.serving.client import ROOT
from workbench.version import __version__
from workbench.workbench import Workbench


def make_app(workbench: Workbench, token: str) -> FastAPI:
    """Build the API.

    Parameters
    ----------
    token
        The service's own; see `Door`.
    """
    front = workbench.deployments.front()

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        await front.start()
        yield
        await front.stop()

    app = FastAPI(title="Workbench", version=__version__, openapi_url=None, lifespan=living)
    problems.install(app)
    door = Door(token, workbench)
    # Looked through in order: what time counts for comes first.
    app.router.routes[:0] = predict.routes(front, door, body_most=int(workbench.settings.predict_body))
    app.include_router(health.routes(front, door), prefix=ROOT)
    for room in (runs, registry, deployments, batches, advices):
        app.include_router(room.routes(workbench), prefix=ROOT, dependencies=[Depends(door.owners)])
    return app
