"""Advisors over HTTP: consult one, read what was said, have it narrated."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from workbench.workbench import Workbench

_CREATED, _ACCEPTED = 201, 202


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


def routes(workbench: Workbench) -> APIRouter:
    """Return the routes under ``/advices``."""
    router = APIRouter(tags=["advisors"])
    of = workbench.advisors

    @router.post("/advices", status_code=_CREATED)
    def consult(asked: Consult, response: Response) -> dict[str, Any]:
        found = of.consult(asked.advisor, asked.subject, narrate=asked.narrate, wait=asked.wait, **asked.arguments)
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
    def narrate(consultation: str) -> dict[str, Any]:
        return of.narrate(consultation).as_dict()

    return router
