"""Deployments over HTTP: what they are, what was done with them, and to change them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from workbench.pages import MINUTES_MOST, ROWS_MOST
from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import deployments as bodies
from workbench.server.bodies.audit import AuditEntry
from workbench.server.bodies.deployments import CheckSlug, Deploy, Follow, OpenTo, RollBack, Shadow, Swap, Warm
from workbench.server.callers import Mine
from workbench.server.downloads import ZIP, zip_of
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole
from workbench.server.work import Works

router = APIRouter(prefix="/deployments", tags=["deployments"])
Most = Annotated[int, Query(ge=1, le=ROWS_MOST)]


@router.get("", **gives(list[bodies.Deployment], has_pages=True))
def list_deployments(workbench: Mine, page: Paged) -> Response:
    """List deployments, newest first."""
    return whole(page, workbench.deployments.records())


@router.post("", **gives(bodies.Deployment, 400, 409, 410, status=201, has_place=True))
async def deploy(asked: Deploy, workbench: Mine, works: Works, request: Request) -> Response:
    """Promote, create, warm and check in one call; where one of these fails, all is undone."""
    made_of = await works.wait(workbench.deployments.deploy, **asked.model_dump())
    record = await run_in_threadpool(lambda: made_of.record)
    return made(request, record.as_dict(), "deployments", record.slug)


@router.post("/check", **gives(None, 400, 409, status=204))
def check_slug(asked: CheckSlug, workbench: Mine) -> Response:
    """Find out whether a deployment can have a slug."""
    workbench.deployments.check_slug(asked.slug)
    return nothing()


@router.get("/{slug}", **gives(bodies.ShownDeployment))
def show_deployment(slug: str, workbench: Mine) -> Response:
    """Show a deployment, by its slug or its id, and what of its pipeline is compiled."""
    found = workbench.deployments.get(slug)
    return Json(found.record.as_dict() | {"engine": found.engine})


@router.delete("/{slug}", **gives(None, status=204))
def delete_deployment(slug: str, workbench: Mine) -> Response:
    """Serve it no more, and give its slug free."""
    workbench.deployments.to_change(slug).delete()
    return nothing()


@router.get("/{slug}/schema", **gives(bodies.DeploymentSchema))
def show_schema(slug: str, workbench: Mine) -> Response:
    """Show what a row takes, with sample rows."""
    return Json(workbench.deployments.get(slug).schema())


@router.get("/{slug}/history", **gives(list[AuditEntry]))
def list_deployment_history(slug: str, workbench: Mine, limit: Most = 100) -> Response:
    """List what was done with it, newest first."""
    return Json([line.as_dict() for line in workbench.deployments.get(slug).history(limit=limit)])


@router.get("/{slug}/traffic", **gives(list[bodies.Minute]))
def list_traffic(slug: str, workbench: Mine, minutes: Annotated[int, Query(ge=1, le=MINUTES_MOST)] = 60) -> Response:
    """List what was counted in the last minutes, oldest first."""
    return Json([minute.as_dict() for minute in workbench.deployments.get(slug).traffic(minutes=minutes)])


@router.get("/{slug}/predictions", **gives(list[bodies.Logged]))
def list_predictions(slug: str, workbench: Mine, limit: Most = 100) -> Response:
    """List rows that were asked for, of those that the sampling kept, newest first."""
    return Json([row.as_dict() for row in workbench.deployments.get(slug).predictions(limit=limit)])


@router.get("/{slug}/predictors", **gives(list[bodies.Predictor]))
def list_predictors(slug: str, workbench: Mine) -> Response:
    """List the processes that answer for it, newest first, those that are gone too."""
    return Json([asdict(one) for one in workbench.deployments.get(slug).predictors()])


@router.get("/{slug}/log", **gives(list[str]))
def show_log(slug: str, workbench: Mine, lines: Most = 50) -> Response:
    """List the last lines that its newest predictor wrote, oldest first."""
    return Json(workbench.deployments.get(slug).log(lines))


@router.get("/{slug}/export", **gives(ZIP, 400, 409, 410))
def fetch_export(slug: str, workbench: Mine, kind: Literal["mlflow", "container"] = "mlflow") -> Response:
    """Fetch the pipeline that answers as a folder that serves it elsewhere, in a zip archive."""
    found = workbench.deployments.to_change(slug)
    return zip_of(partial(found.export, kind=kind), f"{found.slug}-{kind}")


@router.post("/{slug}/warm", **gives(bodies.Deployment, 409))
async def warm_deployment(slug: str, workbench: Mine, works: Works, asked: Warm | None = None) -> Response:
    """Have it served; it warms meanwhile."""
    found = await run_in_threadpool(workbench.deployments.to_change, slug)
    return Json((await works.wait(found.warm, wait=asked is not None and asked.wait)).as_dict())


@router.post("/{slug}/stop", **gives(bodies.Deployment, 409))
def stop_deployment(slug: str, workbench: Mine) -> Response:
    """Serve it no more; it can be warmed again."""
    return Json(workbench.deployments.to_change(slug).stop().as_dict())


@router.post("/{slug}/swap", **gives(bodies.Deployment, 400, 409))
async def swap_pipeline(slug: str, asked: Swap, workbench: Mine, works: Works) -> Response:
    """Let another pipeline answer, and no request fail by it."""
    found = await run_in_threadpool(workbench.deployments.to_change, slug)
    told = await works.wait(
        found.swap, asked.pipeline, why=asked.why, other_columns=asked.other_columns, wait=asked.wait
    )
    return Json(told.as_dict())


@router.post("/{slug}/rollback", **gives(bodies.Deployment, 409))
async def roll_deployment_back(slug: str, workbench: Mine, works: Works, asked: RollBack | None = None) -> Response:
    """Let the pipeline answer again that answered before."""
    how = asked or RollBack()
    found = await run_in_threadpool(workbench.deployments.to_change, slug)
    return Json((await works.wait(found.rollback, why=how.why, wait=how.wait)).as_dict())


@router.post("/{slug}/shadow", **gives(bodies.Deployment, 400, 409))
def shadow_deployment(slug: str, asked: Shadow, workbench: Mine) -> Response:
    """Have another pipeline answer each request too, recorded and not returned; null: no more."""
    return Json(workbench.deployments.to_change(slug).shadow(asked.pipeline).as_dict())


@router.get("/{slug}/shadow", **gives(bodies.ShadowReport, 400, 409))
def show_shadow(slug: str, workbench: Mine, pipeline: str | None = None) -> Response:
    """Tell how the pipeline in the shadow, or one that was there, compares with what was returned."""
    return Json(asdict(workbench.deployments.get(slug).shadow_report(pipeline)))


@router.post("/{slug}/access", **gives(bodies.Deployment, 400))
def open_deployment(slug: str, asked: OpenTo, workbench: Mine) -> Response:
    """Change who may ask: workspace, api-key or public."""
    return Json(workbench.deployments.to_change(slug).open_to(asked.access).as_dict())


@router.post("/{slug}/follow", **gives(bodies.Deployment, 400))
def follow_alias(slug: str, asked: Follow, workbench: Mine) -> Response:
    """Have it go along with an alias; null: no more."""
    return Json(workbench.deployments.to_change(slug).follow(asked.alias).as_dict())
