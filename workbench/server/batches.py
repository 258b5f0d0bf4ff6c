"""Batches over HTTP: begun, watched, cancelled and deleted, and their files fetched."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from workbench.errors import NotFound
from workbench.workbench import Workbench


class Begin(BaseModel):
    """Whose pipeline predicts, and a data source by name or id."""

    model_config = ConfigDict(extra="forbid")

    deployment: str
    source: str


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/batches``."""
    router = APIRouter(prefix="/batches", tags=["batches"])
    of = workbench.deployments

    @router.get("")
    def list_batches(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [found.as_dict() for found in of.batch_records(limit=limit)]

    @router.post("", status_code=201)
    def begin(asked: Begin) -> dict[str, Any]:
        return of.get(asked.deployment).batch(asked.source).record.as_dict()

    @router.get("/{batch_id}")
    def show(batch_id: str) -> dict[str, Any]:
        return of.batch(batch_id).record.as_dict()

    @router.post("/{batch_id}/cancel")
    def cancel(batch_id: str) -> dict[str, Any]:
        return of.batch(batch_id).cancel().as_dict()

    @router.delete("/{batch_id}", status_code=204)
    def delete(batch_id: str) -> None:
        of.batch(batch_id).delete()

    @router.get("/{batch_id}/file")
    def fetch(batch_id: str) -> FileResponse:
        batch = of.batch(batch_id)
        path = batch.path()
        try:
            name = workbench.data.get(batch.record.source_id, hidden=True).name
        except NotFound:
            name = batch.id
        return FileResponse(path, media_type="text/csv", filename=f"{name}-predicted.csv")

    return router
