"""What runs are compared under, over HTTP: what `Workbench.experiments` is."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from workbench.pages import bounded
from workbench.runs.experiment import Contender, Experiment

if TYPE_CHECKING:
    from workbench.remote.api import Api


class Experiments:
    """The experiments of a workspace; see `workbench.experiments.Experiments`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(
        self, project: str | None = None, *, limit: int = 100, before: str | None = None
    ) -> builtins.list[Experiment]:
        """Return experiments, newest first."""
        found = self._api.listed("experiments", limit=limit, project=project, before=before)
        return self._api.all_of(Experiment, found)

    def get(self, experiment_id: str) -> Experiment:
        """Find an experiment by its id or by the end of it."""
        return self._api.of(Experiment, self._api.get("experiments", experiment_id))

    def rename(self, experiment_id: str, name: str) -> Experiment:
        """Call an experiment something else; several may be called alike."""
        return self._api.of(Experiment, self._api.patch("experiments", experiment_id, body={"name": name}))

    def leaderboard(self, experiment_id: str, *, limit: int = 50) -> builtins.list[Contender]:
        """Rank the models of all runs of an experiment by the task's own metric, best first."""
        found = self._api.get("experiments", experiment_id, "leaderboard", limit=bounded(limit))
        return self._api.all_of(Contender, found)
