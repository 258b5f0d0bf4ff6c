"""The page that says what the API can do: its operations, whom it takes the reader for, and lines to copy.

It is read from the API's own description and holds nothing that is not public. It asks nobody else for anything, and
all its addresses are relative, so that it stands behind whatever proxy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from workbench.serving.client import ROOT

PAGE = f"{ROOT}/docs"
STATIC = Path(__file__).with_name("static")
_TYPES = {"landing.css": "text/css", "landing.js": "text/javascript", "icon.svg": "image/svg+xml"}
PUBLIC = ("/", PAGE, *(f"{PAGE}/{name}" for name in _TYPES))
"""Paths that are for everybody."""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
# Asked for anew each time: a page of yesterday's version may not fit today's description.
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> APIRouter:
    """Return the page and what it is made of; no part of the API that it describes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def start() -> Response:
        # Relative: a proxy before the API may have it below another path.
        return RedirectResponse(PAGE.lstrip("/"), headers=_HEADERS)

    router.add_api_route(PAGE, _file("landing.html", "text/html"), methods=["GET"])
    for name, kind in _TYPES.items():
        router.add_api_route(f"{PAGE}/{name}", _file(name, kind), methods=["GET"])
    return router


def _file(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
    content = (STATIC / name).read_bytes()

    async def answer() -> Response:
        return Response(content, media_type=kind, headers=_HEADERS)

    return answer
