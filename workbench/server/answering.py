"""Answers of routes: JSON written once, where what was made is to be found, and what may be kept."""

from __future__ import annotations

import json
import posixpath
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Request
from starlette.responses import Response

from workbench.plain import storable
from workbench.serving.client import ROOT


class Json(Response):
    """What JSON can hold, as it is: nothing between a route and its bytes looks at it again."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encoded(content)


def encoded(content: Any) -> bytes:
    """Write JSON."""
    try:
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # A whole number of more than 64 bits, or half a character.
        return json.dumps(storable(content), ensure_ascii=False).encode()


def made(request: Request, content: Any, *place: str, status: int = 201) -> Json:
    """Answer with what was made, and tell where it is to be found.

    The place is told in relation to the request's own, so that it holds behind whatever proxy.

    Parameters
    ----------
    *place
        Segments of the path below the API's root.
    status
        201, or 202 where it is on its way still.
    """
    path = posixpath.join(ROOT, *(quote(part, safe="") for part in place))
    location = posixpath.relpath(path, posixpath.dirname(request.scope["path"]))
    return Json(content, status_code=status, headers={"Location": location})


def nothing() -> Response:
    """Answer that it is done, and that there is nothing to tell (204)."""
    return Response(status_code=204)
