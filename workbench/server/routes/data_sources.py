"""Data sources over HTTP: brought in, looked at, read again, deleted."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from workbench.data.written import csv_of
from workbench.pages import ROWS_MOST
from workbench.server import uploading
from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import data
from workbench.server.bodies.data import KINDS, OPTIONS, AddSource, Place, Retype, read_query
from workbench.server.callers import Mine
from workbench.server.downloads import file_of, named
from workbench.server.etags import tagged
from workbench.server.gives import gives
from workbench.server.paging import Paged, cut, whole
from workbench.server.work import Works

router = APIRouter(tags=["data sources"])
PARQUET = "application/vnd.apache.parquet"
FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
"""What a file that is sent is described by."""


@router.get("/data-sources", **gives(list[data.Source] | list[data.SourceLine], has_pages=True))
def list_sources(workbench: Mine, page: Paged, facts: bool = True, sha256: str | None = None) -> Response:
    """List the data sources, newest first.

    With `facts=false` a line each, which is quicker; with `sha256` only the one whose bytes have it.
    """
    if not facts:
        lines, headers = cut(page, workbench.data.lines())
        return Json([asdict(line) for line in lines], headers=headers)
    found = workbench.data.list()
    return whole(page, found if sha256 is None else [one for one in found if one.sha256 == sha256])


@router.post("/data-sources", **gives(data.Source, 400, 409, 410, 413, 503, status=201, has_place=True))
async def add_source(asked: AddSource, workbench: Mine, works: Works, request: Request) -> Response:
    """Take a table from where it lies, or as rows, and keep it as a data source."""
    added = await works.do(
        workbench.data.add,
        asked.what,
        asked.name,
        table=asked.table,
        query=asked.query,
        follows=asked.follows,
        kinds=asked.kinds,
        **asked.options,
    )
    return made(request, added.as_dict(), "data-sources", added.id)


@router.post(
    "/data-sources/upload", openapi_extra=FILE, **gives(data.Source, 400, 409, 410, 413, status=201, has_place=True)
)
async def upload_source(
    request: Request,
    workbench: Mine,
    works: Works,
    name: Annotated[str, Query(description="Name of the data source; left out where it follows another.")] = "",
    file: Annotated[str | None, Query(description="What the file is called: its ending tells the format.")] = None,
    follows: str | None = None,
    kinds: Annotated[str | None, Query(description="JSON: column → kind.")] = None,
    options: Annotated[str | None, Query(description="JSON: what the format takes.")] = None,
) -> Response:
    """Send a table's file as the body, and keep it as a data source."""
    how = {"kinds": read_query(KINDS, "kinds", kinds), **(read_query(OPTIONS, "options", options) or {})}
    begin = partial(workbench.data.begin_upload, file=file, follows=follows, **how)
    added = await uploading.receive(request, partial(begin, name or file or ""), works)
    return made(request, added.as_dict(), "data-sources", added.id)


@router.post("/data-sources/test", **gives(None, 400, 410, 503, status=204))
async def test_source(asked: Place, workbench: Mine, works: Works) -> Response:
    """Find out whether a table can be reached, and take nothing."""
    await works.do(workbench.data.test, asked.what, table=asked.table, query=asked.query, **asked.options)
    return nothing()


@router.get("/samples", **gives(list[data.Sample]))
def list_samples(workbench: Mine) -> Response:
    """List the tables that come with Workbench."""
    return Json([asdict(sample) for sample in workbench.data.samples()])


@router.post("/samples/{name}", **gives(data.Source, 409, status=201, has_place=True))
async def add_sample(name: str, workbench: Mine, works: Works, request: Request) -> Response:
    """Keep a table that comes with Workbench as a data source; where it is one already, that one is answered."""
    added = await works.do(workbench.data.sample, name)
    return made(request, added.as_dict(), "data-sources", added.id)


