"""Whether the API lives and can answer, its figures for Prometheus, and that it looks at the store anew."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from workbench.errors import Unavailable
from workbench.server.callers import Callers, OwnersOnly
from workbench.serving.client import LEARN, ROOT
from workbench.serving.front import Front
from workbench.serving.metrics import Figures
from workbench.version import __version__


def routes(front: Front, callers: Callers) -> APIRouter:
    """Return ``/health``, ``/ready``, ``/metrics`` and `LEARN`; the first two are for everybody."""
    router = APIRouter(tags=["health"])
    registry = CollectorRegistry()
    registry.register(Figures(front))

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @router.get("/ready")
    async def ready() -> dict[str, str]:
        if not front.is_ready:
            raise Unavailable("deployment.unavailable", "The routes are not read yet.", retry_after_s=1)
        return {"status": "ready"}

    @router.get("/metrics", dependencies=[OwnersOnly])
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.post(LEARN.removeprefix(ROOT), dependencies=[OwnersOnly])
    async def learn() -> dict[str, str]:
        callers.forget()
        await front.learn()
        return {"status": "learned"}

    return router
