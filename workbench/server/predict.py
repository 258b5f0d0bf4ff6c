"""Predictions over HTTP: the one route on which time counts, so nothing stands between it and the gateway."""

from __future__ import annotations

import re
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute
from uuid6 import uuid7

from workbench.errors import TooLarge, WorkbenchError
from workbench.server import problems
from workbench.serving.gateway import Answered, Route

_GIVEN_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class Front(Protocol):
    """What answers: a home's deployments, or one model that was exported."""

    async def route(self, slug: str) -> Route: ...

    async def predict(self, route: Route, body: bytes, request_id: str) -> Answered: ...


class Door(Protocol):
    """What lets callers in, or raises."""

    def of_deployment(self, scope: Any, access: str) -> None: ...


def routes(front: Front, door: Door, *, body_most: int) -> list[HttpRoute]:
    """Return ``POST /api/v1/deployments/{slug}/predict``.

    Parameters
    ----------
    body_most
        Largest body, in bytes.
    """

    async def predict(request: Request) -> Response:
        scope = request.scope
        request_id = _request_id(scope)
        try:
            route = await front.route(scope["path_params"]["slug"])
            door.of_deployment(scope, route.deployment.access)
            body = await _body(request, body_most)
            answered = await front.predict(route, body, request_id)
        except WorkbenchError as error:
            return problems.answer(error, {"X-Request-Id": request_id})
        answer = answered.answer
        headers = {"X-Request-Id": request_id, "X-Workbench-Pipeline": answered.pipeline_id}
        if answer.status != 200:
            return Response(answer.body, answer.status, headers, problems.PROBLEM)
        record = answered.deployment
        content = b'{"deployment_id":"%b","endpoint_slug":"%b","predictions":%b,"latency_ms":%b,"request_id":"%b"}' % (
            record.id.encode(),
            record.slug.encode(),
            answer.body,
            f"{answered.total_ms:.3f}".encode(),
            _escaped(request_id),
        )
        return Response(content, 200, headers, "application/json")

    return [HttpRoute("/api/v1/deployments/{slug}/predict", predict, methods=["POST"])]


async def _body(request: Request, most: int) -> bytes:
    """Read a body, and no more of it than is allowed."""
    told = request.headers.get("content-length")
    if told is not None and told.isdigit() and int(told) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        "predict.body_too_large",
        f"The body has more than {most:,} bytes.",
        hint="Send several requests, or predict a data source in a batch.",
    )


def _request_id(scope: Any) -> str:
    """Take over the caller's own id of its request where it sends one that can be written anywhere."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return str(uuid7())


def _escaped(request_id: str) -> bytes:
    return request_id.replace("\\", "\\\\").replace('"', '\\"').encode()
