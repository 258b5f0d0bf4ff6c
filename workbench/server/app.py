"""The FastAPI application: thin routes, one error handler, one secret."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from workbench.errors import Forbidden, WorkbenchError
from workbench.version import __version__
from workbench.workbench import Workbench

PROBLEM = "application/problem+json"


def make_app(workbench: Workbench, token: str) -> FastAPI:
    """Build the API.

    Parameters
    ----------
    token
        What callers send as ``X-Workbench-Token``. The service makes one at each start and writes it where only the
        home's owner reads it, so that nobody else on the machine can call.
    """
    app = FastAPI(title="Workbench", version=__version__, openapi_url=None)
    app.add_exception_handler(WorkbenchError, _problem)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unexpected)

    def trusted(x_workbench_token: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(x_workbench_token.encode(), token.encode()):
            raise Forbidden("access.denied", "The service's token is missing or wrong.")

    app.include_router(_health())
    app.include_router(_runs(workbench), prefix="/api/v1", dependencies=[Depends(trusted)])
    return app


def _health() -> APIRouter:
    router = APIRouter()

    @router.get("/api/v1/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    return router


def _runs(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/runs", tags=["runs"])

    @router.get("")
    def list_runs(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [found.as_dict() for found in workbench.runs.records(limit=limit)]

    @router.get("/{run_id}")
    def show_run(run_id: str) -> dict[str, Any]:
        return workbench.runs.get(run_id).record.as_dict()

    @router.post("/{run_id}/cancel")
    def cancel_run(run_id: str) -> dict[str, Any]:
        return workbench.runs.get(run_id).cancel().as_dict()

    @router.get("/{run_id}/events")
    def list_events(
        run_id: str, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=5000)] = 500
    ) -> list[dict[str, Any]]:
        return [event.as_dict() for event in workbench.runs.get(run_id).log(after=after, limit=limit)]

    @router.get("/{run_id}/leaderboard")
    def show_leaderboard(run_id: str) -> list[dict[str, Any]]:
        return [row.as_dict() for row in workbench.runs.get(run_id).rows()]

    return router


def _answer(status: int, title: str, detail: str, code: str) -> JSONResponse:
    problem = {"type": f"urn:workbench:error:{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JSONResponse(problem, status_code=status, media_type=PROBLEM)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _answer(422, "Malformed request", f"{where}: {first['msg']}.", "request.malformed")


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, "Request refused", str(error.detail), "request.refused")


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # Its text stays in the service's log: it may hold what the caller may not see.
    return _answer(500, "Unexpected error", f"{type(error).__name__}; the service's log says more.", "request.failed")


def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WorkbenchError)
    return JSONResponse(error.as_problem(), status_code=error.status, media_type=PROBLEM)
