"""Submit runs and find them, over HTTP: what `Workbench.runs` is."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.data.source import Source
from workbench.preflight.findings import Preflight
from workbench.recipe import Recipe
from workbench.remote.run import Run
from workbench.runs.progress import Estimate
from workbench.runs.record import QUEUED, RUNNING, RunRecord

if TYPE_CHECKING:
    from workbench.remote.api import Api

_LOOK_S = 600.0
"""How long the API may look at a table before a run starts on it."""


class Runs:
    """Submit runs and find them; see `workbench.launcher.Runs`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def submit(
        self,
        data: Source | str | None = None,
        *,
        target: str | None = None,
        plan: str = "compare",
        task: str | None = None,
        model: str | Recipe | None = None,
        include: Sequence[str | Recipe] | None = None,
        exclude: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
        from_run: Run | str | None = None,
        folds: int | None = None,
        seed: int | None = None,
        sort: str | None = None,
        setup: Mapping[str, Any] | None = None,
        racing: bool = False,
        executor: str | None = None,
        model_timeout_s: float | None = None,
        run_timeout_s: float | None = None,
        unit_memory: int | str | None = None,
        override: str | Sequence[str] = (),
    ) -> Run:
        """Have a request checked and carried out; parameters and errors as of `workbench.launcher.Runs.submit`.

        However often the answer is lost on its way, it is one run.
        """
        asked = {name: value for name, value in locals().items() if name != "self"}
        return self._run("runs", body=_told(asked))

    def check(self, data: Source | str | None = None, **asked: Any) -> Preflight:
        """Have the table of a request looked at before a run starts on it; takes what `submit` takes."""
        body = _told({"data": data, **asked})
        return self._api.of(Preflight, self._api.post("runs", "check", body=body, timeout_s=_LOOK_S))

    def resume(
        self,
        run: Run | str,
        *,
        executor: str | None = None,
        model_timeout_s: float | None = None,
        run_timeout_s: float | None = None,
        unit_memory: int | str | None = None,
        override: str | Sequence[str] = (),
    ) -> Run:
        """Start a run that goes on where an ended one stopped: what is scored is kept, the rest is scored now."""
        asked = {name: value for name, value in locals().items() if name not in ("self", "run")}
        return self._run("runs", id_of(run), "resume", body=_told(asked))

    def fit_of(self, run: Run | str, model: str, *, override: str | Sequence[str] = ()) -> Run:
        """Return the run that fits a model of a leaderboard: that run itself where it fitted it, else one more."""
        return self._run("runs", id_of(run), "fit", body=_told({"model": model, "override": override}))

    def estimate(self, data: Source | str | None = None, **asked: Any) -> Estimate:
        """Have the cost of a request judged, storing nothing; takes what `submit` takes."""
        body = _told({"data": data, **asked})
        return self._api.of(Estimate, self._api.post("runs", "estimate", body=body, timeout_s=_LOOK_S))

    def get(self, reference: str) -> Run:
        """Find a run by its id or by the end of it."""
        return Run(self._api, self._api.get("runs", reference)["id"])

    def list(self, *, limit: int = 100, before: Run | str | None = None, **which: Any) -> list[Run]:
        """Return runs, newest first; takes what `records` takes."""
        return [Run(self._api, found.id) for found in self.records(limit=limit, before=before, **which)]

    def records(
        self,
        *,
        limit: int = 100,
        before: Run | str | None = None,
        status: str | Sequence[str] | None = None,
        project: str | None = None,
        experiment: str | None = None,
        source: Source | str | None = None,
    ) -> builtins.list[RunRecord]:
        """Return runs as they stand, newest first; parameters as of `workbench.launcher.Runs.records`."""
        found = self._api.listed(
            "runs",
            limit=limit,
            before=id_of(before),
            status=status if status is None or isinstance(status, str) else [*status],
            project=project,
            experiment=experiment,
            source=source.id if isinstance(source, Source) else source,
        )
        return self._api.all_of(RunRecord, found)

    def current(self) -> Run | None:
        """Return the run that a panel should watch: the newest that is under way, else the newest."""
        found = self.records(limit=1, status=(QUEUED, RUNNING)) or self.records(limit=1)
        return Run(self._api, found[0].id) if found else None

    def _run(self, *path: str, body: Mapping[str, Any]) -> Run:
        return Run(self._api, self._api.post(*path, body=body, timeout_s=_LOOK_S)["id"])


def id_of(run: Any) -> Any:
    """Return the id of a run, or what a user names it by."""
    return run.id if isinstance(run, Run | RunRecord) else run


def _told(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a request out as JSON; what is not said is left out."""
    return {name: _plain(value) for name, value in asked.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Recipe):
        return value.as_dict()
    if isinstance(value, Source | Run | RunRecord):
        return value.id
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
