"""Who the caller is, over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from workbench.server.answering import Json, nothing
from workbench.server.bodies import people
from workbench.server.callers import Mine
from workbench.server.gives import gives

router = APIRouter(tags=["me"])


@router.get("/me", **gives(people.Me))
def show_me(workbench: Mine) -> Response:
    """Tell who the caller is, where, and what they may do there."""
    return Json(workbench.me().as_dict())


@router.delete("/me", **gives(None, 409, status=204))
def leave_workspace(workbench: Mine) -> Response:
    """Be no member of the workspace any more; one's keys to it are revoked."""
    workbench.workspaces.leave()
    return nothing()
