"""Predictions over HTTP: the one route on which time counts, so nothing stands between it and the gateway."""

from __future__ import annotations

import re
from typing import Any, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute
from uuid6 import uuid7

from workbench.errors import Busy, TooLarge, WorkbenchError
from workbench.server import problems
from workbench.server.queries import check_names
from workbench.serving.gateway import Answered, Route
from workbench.serving.line import RETRY_S, WAITING_BYTES

_AGAIN = "Come again in a second."
_GIVEN_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class Front(Protocol):
    """What answers: a home's deployments, or one model that was exported."""

    def access(self, slug: str) -> str: ...

    async def route(self, slug: str) -> Route: ...

    async def predict(self, route: Route, body: bytes, request_id: str) -> Answered: ...

    def refused(self, route: Route, request_id: str, error: WorkbenchError) -> None: ...


class Admit(Protocol):
    """Lets callers in, or raises."""

    def __call__(self, scope: Any, slug: str, access: str, workspace_id: str | None = None, /) -> None: ...


def routes(front: Front, admit: Admit, *, body_most: int) -> list[HttpRoute]:
    """Return ``POST /api/v1/deployments/{slug}/predict``.

    Parameters
    ----------
    admit
        Told which deployment is asked, who may, and once that is known, in which workspace it is.
    body_most
        Largest body, in bytes.
    """
    bodies = Bodies(body_most)

    async def predict(request: Request) -> Response:
        scope = request.scope
        slug, told_id = scope["path_params"]["slug"], request_id(scope)
        is_read = False
        try:
            # Before anything is looked up: what there is, is nobody else's to find out.
            admit(scope, slug, front.access(slug))
            route = await front.route(slug)
            admit(scope, slug, route.deployment.access, route.deployment.workspace_id)
            check_names(request, ())
            try:
                body = await bodies.read(request, route)
            except WorkbenchError as error:
                front.refused(route, told_id, error)
                raise
            is_read = True
            # While the body came it may have been swapped, stopped, or closed to the public.
            now = await front.route(slug)
            if now is not route:
                admit(scope, slug, now.deployment.access, now.deployment.workspace_id)
            answered = await front.predict(now, body, told_id)
        except WorkbenchError as error:
            if not is_read:
                await problems.hear_out(scope, request.receive)
            return problems.answer(error, {"X-Request-Id": told_id})
        except ClientDisconnect:
            # Nobody reads it.
            return Response(status_code=400)
        answer = answered.answer
        headers = {"X-Request-Id": told_id, "X-Workbench-Pipeline": answered.pipeline_id}
        if answer.status != 200:
            return Response(answer.body, answer.status, headers, problems.PROBLEM)
        record = answered.deployment
        content = b'{"deployment_id":"%b","endpoint_slug":"%b","predictions":%b,"latency_ms":%b,"request_id":"%b"}' % (
            record.id.encode(),
            record.slug.encode(),
            answer.body,
            f"{answered.total_ms:.3f}".encode(),
            _escaped(told_id),
        )
        return Response(content, 200, headers, "application/json")

    return [HttpRoute("/api/v1/deployments/{slug}/predict", predict, methods=["POST"])]


class Bodies:
    """Reads bodies, and no more than there is room for.

    Parameters
    ----------
    most
        Largest one, in bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._coming = 0

    async def read(self, request: Request, route: Route) -> bytes:
        """Read a body for a deployment; what could not be answered is not read to its end.

        Raises
        ------
        TooLarge
            ``predict.body_too_large``
        Conflict, Busy, Unavailable
            As of `Route.line` and `Line.check_room`.
        ClientDisconnect
            When the caller has hung up.
        """
        told = request.headers.get("content-length")
        size = int(told) if told is not None and told.isdigit() else 0
        if size > self._most:
            raise _too_large(self._most)
        route.line().check_room(size)
        parts: list[bytes] = []
        size = 0
        try:
            async for part in request.stream():
                size += len(part)
                self._coming += len(part)
                if size > self._most:
                    raise _too_large(self._most)
                if self._coming > self._most + WAITING_BYTES:
                    raise Busy("deployment.busy", "Too much is being sent at once.", hint=_AGAIN, retry_after_s=RETRY_S)
                parts.append(part)
        finally:
            self._coming -= size
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        "predict.body_too_large",
        f"The body has more than {most:,} bytes.",
        hint="Send several requests, or predict a data source in a batch.",
    )


def request_id(scope: Any) -> str:
    """Take over the caller's own id of its request where it sends one that can be written anywhere."""
    if (given := scope.get("state", {}).get("request_id")) is not None:
        return str(given)
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return str(uuid7())


def _escaped(request_id: str) -> bytes:
    return request_id.replace("\\", "\\\\").replace('"', '\\"').encode()
