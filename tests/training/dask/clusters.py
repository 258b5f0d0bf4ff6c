"""Real schedulers and workers, over TCP on this machine, and small functions in the place of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
from distributed import Client, LocalCluster

from workbench.training.request import FoldPrepared, Limits, Past, UnitFailed, UnitScored
from workbench.training.work import Unit, Work

Score = Callable[[Unit, Any], float]


def started(n_workers: int, *, threads: int = 1) -> LocalCluster:
    return LocalCluster(
        processes=True,
        n_workers=n_workers,
        threads_per_worker=threads,
        protocol="tcp://",
        dashboard_address=":0",
        # What a worker finds set is not what units are computed with.
        env={"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    )


def observer(cluster: LocalCluster) -> Client:
    return Client(cluster.scheduler_address, set_as_default=False)


def is_idle(client: Client) -> bool:
    return client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.tasks == {})


def address(cluster: LocalCluster) -> str:
    return cluster.scheduler_address.replace("tcp://", "dask://")


def unit_processes() -> list[psutil.Process]:
    """Unit servers and the units that they forked."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "workbench.training.executors.unit_server" in child.cmdline() and lives(child):
                found.append(child)
    return found


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def computing() -> list[psutil.Process]:
    """Units under way: those among them whose parent is a unit server too."""
    found = unit_processes()
    pids = {process.pid for process in found}
    units = []
    for process in found:
        with suppress(psutil.Error):
            if process.ppid() in pids:
                units.append(process)
    return units


def work_of(models: str, folds: int, score: Score, *, past: Past | None = None, **limits: Any) -> Work:
    """Small functions in the place of models; `score` reaches the workers by value."""

    def answer(unit: Unit, rows: Any) -> UnitScored:
        import time

        begun = time.perf_counter()
        value = score(unit, rows)
        return UnitScored(unit.model, unit.fold, {"Accuracy": value}, {}, time.perf_counter() - begun, 0.0)

    def prepare(fold: int) -> tuple[str, FoldPrepared]:
        return f"rows of fold {fold}", FoldPrepared(fold, 10, 5, 3, 0.0)

    candidates = dict.fromkeys(models.split(), answer)
    return Work(candidates, folds, prepare, limits=Limits(**limits), past=past or Past())


def outcome(updates: Iterator[Any]) -> tuple[dict[tuple[str, int], Any], dict[str, UnitFailed]]:
    """Take updates to the end; return what was scored, and what failed of each model."""
    scored: dict[tuple[str, int], Any] = {}
    failed: dict[str, UnitFailed] = {}
    for update in updates:
        if isinstance(update, UnitScored):
            assert (update.model, update.fold) not in scored
            scored[update.model, update.fold] = update.metrics
        elif isinstance(update, UnitFailed):
            assert update.model not in failed
            failed[update.model] = update
    return scored, failed


def every(models: str, folds: int) -> set[tuple[str, int]]:
    return {(model, fold) for model in models.split() for fold in range(folds)}
