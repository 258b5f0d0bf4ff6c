"""What runs are compared under, over all runs: what `Workbench.experiments` is."""

from __future__ import annotations

import builtins

from workbench.access.permissions import Permission
from workbench.people import lookup, names
from workbench.runs import experiment
from workbench.runs.experiment import Contender, Experiment
from workbench.store import audit
from workbench.store.needs import needs
from workbench.store.store import Store


class Experiments:
    """The experiments of a workspace. A run belongs to the one of its data, target, task, set-up, folds and seed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @needs(Permission.RUNS_READ)
    def list(
        self, project: str | None = None, *, limit: int = 100, before: str | None = None
    ) -> builtins.list[Experiment]:
        """Return experiments, newest first.

        Parameters
        ----------
        project
            Only those of a project, by its name or its id.
        limit
            At most so many (1 … 1000).
        before
            Id of an experiment: only older ones.

        Raises
        ------
        NotFound
            ``project.not_found``; ``experiment.not_found`` when there is no experiment `before`.
        """
        project_id = None
        if project is not None:
            with self._store.database.read() as session:
                project_id = lookup.project(session, self._store.workspace_id, project).id
        return experiment.listed(self._store, project_id=project_id, limit=limit, before=before)

    @needs(Permission.RUNS_READ)
    def get(self, experiment_id: str) -> Experiment:
        """Find an experiment by its id or by the end of it.

        Raises
        ------
        NotFound
            ``experiment.not_found``
        """
        return experiment.get(self._store, experiment_id)

    @needs(Permission.RUNS_WRITE)
    def rename(self, experiment_id: str, name: str) -> Experiment:
        """Call an experiment something else; several may be called alike.

        Raises
        ------
        BadRequest
            ``experiment.name_invalid``
        NotFound
            ``experiment.not_found``
        """
        name = names.of_experiment(name)
        with self._store.database.write() as session:
            row = experiment.find(session, self._store, experiment_id)
            if row.name != name:
                audit.record(
                    session,
                    by=self._store.user,
                    action="experiment.renamed",
                    subject="experiment",
                    subject_id=row.id,
                    message=f"the experiment {row.name} is called {name}",
                    details={"before": row.name, "name": name},
                    workspace_id=self._store.workspace_id,
                )
                row.name = name
            renamed = row.id
        return experiment.get(self._store, renamed)

    @needs(Permission.RUNS_READ)
    def leaderboard(self, experiment_id: str, *, limit: int = 50) -> builtins.list[Contender]:
        """Rank the models of all runs of an experiment by the task's own metric, best first.

        Only what is scored on every fold takes part; a model that several runs scored is there once for each.

        Parameters
        ----------
        limit
            At most so many (1 … 1000).

        Raises
        ------
        NotFound
            ``experiment.not_found``
        """
        return experiment.leaderboard(self._store, experiment.get(self._store, experiment_id), limit=limit)
