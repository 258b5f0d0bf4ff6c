"""Deployments over HTTP: what they are, what was done with them, and to change them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from workbench.workbench import Workbench


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Deploy(_Asked):
    """What is deployed, and how: a run with one of its models, or a pipeline by name, id or alias."""

    run: str | None = None
    model: str | None = None
    pipeline: str | None = None
    slug: str
    access: str = "workspace"
    follow: str | None = None


class Swap(_Asked):
    pipeline: str
    why: str = ""
    other_columns: bool = False


class Access(_Asked):
    access: str


class Follow(_Asked):
    alias: str | None = None


class Shadow(_Asked):
    pipeline: str | None = None


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/deployments``."""
    router = APIRouter(prefix="/deployments", tags=["deployments"])
    of = workbench.deployments

    @router.get("")
    def list_deployments() -> list[dict[str, Any]]:
        return [found.record.as_dict() for found in of.list()]

    @router.post("", status_code=201)
    def deploy(asked: Deploy) -> dict[str, Any]:
        return of.deploy(**asked.model_dump()).record.as_dict()

    @router.get("/{slug}")
    def show(slug: str) -> dict[str, Any]:
        found = of.get(slug)
        return found.record.as_dict() | {"engine": found.engine}

    @router.delete("/{slug}", status_code=204)
    def delete(slug: str) -> None:
        of.get(slug).delete()

    @router.get("/{slug}/schema")
    def schema(slug: str) -> dict[str, Any]:
        return of.get(slug).schema()

    @router.get("/{slug}/history")
    def history(slug: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [line.as_dict() for line in of.get(slug).history(limit=limit)]

    @router.get("/{slug}/traffic")
    def traffic(slug: str, minutes: Annotated[int, Query(ge=1, le=1440)] = 60) -> list[dict[str, Any]]:
        return [minute.as_dict() for minute in of.get(slug).traffic(minutes=minutes)]

    @router.post("/{slug}/warm")
    def warm(slug: str) -> dict[str, Any]:
        return of.get(slug).warm(wait=False).as_dict()

    @router.post("/{slug}/stop")
    def stop(slug: str) -> dict[str, Any]:
        return of.get(slug).stop().as_dict()

    @router.post("/{slug}/swap")
    def swap(slug: str, asked: Swap) -> dict[str, Any]:
        return of.get(slug).swap(asked.pipeline, why=asked.why, other_columns=asked.other_columns).as_dict()

    @router.post("/{slug}/rollback")
    def rollback(slug: str) -> dict[str, Any]:
        return of.get(slug).rollback().as_dict()

    @router.post("/{slug}/shadow")
    def shadow(slug: str, asked: Shadow) -> dict[str, Any]:
        return of.get(slug).shadow(asked.pipeline).as_dict()

    @router.get("/{slug}/shadow")
    def compare_shadow(slug: str, pipeline: str | None = None) -> dict[str, Any]:
        return asdict(of.get(slug).shadow_report(pipeline))

    @router.post("/{slug}/access")
    def open_to(slug: str, asked: Access) -> dict[str, Any]:
        return of.get(slug).open_to(asked.access).as_dict()

    @router.post("/{slug}/follow")
    def follow(slug: str, asked: Follow) -> dict[str, Any]:
        return of.get(slug).follow(asked.alias).as_dict()

    @router.get("/{slug}/predictions")
    def predictions(slug: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [row.as_dict() for row in of.get(slug).predictions(limit=limit)]

    return router
