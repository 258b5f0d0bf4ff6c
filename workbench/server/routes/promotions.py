"""Promotions over HTTP: proposed, acknowledged, completed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.server.answering import Json, made
from workbench.server.bodies import registry
from workbench.server.bodies.registry import Acknowledge, Propose
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed
from workbench.server.work import Works

router = APIRouter(prefix="/promotions", tags=["promotions"])


@router.get("", **gives(list[registry.Promotion], has_pages=True))
def list_promotions(workbench: Mine, page: PagedBefore, alias: str | None = None) -> Response:
    """List promotions, newest first."""
    return listed(page, workbench.registry.promotions.list(alias=alias, limit=page.limit, before=page.before))


@router.post("", **gives(registry.Promotion, 400, 409, 410, status=202, has_place=True))
def propose_promotion(asked: Propose, workbench: Mine, request: Request) -> Response:
    """Propose a challenger for an alias; its gates are evaluated meanwhile."""
    told = asked.model_dump(exclude={"challenger", "alias"})
    found = workbench.registry.promotions.propose(asked.challenger, asked.alias, wait=False, **told)
    return made(request, found.as_dict(), "promotions", found.id, status=202)


@router.get("/{promotion}", **gives(registry.Promotion, 400))
def show_promotion(promotion: str, workbench: Mine) -> Response:
    """Show a promotion with its gates, by its id or the end of it."""
    return Json(workbench.registry.promotions.get(promotion).as_dict())


@router.post("/{promotion}/acknowledge", **gives(registry.Promotion, 400, 409))
def acknowledge_gate(promotion: str, asked: Acknowledge, workbench: Mine) -> Response:
    """Take responsibility for a gate that is not passed."""
    of = workbench.registry.promotions
    return Json(of.acknowledge(promotion, asked.gate, by=asked.by, why=asked.why).as_dict())


@router.post("/{promotion}/complete", **gives(registry.Promotion, 400, 409, 410))
async def complete_promotion(promotion: str, workbench: Mine, works: Works) -> Response:
    """Let the challenger take the alias over; deployments that follow it go along."""
    return Json((await works.wait(workbench.registry.promotions.complete, promotion)).as_dict())


@router.post("/{promotion}/cancel", **gives(registry.Promotion, 400, 409))
def cancel_promotion(promotion: str, workbench: Mine) -> Response:
    """Leave all as it is."""
    return Json(workbench.registry.promotions.cancel(promotion).as_dict())
