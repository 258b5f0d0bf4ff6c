"""Pipelines over HTTP: promoted, looked at, compared, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import registry
from workbench.server.bodies.registry import Promote
from workbench.server.callers import Mine
from workbench.server.etags import tagged
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole
from workbench.server.work import Works

router = APIRouter(tags=["pipelines"])
BYTES = "application/octet-stream"


@router.get("/pipelines", **gives(list[registry.Pipeline], has_pages=True))
def list_pipelines(
    workbench: Mine,
    page: Paged,
    run: Annotated[str | None, Query(description="Only the one that was promoted from this run, by its id.")] = None,
) -> Response:
    """List pipelines, newest first."""
    if run is None:
        return whole(page, workbench.registry.list())
    found = workbench.registry.of_run(run)
    return Json([] if found is None else [found.as_dict()])


@router.post("/pipelines", **gives(registry.Pipeline, 400, 409, 410, status=201, has_place=True))
async def promote_run(asked: Promote, workbench: Mine, works: Works, request: Request) -> Response:
    """Make a model of a run a pipeline."""
    promote = workbench.registry.promote
    found = await works.wait(promote, asked.run, model=asked.model, name=asked.name, note=asked.note)
    return made(request, found.as_dict(), "pipelines", found.id)


@router.get("/pipelines/{pipeline}", **gives(registry.Pipeline, 400, has_tag=True))
def show_pipeline(pipeline: str, workbench: Mine, request: Request) -> Response:
    """Show a pipeline, by its name, its id, the end of that, or an alias."""
    found = workbench.registry.get(pipeline)
    return tagged(request, (found.id, found.deleted_at), found.as_dict)


@router.get("/pipelines/{pipeline}/card", **gives("text/markdown", 400))
def show_card(pipeline: str, workbench: Mine) -> Response:
    """Show the model card of a pipeline, in Markdown."""
    return Response(workbench.registry.card(pipeline), media_type="text/markdown")


@router.get("/pipelines/{pipeline}/moves", **gives(list[registry.Move], 400))
def list_moves(pipeline: str, workbench: Mine) -> Response:
    """List the moves of aliases to a pipeline and away from it."""
    found = workbench.registry.get(pipeline)
    return Json([move.as_dict() for move in workbench.registry.aliases.moves_of(found)])


@router.post("/pipelines/{pipeline}/verify", **gives(None, 400, 410, status=204))
def verify_pipeline(pipeline: str, workbench: Mine) -> Response:
    """Read all that is stored of a pipeline, and check that its bytes are what was promoted."""
    workbench.registry.verify(pipeline)
    return nothing()


@router.get("/pipelines/{pipeline}/artifacts/{name}", **gives(BYTES, 400, 410))
def fetch_artifact(pipeline: str, name: str, workbench: Mine) -> Response:
    """Fetch one thing that is stored of a pipeline, its bytes verified."""
    content = workbench.registry.artifact(pipeline, name)
    return Response(content, media_type=BYTES)


@router.delete("/pipelines/{pipeline}", **gives(None, 400, 409, status=204))
def delete_pipeline(pipeline: str, workbench: Mine) -> Response:
    """Delete a pipeline that nothing is served by and no alias names."""
    workbench.registry.delete(pipeline)
    return nothing()


@router.get("/compare", **gives(registry.Comparison, 400))
def compare_pipelines(a: str, b: str, workbench: Mine) -> Response:
    """Tell how two pipelines or runs differ."""
    return Json(workbench.registry.compare(a, b).as_dict())
