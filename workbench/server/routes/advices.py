"""Advisors over HTTP: consult one, read what was said, have it narrated."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from workbench.adviser import PATIENCE_S, Advisors, failure
from workbench.consulting.consultation import LOST, OPEN, Consultation
from workbench.pages import ROWS_MOST
from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import advices as bodies
from workbench.server.bodies.advices import Consult
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed

router = APIRouter(prefix="/advices", tags=["advices"])
_CREATED, _ACCEPTED = 201, 202
_PAUSE_S, _PAUSE_MOST_S = 0.03, 0.5


@router.post("", **gives(bodies.Consultation, 400, 409, 410, 502, status=201, also=202, has_place=True))
async def consult(asked: Consult, workbench: Mine, request: Request) -> Response:
    """Consult an advisor: 201 with what it says, 202 where it has not answered yet."""
    of = workbench.advisors
    if asked.narrate:
        of.check_narrator()
    begun: Any = partial(of.consult, asked.advisor, asked.subject, wait=False, **asked.arguments)
    found = await run_in_threadpool(begun)
    if asked.wait:
        found = await _settled(of, found)
    if found.status not in OPEN:
        found.given  # noqa: B018 - raises what stood in the way
        if asked.wait and (asked.narrate or (asked.narrate is None and of.has_narrator)):
            found = await _narrated(of, found, is_wanted=bool(asked.narrate))
    return made(request, found.as_dict(), "advices", found.id, status=_CREATED if found.is_over else _ACCEPTED)


@router.get("", **gives(list[bodies.Consultation], has_pages=True))
def list_advices(
    workbench: Mine, page: PagedBefore, subject: str | None = None, advisor: str | None = None
) -> Response:
    """List what advisors were asked and said, newest first."""
    found = workbench.advisors.list(subject, advisor=advisor, limit=page.limit, before=page.before)
    return listed(page, found)


@router.get("/thresholds", **gives(list[bodies.Threshold], 400))
def list_thresholds(workbench: Mine) -> Response:
    """List what the advisors judge by, each number with its reason and source."""
    return Json(workbench.advisors.thresholds.as_list())


@router.get("/narrator", **gives(None, 400, status=204))
def check_narrator(workbench: Mine) -> Response:
    """Find out whether a language model is configured that tells what was found."""
    workbench.advisors.check_narrator()
    return nothing()


@router.get("/lines", **gives(list[bodies.ConsultationLine]))
def list_advice_lines(
    workbench: Mine,
    subject: Annotated[list[str], Query(description="Id of what was asked about; repeatable.")],
    limit: Annotated[int, Query(ge=1, le=ROWS_MOST)] = 200,
) -> Response:
    """List a line for each consultation on these things, newest first: what a list takes, and no more."""
    return Json([line.as_dict() for line in workbench.advisors.lines(*subject, limit=limit)])


@router.get("/{advice}", **gives(bodies.Consultation | bodies.ConsultationInFull, 400))
def show_advice(
    advice: str,
    workbench: Mine,
    evidence: Annotated[bool, Query(description="Whether all that the advisor was shown comes along.")] = False,
) -> Response:
    """Show what an advisor was asked and said."""
    return Json(workbench.advisors.get(advice).as_dict(with_evidence=evidence))


@router.get("/{advice}/markdown", **gives("text/markdown", 400, 409, 410))
def show_advice_markdown(advice: str, workbench: Mine) -> Response:
    """Show what an advisor said, in Markdown."""
    return Response(workbench.advisors.get(advice).as_markdown(), media_type="text/markdown")


@router.post("/{advice}/narrate", **gives(bodies.Consultation, 400, 409, 502, also=202))
async def narrate(
    advice: str,
    workbench: Mine,
    wait: Annotated[bool, Query(description="Whether to answer once it has; else at once (202).")] = True,
) -> Response:
    """Have the language model tell what was found."""
    of = workbench.advisors
    if not wait:
        return Json((await run_in_threadpool(of.narrate, advice, wait=False)).as_dict(), status_code=_ACCEPTED)
    return Json((await _narrated(of, advice, is_wanted=True)).as_dict())


async def _narrated(of: Advisors, found: Consultation | str, *, is_wanted: bool) -> Consultation:
    asked = await run_in_threadpool(of.narrate, found, wait=False)
    told = await _settled(of, asked)
    if is_wanted and told.narration_status == LOST:
        raise failure(told)
    return told


async def _settled(of: Advisors, found: Consultation) -> Consultation:
    """Wait until nothing of it is on its way, taking none of the threads that other requests are answered by."""
    deadline, pause_s = time.monotonic() + PATIENCE_S, _PAUSE_S
    while not await run_in_threadpool(of.is_over, found.id) and time.monotonic() < deadline:
        await asyncio.sleep(pause_s)
        pause_s = min(_PAUSE_MOST_S, pause_s * 1.2)
    return await run_in_threadpool(of.get, found.id)
