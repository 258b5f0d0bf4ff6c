"""Submit runs and find them: what `Workbench.runs` is."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

from workbench import requests
from workbench.access.permissions import Permission
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, Forbidden, WorkbenchError, choices
from workbench.people import lookup as people
from workbench.preflight import overriding
from workbench.preflight.findings import Preflight
from workbench.recipe import Recipe
from workbench.run import Run
from workbench.runs import ending, follow, lookup, progress, queue, scores
from workbench.runs.asked import Asked
from workbench.runs.experiment import get as experiment_of
from workbench.runs.lookup import Wanted
from workbench.runs.progress import Estimate
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import QUEUED, RUNNING, STATUSES, SUCCEEDED, RunRecord
from workbench.runs.spec import RunSpec
from workbench.runs.watch import Watch
from workbench.service import bell, lifecycle
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.version import __version__

_NOT_ASKED = ("self", "data", "from_run", "override")
"""Arguments of `Runs.submit` that are no fields of a request."""


class Runs:
    """Submit runs and find them."""

    def __init__(self, store: Store, data: Sources) -> None:
        self._store = store
        self._data = data

    @needs(Permission.RUNS_WRITE)
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
        """Check a request, store it as a queued run, and see that a service carries it out.

        Parameters
        ----------
        data
            A data source, its name or its id; not needed with `from_run`.
        target
            Column to predict; none for clustering and anomaly detection.
        plan
            ``setup``, ``create``, ``compare``, ``tune``, ``ensemble``, ``blend``, ``stack``, ``calibrate`` or
            ``finalize``.
        task
            ``classification``, ``regression``, ``time_series``, ``clustering`` or ``anomaly``; None: what the target's
            values suggest.
        model
            The one model that a plan works on: an id of PyCaret's library, of `from_run`'s leaderboard, or a recipe.
        include, exclude
            The models that a plan works on, or the field of ``compare``, and what to leave out of it; None: PyCaret's
            turbo set.
        options
            The plan's own options by PyCaret's names, such as ``{"n_iter": 20}``.
        from_run
            A run to go on from: data, target, task, set-up, folds, seed, metric, executor and limits are its own unless
            named here, and a plan that takes models works on its best ones unless others are named.
        folds
            Cross-validation folds; None: as many as PyCaret takes.
        seed
            PyCaret's ``session_id``.
        sort
            Metric that ranks; None: the task's own.
        setup
            Set-up options by PyCaret's names. With `from_run` they are added to that run's own, and None takes one back
            to PyCaret's default, unless None is a value of it.
        racing
            Let models stop early that cannot catch the leader any more. The board then differs from PyCaret's.
        executor
            ``local``, or ``dask://HOST:PORT``; None: as the followed run has it, else as the settings say.
        model_timeout_s, run_timeout_s
            Longest a model may take over all its folds, and the whole run, in seconds; 0: no limit; None: as above.
        unit_memory
            Most memory that a model may take on one fold, in bytes or as ``2GiB``; 0: an even share of what is free;
            None: as above.
        override
            Codes of blocking findings of the pre-flight (see `check`) with which the run is to start all the same.

        Raises
        ------
        BadRequest
            Naming what does not fit and the valid choices, or, as ``spec.blocked``, what the pre-flight found, how to
            mend it, and what to override. Nothing is stored then.
        NotFound
            When there is no such data source or run.
        Gone
            ``data.file_missing`` when the data source of `from_run` is not there any more, and no other is named.
        EngineFault
            ``service.not_started`` when no service can be started; the run is not kept then.
        """
        asked = {name: value for name, value in locals().items() if name not in _NOT_ASKED}
        source, spec = self._resolve(data, asked, from_run)
        return self._queue(source, spec, self._look(source, spec, override=override))

    @needs(Permission.RUNS_WRITE, changes=False)
    def check(self, data: Source | str | None = None, **asked: Any) -> Preflight:
        """Look at the table of a request before a run starts on it, storing no run.

        Takes what `submit` takes, and raises what it raises but ``spec.blocked``: what would stand in the way is among
        the findings. `workbench.preflight.findings.apply` merges a finding's mend into the arguments.
        """
        override = asked.pop("override", ())
        source, spec = self._resolve(data, asked, asked.pop("from_run", None))
        return self._look(source, spec, override=override)

    @needs(Permission.RUNS_WRITE)
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
        """Start a run that goes on where an ended one stopped: what is scored is kept, the rest is scored now.

        What other versions of the libraries scored is scored again; the log tells.

        Parameters
        ----------
        executor, model_timeout_s, run_timeout_s, unit_memory
            Limits as in `submit`; None: those of the run.
        override
            As in `submit`: ``memory.exceeded`` where set-up is to take more than there is now.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when a limit is none, ``spec.blocked`` when set-up is to take more memory than there is.
        NotFound
            ``run.not_found``
        Conflict
            ``run.not_ended`` while it is under way; a run whose process died goes on by itself.
        Gone
            ``data.file_missing`` when its data source is not there any more.
        """
        limits = Asked(
            executor=executor,
            model_timeout_s=model_timeout_s,
            run_timeout_s=run_timeout_s,
            unit_memory=unit_memory,
        ).limits
        found = lookup.get(self._store, _run_id(run))
        if not found.is_terminal:
            raise Conflict("run.not_ended", f"Run {found.short_id} is {found.status} still.", run_id=found.id)
        told = {name: found.spec[name] for name in RunSpec.model_fields if name != "bases"} | limits
        spec = RunSpec(**told, bases=tuple(Recipe.of(base) for base in found.spec["bases"]))
        source = self._data.of_run(found.source_id)
        looked = self._look(source, spec, override=override, again=found)
        return self._queue(source, spec, looked, resumes=found.id)

    @needs(Permission.RUNS_WRITE)
    def fit_of(self, run: Run | str, model: str, *, override: str | Sequence[str] = ()) -> Run:
        """Return the run that fits a model of a run's leaderboard: that run itself where it fitted it, else one more.

        The other run takes the model's scores over, so that only the fit is left to be done, and is returned again
        where it was asked for before. What other versions of the libraries scored it scores again; its log tells.

        Parameters
        ----------
        model
            Id on the leaderboard of a model that is scored on every fold.
        override
            As in `resume`.

        Raises
        ------
        BadRequest
            ``spec.unknown_model`` when the leaderboard has no such model, ``spec.blocked`` as in `resume`.
        NotFound
            ``run.not_found``
        Conflict
            ``run.no_pipeline`` when the model is not scored in full.
        Gone
            ``data.file_missing`` when the run's data source is not there any more.
        """
        found = lookup.get(self._store, _run_id(run))
        if found.status == SUCCEEDED and found.best == model:
            return Run(self._store, found.id)
        recipe = follow.recipe_to_fit(scores.leaderboard(self._store.database, found), found, model)
        # What is scored already needs no cluster.
        asked = {"plan": follow.fitting_plan(found), "model": recipe, "executor": "local"}
        source, spec = self._resolve(None, asked, found.id)
        known = lookup.asked_alike(self._store, found, spec)
        if known is not None:
            return Run(self._store, known.id)
        looked = self._look(source, spec, override=override, again=found)
        return self._queue(source, spec, looked, resumes=found.id, called={model: recipe.id})

    @needs(Permission.RUNS_WRITE, changes=False)
    def estimate(self, data: Source | str | None = None, **asked: Any) -> Estimate:
        """Judge what a request would cost, storing nothing; takes what `submit` takes and raises what it raises."""
        source, spec = self._resolve(data, asked, asked.pop("from_run", None))
        field = progress.field_of(spec)
        return progress.estimate(
            self._store.database,
            spec,
            field.models,
            candidates=field.candidates,
            source_id=source.id,
            rows=source.row_count,
            workers=self._store.settings.worker_count if spec.executor == "local" else 0,
        )

    def _resolve(
        self, data: Source | str | None, asked: Mapping[str, Any], from_run: Run | str | None
    ) -> tuple[Source, RunSpec]:
        return requests.resolve(self._store, self._data, data, {**asked, "from_run": _run_id(from_run)})

    def _look(self, source: Source, spec: RunSpec, **asked: Any) -> Preflight:
        return requests.look(self._store, self._data, source, spec, **asked)

    def _check_executor(self, executor: str) -> None:
        """Refuse to have whoever comes by a key name a cluster: pickles go both ways, and loading one runs code."""
        if self._store.actor.key_id is None or executor in ("local", self._store.settings.executor):
            return
        raise Forbidden(
            "access.denied",
            "By a key, models are fitted here or on the home's own cluster, and on no other.",
            hint="Say executor=local.",
        )

    def _queue(
        self,
        source: Source,
        spec: RunSpec,
        looked: Preflight,
        *,
        resumes: str | None = None,
        called: Mapping[str, str] | None = None,
    ) -> Run:
        self._check_executor(spec.executor)
        overriding.refuse_blocked(looked)
        told = lifecycle.state(self._store.settings)
        if told is not None and told.version != __version__:
            raise Conflict(
                "training.version_mismatch",
                f"The service that runs is Workbench {told.version}, this one is {__version__}.",
                hint="End it by `workbench service stop` (its runs go on); the next run starts another.",
            )
        run = queue.submit(
            self._store,
            SourceIdentity(source.id, source.name, source.sha256),
            spec,
            by=self._store.user,
            snapshot={"source_sha256": source.sha256, "rows": source.row_count, **overriding.recorded(looked)},
            noted=overriding.noted(looked),
            service_is_warm=told is not None and told.phase == "warm",
            resumes=resumes,
            called=called,
        )
        bell.ring(self._store.settings)
        try:
            lifecycle.start(self._store.settings)
        except WorkbenchError:
            ending.delete(self._store, run.id, by=self._store.user)
            raise
        return Run(self._store, run.id)

    @needs(Permission.RUNS_READ)
    def get(self, reference: str) -> Run:
        """Find a run by its id or by the end of it."""
        return Run(self._store, lookup.get(self._store, reference).id)

    @needs(Permission.RUNS_WRITE, changes=False)
    def to_change(self, reference: str) -> Run:
        """Find a run for somebody who may change it; whoever may not learns not whether it is there."""
        return Run(self._store, lookup.get(self._store, reference).id)

    @needs(Permission.RUNS_READ)
    def list(self, *, limit: int = 100, before: Run | str | None = None, **which: Any) -> list[Run]:
        """Return runs, newest first; takes what `records` takes, and raises what it raises."""
        return [Run(self._store, found.id) for found in self.records(limit=limit, before=before, **which)]

    @needs(Permission.RUNS_READ)
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
        """Return runs as they stand, newest first, in one look at the store.

        Parameters
        ----------
        limit
            At most so many.
        before
            A run: only those that were submitted before it, as the last one of a page says where the next begins.
        status
            Only those that are ``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``: one or several.
        project
            Only those of a project, by its name or its id.
        experiment
            Only those of an experiment, by its id.
        source
            Only those on a data source: by its name on any version of it, by its id on that one.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when there is no such status.
        NotFound
            ``run.not_found`` when there is no run `before`; ``project.not_found``, ``experiment.not_found``,
            ``data.not_found``
        """
        wanted = Wanted(
            status=_checked_statuses(status),
            project=None if project is None else self._project_id(project),
            experiment=None if experiment is None else experiment_of(self._store, experiment).id,
            sources=() if source is None else self._source_ids(source),
        )
        return lookup.listed(self._store, limit=limit, before=_run_id(before), wanted=wanted)

    def _project_id(self, reference: str) -> str:
        with self._store.database.read() as session:
            return people.project(session, self._store.workspace_id, reference).id

    def _source_ids(self, source: Source | str) -> tuple[str, ...]:
        return (source.id,) if isinstance(source, Source) else lookup.sources(self._store, source)

    def watch(self) -> Watch:
        """Make what follows the logs of all runs for many readers in one process: for the API alone."""
        return Watch(self._store.database)

    @needs(Permission.RUNS_READ)
    def current(self) -> Run | None:
        """Return the run that a panel should watch: the newest that is under way, else the newest."""
        # One status at a time: that is what an index answers, however many runs have ended.
        by_status = (Wanted(status=(status,)) for status in (QUEUED, RUNNING))
        active = [run for wanted in by_status for run in lookup.listed(self._store, limit=1, wanted=wanted)]
        found = active or lookup.listed(self._store, limit=1)
        return Run(self._store, max(found, key=lambda run: (run.created_at, run.id)).id) if found else None


def _checked_statuses(status: str | Sequence[str] | None) -> tuple[str, ...]:
    statuses = (status,) if isinstance(status, str) else tuple(status or ())
    for each in statuses:
        if each not in STATUSES:
            raise BadRequest("spec.invalid", f"No run is ever '{each}'.", hint=choices(str(each), STATUSES))
    return statuses


def _run_id(run: Any) -> Any:
    return run.id if isinstance(run, Run) else run
