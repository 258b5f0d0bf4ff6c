"""How errors look over HTTP: RFC 9457 problem details with a stable code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope

from workbench.errors import EngineFault, WorkbenchError

PROBLEM = "application/problem+json"
log = logging.getLogger("workbench.server")

HEARD_OUT, HEARD_OUT_S = 1 << 20, 0.2
"""Largest body that is taken to its end though its request is refused, in bytes, and how long it is waited for."""
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def install(app: FastAPI) -> None:
    """Have an application answer every error so."""
    app.add_exception_handler(WorkbenchError, _problem)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unexpected)


def answer(error: WorkbenchError, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with a foreseen error."""
    told = dict(headers or {})
    if "retry_after_s" in error.about:
        told["Retry-After"] = str(error.about["retry_after_s"])
    if error.status == 401:
        told["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.as_problem(), status_code=error.status, media_type=PROBLEM, headers=told)


def refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Refuse what the HTTP face alone knows of."""
    return _plain(status, "Request refused", detail, "request.refused", headers)


async def hear_out(scope: Scope, receive: Receive) -> None:
    """Take what is left of a small body: Jupyter's proxy reads no answer while it cannot send to the end."""
    told = Headers(scope=scope).get("content-length")
    if told is not None and told.isdigit() and int(told) <= HEARD_OUT:
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_OUT_S):
                while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                    pass


def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WorkbenchError)
    if error.code == "store.unreachable":
        # Where the database lies, and what its driver says, is for those who work on the server.
        log.error("%s", error.message)
        error = EngineFault("store.unreachable", "The home's database does not answer; the service's log says more.")
    return answer(error)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _plain(422, "Malformed request", f"{where}: {first['msg']}.", "request.malformed")


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    told = dict(error.headers or {})
    if error.status_code == 405:
        told["Allow"] = ", ".join(_methods(request))
    return refusal(error.status_code, str(error.detail), told)


def _methods(request: Request) -> list[str]:
    """Return what the path takes: each of its methods is a route of its own and knows no other."""
    return [method for method in _METHODS if _takes(request.app.routes, {**request.scope, "method": method})]


def _takes(routes: Iterable[BaseRoute], scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # Its text stays in the service's log: it may hold what the caller may not see.
    return _plain(500, "Unexpected error", f"{type(error).__name__}; the service's log says more.", "request.failed")


def _plain(status: int, title: str, detail: str, code: str, headers: dict[str, str] | None = None) -> JSONResponse:
    problem = {"type": f"urn:workbench:error:{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JSONResponse(problem, status_code=status, media_type=PROBLEM, headers=headers)
