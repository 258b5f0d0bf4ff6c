"""What every answer bears, whatever came of it: an id, and what keeps browsers from doing more with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.server.journal import Journal
from workbench.server.predict import request_id

_ALWAYS: Sequence[tuple[bytes, bytes]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Unless a route says otherwise. Answers are somebody's own: no proxy keeps them."""
_SECURE = (b"strict-transport-security", b"max-age=31536000")

log = logging.getLogger("workbench.server")


def cors(origins: Sequence[str]) -> dict[str, Any]:
    """Return what pages of other origins may do: as much as whoever has a key, and no more by a login's cookies."""
    return {
        "allow_origins": origins,
        "allow_credentials": False,
        "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            "Last-Event-ID",
            "X-Request-Id",
            "X-Workbench-Key",
            "X-Workbench-Project",
            "X-Workbench-Workspace",
        ],
        "expose_headers": [
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
            "X-Workbench-Pipeline",
        ],
    }


class Dressed:
    """The outermost of the API: gives requests their ids, answers their headers, and notes what came of each."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = told_id = request_id(scope)
        started, status = time.perf_counter(), 0
        is_secure = scope.get("scheme") == "https"

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                headers += [pair for pair in _ALWAYS if pair[0] not in present]
                if b"x-request-id" not in present:
                    headers.append((b"x-request-id", told_id.encode()))
                if is_secure:
                    headers.append(_SECURE)
                message["headers"] = headers
            await send(message)

        try:
            if scope["method"] == "HEAD":
                await _without_body(self._app, scope, receive, dressed)
            else:
                await self._app(scope, receive, dressed)
        except ClientDisconnect:
            # Nobody is there to be answered.
            pass
        except Exception:
            # What was begun is cut off by the server where nothing more comes.
            log.exception("request %s failed: %s %s", told_id, scope["method"], scope["path"])
        finally:
            self._journal.note(scope, status, time.perf_counter() - started)


async def _without_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as to GET, and send nothing of the body: a stream that has no end is not begun."""
    is_told = False

    async def ended() -> Message:
        return {"type": "http.disconnect"} if is_told else await receive()

    async def first(message: Message) -> None:
        nonlocal is_told
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            is_told = True

    await app({**scope, "method": "GET"}, ended, first)
