"""Runs over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from workbench.workbench import Workbench


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/runs``."""
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
