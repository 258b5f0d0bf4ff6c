"""Aliases over HTTP: moved, asked for, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from workbench.server.answering import Json, nothing
from workbench.server.bodies import registry
from workbench.server.bodies.registry import SetAlias, Why
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole

router = APIRouter(prefix="/aliases", tags=["aliases"])


@router.get("", **gives(list[registry.Alias], has_pages=True))
def list_aliases(workbench: Mine, page: Paged) -> Response:
    """List aliases by name."""
    return whole(page, workbench.registry.aliases.list(), lambda alias: str(alias.name))


@router.put("/{name}", **gives(registry.Alias, 400, 409))
def set_alias(name: str, asked: SetAlias, workbench: Mine) -> Response:
    """Have an alias name a pipeline; what it named before stays in its history."""
    return Json(workbench.registry.aliases.set(name, asked.pipeline, asked.why).as_dict())


@router.delete("/{name}", **gives(None, 400, status=204))
def unset_alias(name: str, workbench: Mine, why: str = "") -> Response:
    """Have an alias name nothing any more."""
    workbench.registry.aliases.unset(name, why)
    return nothing()


@router.get("/{name}", **gives(registry.Alias | registry.Pipeline | None, 400))
def show_alias(
    name: str,
    workbench: Mine,
    at: Annotated[datetime | None, Query(description="Show the pipeline that it named then; null: none.")] = None,
) -> Response:
    """Show what an alias names."""
    of = workbench.registry.aliases
    if at is None:
        return Json(of.get(name).as_dict())
    found = of.at(name, at)
    return Json(None if found is None else found.as_dict())


@router.get("/{name}/history", **gives(list[registry.Move], 400, has_pages=True))
def list_alias_history(name: str, workbench: Mine, page: Paged) -> Response:
    """List the moves of an alias, newest first."""
    return whole(page, workbench.registry.aliases.history(name), lambda move: str(move.seq))


@router.post("/{name}/rollback", **gives(registry.Alias, 400, 409))
def roll_alias_back(name: str, asked: Why, workbench: Mine) -> Response:
    """Have an alias name again what it named before."""
    return Json(workbench.registry.aliases.rollback(name, asked.why).as_dict())