@router.get("/data-sources/{source}", **gives(data.Source, has_tag=True))
def show_source(
    source: str,
    workbench: Mine,
    request: Request,
    hidden: Annotated[bool, Query(description="Whether a deleted one that runs used is shown too.")] = False,
) -> Response:
    """Show a data source, by name, as NAME@VERSION, or by id."""
    found = workbench.data.get(source, hidden=hidden)
    signs = (found.id, found.name, found.origin.get("stamp"), found.is_current, found.is_deleted)
    return tagged(request, signs, found.as_dict)


@router.delete("/data-sources/{source}", **gives(None, 409, status=204))
def delete_source(source: str, workbench: Mine) -> Response:
    """Delete a data source with all its versions, or one of them."""
    workbench.data.delete(source)
    return nothing()


@router.get("/data-sources/{source}/versions", **gives(list[data.Source], has_pages=True))
def list_versions(source: str, workbench: Mine, page: Paged) -> Response:
    """List the versions of a data source, newest first."""
    return whole(page, workbench.data.versions(source))


@router.get("/data-sources/{source}/head", **gives(list[dict[str, Any]], 410))
def show_head(source: str, workbench: Mine, rows: Annotated[int, Query(ge=1, le=ROWS_MOST)] = 20) -> Response:
    """Show the first rows."""
    return Json(workbench.data.head(workbench.data.get(source, hidden=True), rows))


@router.get("/data-sources/{source}/profile", **gives(data.Profile, 400, 410, has_tag=True))
def show_profile(
    source: str,
    workbench: Mine,
    request: Request,
    against: Annotated[str | None, Query(description="Another version, from which the drift is told.")] = None,
    target: Annotated[str | None, Query(description="The column that is to be predicted.")] = None,
) -> Response:
    """Show what is known of a table so far, and have the rest found out: ask again until it is complete."""
    # Before the profile: a tag of another version than is told would hide that one.
    of = workbench.data.get(source).id, against and workbench.data.get(against).id, target
    found = workbench.data.profile(source, against=against, target=target)
    parts = found.head, found.association, found.target, found.drift
    signs = (*of, found.is_complete, len(found.columns), [part is None for part in parts], found.failures)
    return tagged(request, signs, found.as_dict)


@router.get("/data-sources/{source}/values", **gives(list[Any], 400, 410))
def list_values(source: str, workbench: Mine, column: str) -> Response:
    """List a column's distinct values."""
    return Json(workbench.data.values(workbench.data.get(source), column))


@router.get("/data-sources/{source}/table", **gives((PARQUET, "text/csv"), 410))
def fetch_table(source: str, workbench: Mine, format: Literal["parquet", "csv"] = "parquet") -> Response:
    """Fetch the table as it is stored, or as CSV."""
    found = workbench.data.get(source, hidden=True)
    path = workbench.data.path(found)
    if format == "parquet":
        return file_of(path, PARQUET, f"{found.name}.parquet")
    return StreamingResponse(csv_of(path), media_type="text/csv", headers=named(f"{found.name}.csv"))


@router.post("/data-sources/{source}/refresh", **gives(data.Source, 400, 409, 410, 413))
async def refresh_source(source: str, workbench: Mine, works: Works) -> Response:
    """Take a data source from its place again: its next version, or the same where nothing has changed."""
    return Json((await works.do(workbench.data.refresh, source)).as_dict())


@router.post("/data-sources/{source}/retype", **gives(data.Source, 400, 409, 410, 413))
async def retype_source(source: str, asked: Retype, workbench: Mine, works: Works) -> Response:
    """Read a data source otherwise, as its next version."""
    return Json((await works.do(workbench.data.retype, source, asked.kinds, **asked.options)).as_dict())


@router.get("/data-sources/{source}/changed", **gives(data.Changed, 400, 410))
async def show_changed(source: str, workbench: Mine, works: Works) -> Response:
    """Tell whether what a data source was taken from looks otherwise now."""
    found = await run_in_threadpool(workbench.data.get, source)
    return Json({"changed": await works.do(workbench.data.has_changed, found)})
