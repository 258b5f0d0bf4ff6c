"""Runs over HTTP: asked for, watched, ended, done again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.runs.record import RunRecord
from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import runs as bodies
from workbench.server.bodies.runs import FitModel, Limits, SubmitRun
from workbench.server.callers import Mine
from workbench.server.downloads import ZIP, zip_of
from workbench.server.etags import tagged
from workbench.server.gives import gives
from workbench.server.paging import PagedBefore, listed

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("", **gives(list[bodies.Run], 400, has_pages=True))
def list_runs(
    workbench: Mine,
    page: PagedBefore,
    status: Annotated[list[str] | None, Query(description="Only runs that are so; repeatable.")] = None,
    project: Annotated[str | None, Query(description="Only runs of this project, by name or id.")] = None,
    experiment: Annotated[str | None, Query(description="Only runs of this experiment, by id.")] = None,
    source: Annotated[str | None, Query(description="Only runs on this data source, by name or id.")] = None,
) -> Response:
    """List runs, newest first."""
    found = workbench.runs.records(
        limit=page.limit, before=page.before, status=status, project=project, experiment=experiment, source=source
    )
    return listed(page, found)


@router.post("", **gives(bodies.Run, 400, 409, 410, status=201, has_place=True))
def submit_run(asked: SubmitRun, workbench: Mine, request: Request) -> Response:
    """Check a request, and have it carried out."""
    run = workbench.runs.submit(**asked.arguments())
    return made(request, run.record.as_dict(), "runs", run.id)


@router.post("/check", **gives(bodies.Preflight, 400, 410))
def check_run(asked: SubmitRun, workbench: Mine) -> Response:
    """Look at the table of a request before a run starts on it; nothing is stored."""
    return Json(workbench.runs.check(**asked.arguments()).as_dict())


@router.post("/estimate", **gives(bodies.Estimate, 400, 410))
def estimate_run(asked: SubmitRun, workbench: Mine) -> Response:
    """Judge what a request would cost; nothing is stored."""
    told = asked.arguments()
    told.pop("override", None)
    return Json(asdict(workbench.runs.estimate(**told)))


@router.get("/{run}", **gives(bodies.Run, 400, has_tag=True))
def show_run(run: str, workbench: Mine, request: Request) -> Response:
    """Show a run, by its id or the end of it."""
    found = workbench.runs.get(run)
    seq, record = found.last_seq(), found.record
    if not record.is_terminal:
        # How long it has taken changes by the second.
        return Json(record.as_dict())
    return tagged(request, _signs(record, seq), record.as_dict)


@router.delete("/{run}", **gives(None, 400, 409, status=204))
def delete_run(run: str, workbench: Mine) -> Response:
    """Delete a run with all that belongs to it; its process is ended first."""
    workbench.runs.to_change(run).delete()
    return nothing()


@router.post("/{run}/cancel", **gives(bodies.Run, 400))
def cancel_run(run: str, workbench: Mine) -> Response:
    """End a run; what is scored stays. One that has ended is answered as it is."""
    return Json(workbench.runs.to_change(run).cancel().as_dict())


@router.post("/{run}/resume", **gives(bodies.Run, 400, 409, 410, status=201, has_place=True))
def resume_run(run: str, asked: Limits, workbench: Mine, request: Request) -> Response:
    """Start a run that goes on where an ended one stopped."""
    resumed = workbench.runs.resume(run, **asked.named())
    return made(request, resumed.record.as_dict(), "runs", resumed.id)


@router.post("/{run}/fit", **gives(bodies.Run, 400, 409, 410, status=201, has_place=True))
def fit_model(run: str, asked: FitModel, workbench: Mine, request: Request) -> Response:
    """Fit a model of a run's leaderboard; answers the run that does it, or has done it."""
    fitting = workbench.runs.fit_of(run, asked.model, override=asked.override)
    return made(request, fitting.record.as_dict(), "runs", fitting.id)


@router.get("/{run}/progress", **gives(bodies.Progress, 400, has_tag=True))
def show_progress(run: str, workbench: Mine, request: Request) -> Response:
    """Tell how far a run is."""
    found = workbench.runs.get(run)
    seq, record = found.last_seq(), found.record
    if not record.is_terminal:
        # How long it will take changes by the second.
        return Json(asdict(found.progress()))
    return tagged(request, _signs(record, seq), lambda: asdict(found.progress()))


@router.get("/{run}/leaderboard", **gives(list[bodies.LeaderboardRow], 400, has_tag=True))
def show_leaderboard(run: str, workbench: Mine, request: Request) -> Response:
    """Rank the models on what is scored so far."""
    found = workbench.runs.get(run)
    seq, record = found.last_seq(), found.record
    return tagged(request, _signs(record, seq), lambda: [row.as_dict() for row in found.rows()])


@router.get("/{run}/reproduction", **gives(ZIP, 400, 410))
def fetch_reproduction(run: str, workbench: Mine) -> Response:
    """Fetch a run as a notebook of plain PyCaret calls, with its environment and its table, in a zip archive."""
    told = workbench.runs.get(run).reproduce()
    return zip_of(told.save, told.name)


def _signs(record: RunRecord, seq: int) -> tuple[Any, ...]:
    """Return what is another one whenever a run or its leaderboard is: whatever happens to it has an event.

    Parameters
    ----------
    seq
        Number of its last event, read before what is answered: an old tag of a newer answer costs another look, a new
        tag of an older one would hide what came between.
    """
    return record.id, record.status, record.cancel_requested, seq
