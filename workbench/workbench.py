"""The facade that users, panels, routes and commands hold: one operation, one function."""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Mapping, Sequence
from typing import Any

from workbench import settings as settings_module
from workbench.catalogue import FOLDS, SEED, TASKS
from workbench.data.preflight import check_columns, check_target, suggest_task
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, WorkbenchError
from workbench.run import Run
from workbench.runs import ending, lookup, progress, queue
from workbench.runs.progress import Estimate
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import QUEUED, RUNNING, RunRecord
from workbench.runs.spec import RunSpec, make_spec
from workbench.service import lifecycle
from workbench.settings import Settings
from workbench.store.database import Changes
from workbench.store.store import Store, open_store


class Workbench:
    """A home, opened.

    Attributes
    ----------
    data
        Data sources.
    runs
        Runs.
    service
        The process that carries runs out.
    """

    def __init__(self, store: Store, *, user: str) -> None:
        self._store = store
        self.settings = store.settings
        self.user = user
        self.data = Sources(store)
        self.runs = Runs(store, self.data, user)
        self.service = Service(store.settings)

    def changes(self) -> Changes:
        """Return a watcher that tells cheaply whether anything in the store may have changed."""
        return self._store.database.changes()

    def close(self) -> None:
        self._store.close()

    def __repr__(self) -> str:
        return f"<Workbench at {self.settings.home}>"


class Runs:
    """Submit runs and find them."""

    def __init__(self, store: Store, data: Sources, user: str) -> None:
        self._store = store
        self._data = data
        self._user = user

    def submit(
        self,
        data: Source | str,
        *,
        target: str,
        plan: str = "compare",
        task: str | None = None,
        model: str | None = None,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        folds: int = FOLDS,
        seed: int = SEED,
        sort: str | None = None,
        setup: Mapping[str, Any] | None = None,
        model_timeout_s: float | None = None,
    ) -> Run:
        """Check a request, store it as a queued run, and see that a service carries it out.

        Parameters
        ----------
        data
            A data source, its name or its id.
        task
            ``classification`` or ``regression``; None: what the target's values suggest.
        model
            The one model of the plan ``create``.
        include, exclude
            Ids of models in the field, and to leave out of it; None: PyCaret's turbo set.
        folds
            Cross-validation folds, 2 to 200.
        seed
            PyCaret's ``session_id``.
        sort
            Metric that ranks; None: Accuracy or R2.
        setup
            Set-up options by PyCaret's names.
        model_timeout_s
            Longest one model may take on one fold, in seconds; 0: no limit; None: as the settings say.

        Raises
        ------
        BadRequest
            Naming what does not fit and the valid choices. Nothing is stored then.
        NotFound
            When there is no such data source.
        EngineFault
            ``service.not_started`` when no service can be started; the run is not kept then.
        """
        source, spec = self._check(
            data,
            target=target,
            plan=plan,
            task=task,
            model=model,
            include=include,
            exclude=exclude,
            folds=folds,
            seed=seed,
            sort=sort,
            setup=setup,
            model_timeout_s=model_timeout_s,
        )
        told = lifecycle.state(self._store.settings)
        identity = SourceIdentity(source.id, source.name, source.sha256)
        run = queue.submit(
            self._store,
            identity,
            spec,
            by=self._user,
            snapshot={"source_sha256": source.sha256, "rows": source.row_count, "executor": "local"},
            service_is_warm=told is not None and told.phase == "warm",
        )
        try:
            lifecycle.start(self._store.settings)
        except WorkbenchError:
            ending.delete(self._store, run.id, by=self._user)
            raise
        return Run(self._store, run.id, self._user)

    def estimate(self, data: Source | str, **request: Any) -> Estimate:
        """Judge what a request would cost, storing nothing; takes what `submit` takes and raises what it raises."""
        source, spec = self._check(data, **request)
        field = spec.include or [model.id for model in TASKS[spec.task].turbo]
        models = [model for model in field if model not in spec.exclude]
        return progress.estimate(
            self._store.database,
            spec,
            models,
            source_id=source.id,
            rows=source.row_count,
            workers=self._store.settings.worker_count,
        )

    def _check(
        self,
        data: Source | str,
        *,
        target: str,
        plan: str = "compare",
        task: str | None = None,
        model: str | None = None,
        include: Sequence[str] | None = None,
        model_timeout_s: float | None = None,
        **request: Any,
    ) -> tuple[Source, RunSpec]:
        """Check a request against the table and the catalogue."""
        if not data:
            raise BadRequest("spec.no_data", "No data source was named.", hint="Upload a table or load a sample first.")
        source = self._data.get(data)
        spec = make_spec(
            plan=plan,
            task=task or suggest_task(source.column(target)),
            target=target,
            include=[model] if model is not None else include,
            model_timeout_s=self._store.settings.model_timeout_s if model_timeout_s is None else model_timeout_s,
            **request,
        )
        for name, value in spec.setup.items():
            check_columns(source, name, _columns_named(spec, name, value), target=target)
        stratify = TASKS[spec.task].options["data_split_stratify"]
        check_target(
            source,
            target,
            task=spec.task,
            ignored=spec.setup.get("ignore_features") or (),
            stratified=bool(spec.setup.get(stratify.name, stratify.default)),
        )
        rows = int(source.row_count * spec.setup.get("train_size", TASKS[spec.task].options["train_size"].default))
        if spec.folds > rows:
            raise BadRequest(
                "spec.invalid", f"{spec.folds} folds cannot be made of the {rows} rows of {source.name} to train on."
            )
        return source, spec

    def get(self, reference: str) -> Run:
        """Find a run by its id or by the end of it."""
        return Run(self._store, lookup.get(self._store, reference).id, self._user)

    def list(self, *, limit: int = 100) -> list[Run]:
        """Return runs, newest first."""
        return [Run(self._store, found.id, self._user) for found in lookup.listed(self._store, limit=limit)]

    def records(self, *, limit: int = 100) -> builtins.list[RunRecord]:
        """Return runs as they stand, newest first, in one look at the store."""
        return lookup.listed(self._store, limit=limit)

    def current(self) -> Run | None:
        """Return the run that a panel should watch: the newest that is under way, else the newest."""
        active = lookup.listed(self._store, limit=1, status=(QUEUED, RUNNING))
        found = active or lookup.listed(self._store, limit=1)
        return Run(self._store, found[0].id, self._user) if found else None


