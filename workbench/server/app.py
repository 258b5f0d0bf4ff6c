"""The FastAPI application: what stands before the routes, and the routes, thin over the facade."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from workbench.server import predict, problems
from workbench.server.access import Door, admit
from workbench.server.callers import Callers
from workbench.server.headers import Dressed, cors
from workbench.server.idempotency import Idempotency, sweep_on
from workbench.server.intake import Intake
from workbench.server.journal import Journal
from workbench.server.limits import Rates
from workbench.server.live import Live
from workbench.server.openapi import described, operation_id
from workbench.server.queries import KnownNames
from workbench.server.routes import health, landing
from workbench.server.routes.rooms import ROUTERS
from workbench.server.work import Work
from workbench.serving.client import ROOT
from workbench.version import __version__
from workbench.workbench import Workbench


class Api(FastAPI):
    """An application that has something around it, faults and all."""

    journal: Journal

    def openapi(self) -> dict[str, Any]:
        self.openapi_schema = self.openapi_schema or described(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        return Dressed(super().build_middleware_stack(), self.journal)


def make_app(workbench: Workbench, token: str, *, is_complete: bool = False) -> FastAPI:
    """Build the API.

    Parameters
    ----------
    token
        The service's own; see `Callers`.
    is_complete
        Whether all routes are made at once, in a quarter of a second; else each where it is first asked for.
    """
    settings = workbench.settings
    front = workbench.deployments.front()
    callers = Callers(token, workbench)
    journal = Journal(settings.logs)
    live = Live(workbench)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        # The first thread of the pool brings a module or two, before anybody waits for it.
        await run_in_threadpool(lambda: None)
        async with AsyncExitStack() as ends:
            for part in (front, callers.uses, journal, live):
                await part.start()
                ends.push_async_callback(part.stop)
            ends.callback(asyncio.create_task(sweep_on(workbench)).cancel)
            yield

    app = Api(
        title="Workbench",
        version=__version__,
        openapi_url=f"{ROOT}/openapi.json",
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        # It would lead to an address that is told as a whole, and out of whatever proxy.
        redirect_slashes=False,
        lifespan=living,
    )
    app.journal = journal
    app.state.live = live
    app.state.work = Work()
    problems.install(app)
    # The last one is asked first.
    app.add_middleware(Idempotency)
    app.add_middleware(Intake, most=int(settings.request_body))
    rates = Rates(of_a_member=settings.requests_per_minute, of_an_address=settings.address_requests_per_minute)
    app.add_middleware(Door, callers=callers, rates=rates)
    if settings.origins:
        app.add_middleware(CORSMiddleware, **cors(settings.origins))
    # Looked through in order: what time counts for comes first.
    app.router.routes[:0] = predict.routes(front, admit, body_most=int(settings.predict_body))
    app.include_router(landing.routes())
    known_names = Depends(KnownNames())
    for router in (health.routes(front, callers), *ROUTERS):
        app.include_router(router, prefix=ROOT, dependencies=[known_names])
    if is_complete:
        _complete(app)
    return app


def _complete(app: FastAPI) -> None:
    """Look at each route once: FastAPI makes what a route takes when it is first looked at, and somebody waits."""
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)
