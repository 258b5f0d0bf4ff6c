"""How errors look over HTTP: RFC 9457 problem details with a stable code."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from workbench.errors import WorkbenchError

PROBLEM = "application/problem+json"


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


def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WorkbenchError)
    return answer(error)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _plain(422, "Malformed request", f"{where}: {first['msg']}.", "request.malformed")


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _plain(error.status_code, "Request refused", str(error.detail), "request.refused")


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # Its text stays in the service's log: it may hold what the caller may not see.
    return _plain(500, "Unexpected error", f"{type(error).__name__}; the service's log says more.", "request.failed")


def _plain(status: int, title: str, detail: str, code: str) -> JSONResponse:
    problem = {"type": f"urn:workbench:error:{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JSONResponse(problem, status_code=status, media_type=PROBLEM)
