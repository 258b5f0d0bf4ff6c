"""Workspaces over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import people
from workbench.server.bodies.people import Name
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole

router = APIRouter(prefix="/workspaces", tags=["workspaces"])


@router.get("", **gives(list[people.Workspace], has_pages=True))
def list_workspaces(workbench: Mine, page: Paged) -> Response:
    """List the workspaces of the caller."""
    return whole(page, workbench.workspaces.list())


@router.post("", **gives(people.Workspace, 400, 409, status=201, has_place=True))
def create_workspace(asked: Name, workbench: Mine, request: Request) -> Response:
    """Make a workspace, of which the caller becomes an owner."""
    found = workbench.workspaces.create(asked.name)
    return made(request, found.as_dict(), "workspaces", found.id)


@router.get("/{workspace}", **gives(people.Workspace))
def show_workspace(workspace: str, workbench: Mine) -> Response:
    """Show a workspace, by its name or id."""
    return Json(workbench.workspaces.get(workspace).as_dict())


@router.patch("/{workspace}", **gives(people.Workspace, 400, 409))
def rename_workspace(workspace: str, asked: Name, workbench: Mine) -> Response:
    """Call a workspace otherwise."""
    return Json(workbench.workspaces.rename(workspace, asked.name).as_dict())


@router.delete("/{workspace}", **gives(None, 409, status=204))
def delete_workspace(workspace: str, workbench: Mine) -> Response:
    """Delete a workspace that holds nothing."""
    workbench.workspaces.delete(workspace)
    return nothing()
