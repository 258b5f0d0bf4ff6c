"""Pipelines, aliases and promotions over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from workbench.workbench import Workbench


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Promote(_Asked):
    """A run, and which of its models; None: the one that it fitted."""

    run: str
    model: str | None = None
    name: str | None = None
    note: str = ""


class SetAlias(_Asked):
    pipeline: str
    why: str = ""


class Why(_Asked):
    why: str = ""


class Propose(_Asked):
    """A challenger for an alias; `on` names a data source whose rows both are judged on."""

    challenger: str
    alias: str
    metric: str | None = None
    on: str | None = None
    segment: str | None = None
    why: str = ""


class Acknowledge(_Asked):
    gate: str
    by: str
    why: str = ""


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/pipelines``, ``/aliases`` and ``/promotions``."""
    router = APIRouter(tags=["registry"])
    _pipelines(router, workbench)
    _aliases(router, workbench)
    _promotions(router, workbench)
    return router


def _pipelines(router: APIRouter, workbench: Workbench) -> None:
    of = workbench.registry

    @router.get("/pipelines")
    def list_pipelines() -> list[dict[str, Any]]:
        return [found.as_dict() for found in of.list()]

    @router.post("/pipelines", status_code=201)
    def promote(asked: Promote) -> dict[str, Any]:
        return of.promote(asked.run, model=asked.model, name=asked.name, note=asked.note).as_dict()

    @router.get("/pipelines/{pipeline}")
    def show_pipeline(pipeline: str) -> dict[str, Any]:
        return of.get(pipeline).as_dict()

    @router.get("/pipelines/{pipeline}/card")
    def show_card(pipeline: str) -> Response:
        return Response(of.card(pipeline), media_type="text/markdown")

    @router.delete("/pipelines/{pipeline}", status_code=204)
    def delete_pipeline(pipeline: str) -> None:
        of.delete(pipeline)

    @router.get("/compare")
    def compare(a: str, b: str) -> dict[str, Any]:
        return of.compare(a, b).as_dict()


def _aliases(router: APIRouter, workbench: Workbench) -> None:
    of = workbench.registry.aliases

    @router.get("/aliases")
    def list_aliases() -> list[dict[str, Any]]:
        return [found.as_dict() for found in of.list()]

    @router.put("/aliases/{name}")
    def set_alias(name: str, asked: SetAlias) -> dict[str, Any]:
        return of.set(name, asked.pipeline, asked.why).as_dict()

    @router.delete("/aliases/{name}", status_code=204)
    def unset_alias(name: str) -> None:
        of.unset(name)

    @router.get("/aliases/{name}")
    def show_alias(name: str, at: datetime | None = None) -> dict[str, Any] | None:
        if at is None:
            return of.get(name).as_dict()
        found = of.at(name, at)
        return None if found is None else found.as_dict()

    @router.get("/aliases/{name}/history")
    def show_history(name: str) -> list[dict[str, Any]]:
        return [move.as_dict() for move in of.history(name)]

    @router.post("/aliases/{name}/rollback")
    def roll_back(name: str, asked: Why) -> dict[str, Any]:
        return of.rollback(name, asked.why).as_dict()


def _promotions(router: APIRouter, workbench: Workbench) -> None:
    of = workbench.registry.promotions

    @router.get("/promotions")
    def list_promotions(
        alias: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[dict[str, Any]]:
        return [found.as_dict() for found in of.list(alias=alias, limit=limit)]

    @router.post("/promotions", status_code=202)
    def propose(asked: Propose) -> dict[str, Any]:
        told = asked.model_dump(exclude={"challenger", "alias"})
        return of.propose(asked.challenger, asked.alias, wait=False, **told).as_dict()

    @router.get("/promotions/{promotion}")
    def show_promotion(promotion: str) -> dict[str, Any]:
        return of.get(promotion).as_dict()

    @router.post("/promotions/{promotion}/acknowledge")
    def acknowledge(promotion: str, asked: Acknowledge) -> dict[str, Any]:
        return of.acknowledge(promotion, asked.gate, by=asked.by, why=asked.why).as_dict()

    @router.post("/promotions/{promotion}/complete")
    def complete(promotion: str) -> dict[str, Any]:
        return of.complete(promotion).as_dict()

    @router.post("/promotions/{promotion}/cancel")
    def cancel(promotion: str) -> dict[str, Any]:
        return of.cancel(promotion).as_dict()
