"""Projects over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import people
from workbench.server.bodies.people import Name
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("", **gives(list[people.Project], has_pages=True))
def list_projects(workbench: Mine, page: Paged) -> Response:
    """List the projects of the workspace."""
    return whole(page, workbench.projects.list())


@router.post("", **gives(people.Project, 400, 409, status=201, has_place=True))
def create_project(asked: Name, workbench: Mine, request: Request) -> Response:
    """Make a project."""
    found = workbench.projects.create(asked.name)
    return made(request, found.as_dict(), "projects", found.id)


@router.get("/{project}", **gives(people.Project))
def show_project(project: str, workbench: Mine) -> Response:
    """Show a project, by its name or id."""
    return Json(workbench.projects.get(project).as_dict())


@router.patch("/{project}", **gives(people.Project, 400, 409))
def rename_project(project: str, asked: Name, workbench: Mine) -> Response:
    """Call a project otherwise."""
    return Json(workbench.projects.rename(project, asked.name).as_dict())


@router.delete("/{project}", **gives(None, 409, status=204))
def delete_project(project: str, workbench: Mine) -> Response:
    """Delete a project without runs."""
    workbench.projects.delete(project)
    return nothing()
