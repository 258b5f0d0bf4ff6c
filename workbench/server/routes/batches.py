"""Batches over HTTP: begun, watched, cancelled and deleted, and their files fetched."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from workbench.errors import NotFound
from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import deployments as bodies
from workbench.server.bodies.deployments import BeginBatch
from workbench.server.callers import Mine
from workbench.server.downloads import file_of
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed
from workbench.server.work import Works

router = APIRouter(prefix="/batches", tags=["batches"])


@router.get("", **gives(list[bodies.Batch], has_pages=True))
def list_batches(workbench: Mine, page: PagedBefore, deployment: str | None = None) -> Response:
    """List batches, newest first."""
    of = None if deployment is None else workbench.deployments.get(deployment).id
    return listed(page, workbench.deployments.batch_records(deployment_id=of, limit=page.limit, before=page.before))


@router.post("", **gives(bodies.Batch, 400, 409, 410, status=201, has_place=True))
def begin_batch(asked: BeginBatch, workbench: Mine, request: Request) -> Response:
    """Predict a whole data source into a file."""
    record = workbench.deployments.to_change(asked.deployment).batch(asked.source).record
    return made(request, record.as_dict(), "batches", record.id)


@router.get("/{batch}", **gives(bodies.Batch))
def show_batch(batch: str, workbench: Mine) -> Response:
    """Show a batch."""
    return Json(workbench.deployments.batch(batch).record.as_dict())


@router.post("/{batch}/cancel", **gives(bodies.Batch))
def cancel_batch(batch: str, workbench: Mine) -> Response:
    """End a batch; no file is left. One that is over is answered as it is."""
    return Json(workbench.deployments.batch_to_change(batch).cancel().as_dict())


@router.delete("/{batch}", **gives(None, 409, status=204))
async def delete_batch(batch: str, workbench: Mine, works: Works) -> Response:
    """Delete a batch with its file."""
    found = await run_in_threadpool(workbench.deployments.batch_to_change, batch)
    await works.wait(found.delete)
    return nothing()


@router.get("/{batch}/file", **gives("text/csv", 409, 410))
def fetch_batch(batch: str, workbench: Mine) -> Response:
    """Fetch the file: the data source's columns, and the predictions beside them, as CSV."""
    found = workbench.deployments.batch(batch)
    path = found.path()
    try:
        name = workbench.data.get(found.record.source_id, hidden=True).name
    except NotFound:
        name = found.id
    return file_of(path, "text/csv", f"{name}-predicted.csv")
