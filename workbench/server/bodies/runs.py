"""Runs over HTTP."""

from __future__ import annotations

from types import GenericAlias
from typing import Any

from pydantic import Field

from workbench import recipe
from workbench.preflight import findings
from workbench.preflight.forecast import Forecast as ForecastRecord
from workbench.recipe import Recipe
from workbench.runs.events import Event
from workbench.runs.progress import Estimate, Progress
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow
from workbench.server.bodies.base import Asked, Named, Told, alike

__all__ = ["Estimate", "Event", "LeaderboardRow", "Progress"]


class Limits(Asked):
    """Where a run is carried out, and how far it may go."""

    executor: str | None = Field(None, description="local, or dask://HOST:PORT.")
    model_timeout_s: float | None = Field(None, description="Longest for one model over all its folds; 0: no limit.")
    run_timeout_s: float | None = Field(None, description="Longest for the whole run; 0: no limit.")
    unit_memory: int | str | None = Field(
        None, description="Most memory of a model on one fold, in bytes or as 2GiB; 0: an even share of what is free."
    )
    override: str | list[str] = Field(
        default_factory=list, description="Codes of blocking findings with which it is to start all the same."
    )


class SubmitRun(Limits):
    """A run that is asked for; what is left out Workbench chooses."""

    data: str | None = Field(None, description="A data source, by name or id; not needed with from_run.")
    target: str | None = Field(None, description="Column to predict; none for clustering and anomaly detection.")
    plan: str = Field(
        "compare", description="setup, create, compare, tune, ensemble, blend, stack, calibrate, finalize."
    )
    task: str | None = Field(None, description="None: what the target's values suggest.")
    model: str | dict[str, Any] | None = Field(None, description="An id, or a recipe.")
    include: list[str | dict[str, Any]] | None = None
    exclude: list[str] | None = None
    options: dict[str, Any] | None = Field(None, description="The plan's own options by PyCaret's names.")
    from_run: str | None = Field(None, description="A run to go on from, by its id or the end of it.")
    folds: int | None = None
    seed: int | None = None
    sort: str | None = Field(None, description="Metric that ranks.")
    setup: dict[str, Any] | None = Field(None, description="Set-up options by PyCaret's names.")
    racing: bool = Field(False, description="Let models stop early that cannot catch the leader any more.")

    def arguments(self) -> dict[str, Any]:
        """Return what `Runs.submit` takes."""
        told = self.named()
        if "model" in told:
            told["model"] = _model(told["model"])
        if told.get("include") is not None:
            told["include"] = [_model(one) for one in told["include"]]
        return told


class FitModel(Asked):
    """A model of a run's leaderboard that is to be fitted."""

    model: str
    override: str | list[str] = Field(default_factory=list)


def _model(told: str | dict[str, Any] | None) -> str | Recipe | None:
    return recipe.read(told) if isinstance(told, dict) else told


class FieldModel(Told):
    """A model of a run's field, and how it is made where that is known."""

    id: str
    name: str
    recipe: dict[str, Any] | None


Run = alike(
    "Run",
    RunRecord,
    without=("source_id", "source_name", "recipes"),
    source=Named,
    field=list[FieldModel],
    duration_ms=float | None,
)
PreflightFinding = alike("PreflightFinding", findings.Finding)
Forecast = alike("Forecast", ForecastRecord, words=str)
Preflight = alike("Preflight", findings.Preflight, findings=GenericAlias(list, PreflightFinding), forecast=Forecast)
