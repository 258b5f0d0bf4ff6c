"""The audit log over HTTP: read, verified, exported."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from workbench.errors import Malformed
from workbench.server.answering import Json
from workbench.server.bodies import audit as bodies
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed

router = APIRouter(prefix="/audit", tags=["audit"])
_KINDS = {"jsonl": "application/jsonl", "csv": "text/csv"}


def wanted(
    by: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    subject_id: str | None = None,
    outcome: Annotated[Literal["done", "failed", "denied"] | None, Query()] = None,
    origin: str | None = None,
    key_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    everywhere: Annotated[bool, Query(description="Lines of all workspaces; an administrator may.")] = False,
) -> dict[str, Any]:
    """Read which lines are wanted."""
    return {name: value for name, value in locals().items() if value is not None}


Wanted = Annotated[dict[str, Any], Depends(wanted)]


@router.get("", **gives(list[bodies.AuditEntry], 400, has_pages=True))
def list_audit(workbench: Mine, page: PagedBefore, about: Wanted) -> Response:
    """List who did what, newest first."""
    before = page.before
    if before is not None and not before.isdecimal():
        raise Malformed("request.malformed", "query.cursor: it is none that a list linked to.")
    found = workbench.audit.list(**about, before=None if before is None else int(before), limit=page.limit)
    return listed(page, found, lambda entry: str(entry.seq))


@router.get("/verify", **gives(bodies.Verified))
def verify_audit(
    workbench: Mine,
    seq: Annotated[int | None, Query(ge=0, description="Number of the last line, as it was noted elsewhere.")] = None,
    sha256: Annotated[str | None, Query(description="Hash of that line, as it was noted with it.")] = None,
) -> Response:
    """Go through the whole log, and tell whether a line was removed or changed."""
    since = None if seq is None or sha256 is None else (seq, sha256)
    return Json(workbench.audit.verify(since).as_dict())


@router.get("/export", **gives(tuple(_KINDS.values()), 400))
def export_audit(workbench: Mine, about: Wanted, format: Literal["jsonl", "csv"] = "jsonl") -> Response:
    """Fetch the log, oldest line first."""
    told = {"Content-Disposition": f"attachment; filename=audit.{format}"}
    lines: Any = workbench.audit.export(format=format, **about)
    return StreamingResponse(lines, media_type=_KINDS[format], headers=told)
