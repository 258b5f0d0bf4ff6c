"""Advisors over HTTP: consult one, read what was said, have it narrated."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from workbench.adviser import PATIENCE_S, Advisors, failure
from workbench.consulting.consultation import LOST, OPEN, Consultation
from workbench.workbench import Workbench

_CREATED, _ACCEPTED = 201, 202
_PAUSE_S, _PAUSE_MOST_S = 0.03, 0.5


class Consult(BaseModel):
    """An advisor and its subject, by id, name or slug; `arguments` by the advisor's own names."""

    model_config = ConfigDict(extra="forbid")

    advisor: str
    subject: str
    arguments: dict[Literal["target", "task", "goal", "minutes", "segment", "on", "hours"], Any] = Field(
        default_factory=dict
    )
    narrate: bool | None = None
    wait: bool = True
    """Whether to answer once the advice, and the narration, is there; else at once, and neither is narrated."""


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/advices``."""
    router = APIRouter(tags=["advisors"])
    of = workbench.advisors

    @router.post("/advices", status_code=_CREATED)
    async def consult(asked: Consult, response: Response) -> dict[str, Any]:
        if asked.narrate:
            of.check_narrator()
        begun = partial(of.consult, asked.advisor, asked.subject, wait=False, **asked.arguments)
        found = await run_in_threadpool(begun)
        if asked.wait:
            found = await _settled(of, found)
        if found.status not in OPEN:
            found.given  # noqa: B018 - raises what stood in the way
            if asked.wait and (asked.narrate or (asked.narrate is None and of.has_narrator)):
                found = await _narrated(of, found, is_wanted=bool(asked.narrate))
        response.status_code = _CREATED if found.is_over else _ACCEPTED
        return found.as_dict()

    @router.get("/advices")
    def list_advices(
        subject: str | None = None, advisor: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[dict[str, Any]]:
        return [found.as_dict() for found in of.list(subject, advisor=advisor, limit=limit)]

    @router.get("/advices/thresholds")
    def list_thresholds() -> list[dict[str, Any]]:
        return of.thresholds.as_list()

    @router.get("/advices/{consultation}")
    def show_advice(consultation: str, evidence: bool = False) -> dict[str, Any]:
        return of.get(consultation).as_dict(with_evidence=evidence)

    @router.get("/advices/{consultation}/markdown")
    def show_markdown(consultation: str) -> Response:
        return Response(of.get(consultation).as_markdown(), media_type="text/markdown")

    @router.post("/advices/{consultation}/narrate")
    async def narrate(consultation: str) -> dict[str, Any]:
        found = await run_in_threadpool(of.get, consultation)
        return (await _narrated(of, found, is_wanted=True)).as_dict()

    return router


async def _narrated(of: Advisors, found: Consultation, *, is_wanted: bool) -> Consultation:
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