class Service:
    """The process that carries runs out, seen from outside."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self) -> None:
        """Start it unless it runs; it warms up on its own."""
        lifecycle.start(self._settings)

    def stop(self) -> bool:
        """Stop it; return whether it ran. Runs under way go on, and the next service takes them over."""
        return lifecycle.stop(self._settings)

    def state(self) -> lifecycle.ServiceState | None:
        """Return what it tells of itself, or None where none runs."""
        return lifecycle.state(self._settings)

    def wait(self) -> lifecycle.ServiceState:
        """Wait until a service that was started tells its state."""
        return lifecycle.wait_until_running(self._settings)

    def log(self, lines: int = 50) -> list[str]:
        """Return the last lines of its log, oldest first."""
        path = lifecycle.log_file(self._settings)
        return path.read_text(errors="replace").splitlines()[-lines:] if path.is_file() else []


def connect(settings: Settings | None = None, **overrides: Any) -> Workbench:
    """Open a home, creating it where it is not there.

    Parameters
    ----------
    settings
        Settings; None: from the environment (``WORKBENCH_HOME``, ``WORKBENCH_DATABASE_URL``, …).
    **overrides
        Single settings that override the environment, e.g. ``home="/tmp/trial"``.

    Raises
    ------
    BadRequest
        ``settings.invalid``
    EngineFault
        ``store.…`` when the database cannot be used.
    """
    return Workbench(open_store(settings or settings_module.load(**overrides)), user=_user())


def _columns_named(spec: RunSpec, option: str, value: Any) -> Sequence[str]:
    """Return the columns that a set-up option names."""
    if not value or option == "create_date_columns":
        return ()
    if option == "fold_groups":
        return (value,)
    if option == "group_features":
        return [name for names in value.values() for name in names]
    return list(value) if TASKS[spec.task].options[option].kind in ("columns", "mapping") else ()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
