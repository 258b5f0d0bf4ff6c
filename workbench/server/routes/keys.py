"""Keys over HTTP: made, listed, revoked, replaced."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import keys as bodies
from workbench.server.bodies.keys import CreateKey, RotateKey
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed

router = APIRouter(prefix="/keys", tags=["keys"])


@router.get("", **gives(list[bodies.Key], has_pages=True))
def list_keys(
    workbench: Mine,
    page: PagedBefore,
    everybody: Annotated[bool, Query(description="Whether those of all members are listed; an owner may.")] = False,
) -> Response:
    """List keys, newest first."""
    return listed(page, workbench.keys.list(everybody=everybody, limit=page.limit, before=page.before))


@router.post("", **gives(bodies.Issued, 400, status=201, has_place=True))
def create_key(asked: CreateKey, workbench: Mine, request: Request) -> Response:
    """Make a key; its secret is told this once."""
    issued = workbench.keys.create(
        asked.name, asked.scopes, days=asked.days, requests_per_minute=asked.requests_per_minute
    )
    return made(request, issued.as_dict(), "keys", issued.key.id)


@router.get("/{key}", **gives(bodies.Key))
def show_key(key: str, workbench: Mine) -> Response:
    """Show a key, by its id."""
    return Json(workbench.keys.get(key).as_dict())


@router.delete("/{key}", **gives(None, status=204))
def revoke_key(key: str, workbench: Mine) -> Response:
    """Have a key be good for nothing any more; done twice it is done once."""
    workbench.keys.revoke(key)
    return nothing()


@router.post("/{key}/rotate", **gives(bodies.Issued, 400, 409, status=201, has_place=True))
def rotate_key(key: str, asked: RotateKey, workbench: Mine, request: Request) -> Response:
    """Replace a key by one that is good for the same; its secret is told this once."""
    issued = workbench.keys.rotate(key, grace_minutes=asked.grace_minutes)
    return made(request, issued.as_dict(), "keys", issued.key.id)
