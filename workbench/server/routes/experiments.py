"""Experiments over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from workbench.pages import ROWS_MOST
from workbench.server.answering import Json
from workbench.server.bodies import people
from workbench.server.bodies.people import Name
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed

router = APIRouter(prefix="/experiments", tags=["experiments"])


@router.get("", **gives(list[people.Experiment], has_pages=True))
def list_experiments(workbench: Mine, page: PagedBefore, project: str | None = None) -> Response:
    """List experiments, newest first: what runs are compared under."""
    return listed(page, workbench.experiments.list(project=project, limit=page.limit, before=page.before))


@router.get("/{experiment}", **gives(people.Experiment))
def show_experiment(experiment: str, workbench: Mine) -> Response:
    """Show an experiment."""
    return Json(workbench.experiments.get(experiment).as_dict())


@router.patch("/{experiment}", **gives(people.Experiment, 400))
def rename_experiment(experiment: str, asked: Name, workbench: Mine) -> Response:
    """Call an experiment otherwise."""
    return Json(workbench.experiments.rename(experiment, asked.name).as_dict())


@router.get("/{experiment}/leaderboard", **gives(list[people.Contender]))
def show_experiment_leaderboard(
    experiment: str, workbench: Mine, limit: Annotated[int, Query(ge=1, le=ROWS_MOST)] = 50
) -> Response:
    """Rank the best models over all runs of an experiment."""
    return Json([row.as_dict() for row in workbench.experiments.leaderboard(experiment, limit=limit)])
