"""Answers that a caller may have already: told by a tag that costs less than the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from workbench.server.answering import Json
from workbench.version import __version__


def tagged(request: Request, signs: tuple[Any, ...], content: Callable[[], Any]) -> Response:
    """Answer with a resource and its tag, or that nothing has changed (304).

    Parameters
    ----------
    signs
        What is another one whenever the resource is; this version of Workbench may write it otherwise than the next.
    content
        Gives the resource; called where the caller does not have it.
    """
    tag = f'W/"{hashlib.sha256(repr((__version__, *signs)).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Json(content(), headers=headers)


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller has what bears a tag (RFC 9110, weak comparison)."""
    told = request.headers.get("if-none-match")
    if told is None:
        return False
    known = [one.strip().removeprefix("W/") for one in told.split(",")]
    return "*" in known or tag.removeprefix("W/") in known
