"""The same units on a Dask cluster: real schedulers and workers, over TCP on this machine."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest
from dask import config as configuration
from distributed import Client, LocalCluster

from workbench.errors import Conflict, EngineFault
from workbench.training import executors, experiment
from workbench.training.executors import dask, dask_cluster, dask_worker, unit_server
from workbench.training.executors.dask import DaskExecutor
from workbench.training.request import FoldPrepared, Limits, Past, UnitFailed, UnitScored
from workbench.training.work import Unit, Work

Score = Callable[[Unit, Any], float]


@pytest.fixture(scope="module", autouse=True)
def configured(tmp_path_factory) -> Iterator[None]:
    # A local cluster closes a worker for good that is not there some time after it was lost, also when lost again.
    options = {
        "distributed.deploy.lost-worker-timeout": "1h",
        "temporary-directory": str(tmp_path_factory.mktemp("dask")),
    }
    with configuration.set(options):
        yield


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


@pytest.fixture(scope="module")
def shared(configured: None) -> Iterator[LocalCluster]:
    """A cluster of two workers, each with one thread."""
    with started(2) as cluster:
        yield cluster
    assert unit_processes() == []


@pytest.fixture
def cluster(shared: LocalCluster, eventually) -> Iterator[LocalCluster]:
    """The same, left as it was found: both workers there, and nothing to do."""
    yield shared
    with observer(shared) as client:
        eventually(lambda: len(client.nthreads()) == 2)
        eventually(lambda: is_idle(client))


@pytest.fixture
def own_cluster() -> Iterator[Callable[..., LocalCluster]]:
    """Start clusters that a test may break."""
    open_ones = []

    def start(n_workers: int, **options: Any) -> LocalCluster:
        open_ones.append(started(n_workers, **options))
        return open_ones[-1]

    yield start
    for one in open_ones:
        one.close()


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


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("classification", {"models": ("lr", "dt", "knn", "lightgbm", "dummy")}),
        ("regression", {"models": ("lr", "dt", "knn", "lightgbm", "dummy")}),
        ("time_series", {"models": ("naive", "ets"), "setup": {"fh": 3, "seasonal_period": 4}}),
    ],
    ids=["classification", "regression", "time series"],
)
def test_the_table_is_the_local_executors(cluster, train, task, asked):
    expected = outcome(train(task, **asked))
    assert len(expected[0]) >= 6
    assert outcome(train(task, **asked, executor=address(cluster))) == expected


def test_folds_are_prepared_here_in_order_each_before_its_units_and_reach_the_workers(cluster):
    work = work_of("a b c", 4, lambda unit, rows: float(rows == f"rows of fold {unit.fold}"))
    known: list[int] = []
    scored = {}
    for update in DaskExecutor(address(cluster)).run(work):
        if isinstance(update, FoldPrepared):
            known.append(update.fold)
        else:
            assert update.fold in known
            scored[update.model, update.fold] = update.metrics["Accuracy"]
    assert known == [0, 1, 2, 3]
    assert scored == dict.fromkeys(every("a b c", 4), 1.0)


def test_what_an_earlier_process_scored_is_not_computed_again(cluster):
    past = Past(scored={"a": {0: {"Accuracy": 0.5}}, "b": {0: {"Accuracy": 0.5}}}, failed={"b": frozenset({1})})
    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b", 3, lambda *_: 1.0, past=past)))
    assert (set(scored), failed) == ({("a", 1), ("a", 2), ("b", 2)}, {})


def test_units_are_computed_in_processes_of_their_own_with_one_native_thread(cluster):
    def score(unit: Unit, rows: Any) -> float:
        import numpy
        import threadpoolctl

        pools = threadpoolctl.threadpool_info()
        assert pools, numpy.__version__
        assert {pool["num_threads"] for pool in pools} == {1}
        return float(os.getpid())

    def pid(dask_worker: Any) -> int:
        return os.getpid()

    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b", 2, score)))
    assert failed == {}
    with observer(cluster) as client:
        workers = set(client.run(pid).values())
    pids = {metrics["Accuracy"] for metrics in scored.values()}
    assert len(pids) == 2
    assert pids.isdisjoint(workers)


def test_a_model_whose_process_dies_costs_its_own_row_and_no_worker(cluster):
    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            import faulthandler

            faulthandler.disable()
            os.kill(os.getpid(), signal.SIGSEGV)
        return 0.5

    with observer(cluster) as client:
        before = set(client.nthreads())
        scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b c", 3, score)))
        assert set(client.nthreads()) == before
    assert set(scored) == every("a c", 3)
    assert failed["b"].reason == "Its process died by SIGSEGV."
    assert failed["b"].gives_up


def test_an_error_of_a_model_is_its_row_on_that_fold(cluster):
    def score(unit: Unit, rows: Any) -> float:
        if (unit.model, unit.fold) == ("a", 1):
            raise ValueError("singular\nmatrix")
        return 0.5

    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b", 3, score)))
    assert set(scored) == every("a b", 3) - {("a", 1)}
    assert (failed["a"].reason, failed["a"].fold, failed["a"].gives_up) == ("ValueError: singular", 1, False)


def test_a_model_that_outgrows_its_memory_costs_its_own_row(cluster):
    def score(unit: Unit, rows: Any) -> float:
        return float(len(bytearray(2**28))) if unit.model == "a" else 0.5

    work = work_of("a b", 2, score, unit_bytes=2**26)
    updates = [update for update in DaskExecutor(address(cluster)).run(work) if not isinstance(update, FoldPrepared)]
    assert {(update.model, update.fold) for update in updates if isinstance(update, UnitScored)} == every("b", 2)
    reasons = {update.reason for update in updates if isinstance(update, UnitFailed)}
    assert reasons == {"It ran out of memory: it may take 0.0625 GiB."}


def test_a_model_that_hangs_is_given_up_and_its_process_ends(cluster, eventually):
    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            signal.pause()
        return 0.5

    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b c", 3, score, model_s=1)))
    assert set(scored) == every("a c", 3)
    assert failed["b"].reason == "b took longer than the 1 s that a model may take."
    assert (failed["b"].timed_out, failed["b"].gives_up) == (True, True)
    eventually(lambda: computing() == [])


def test_units_of_a_model_that_is_dropped_end_at_once(cluster):
    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            signal.pause()
        return 0.5

    work = work_of("a b", 4, score)
    scored = set()
    for update in DaskExecutor(address(cluster)).run(work):
        if isinstance(update, UnitScored):
            scored.add((update.model, update.fold))
            work.dropped.add("b")
    # Both threads would be taken by the first two units of b, which never end by themselves.
    assert scored == every("a", 4)


def test_closing_ends_what_is_under_way_and_leaves_nothing_on_the_cluster(cluster, eventually):
    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            signal.pause()
        return 0.5

    updates = DaskExecutor(address(cluster)).run(work_of("a b c d", 5, score))
    next(update for update in updates if isinstance(update, UnitScored))
    eventually(computing)
    updates.close()
    eventually(lambda: computing() == [])
    with observer(cluster) as client:
        eventually(lambda: is_idle(client))


def test_a_run_that_is_killed_leaves_nothing_on_the_cluster(cluster, eventually):
    script = textwrap.dedent(
        """
        import signal, sys
        from workbench.training.executors.dask import DaskExecutor
        from workbench.training.request import FoldPrepared
        from workbench.training.work import Work

        def prepare(fold):
            return "rows", FoldPrepared(fold, 10, 5, 3, 0.0)

        if __name__ == "__main__":
            work = Work({"a": lambda unit, rows: signal.pause()}, 9, prepare)
            list(DaskExecutor(sys.argv[1]).run(work))
        """
    )
    with subprocess.Popen([sys.executable, "-c", script, address(cluster)]) as run:
        eventually(lambda: len(computing()) == 2)
        run.kill()
    eventually(lambda: computing() == [])
    with observer(cluster) as client:
        eventually(lambda: is_idle(client))


def test_a_worker_that_is_killed_costs_nothing_and_takes_what_it_started_along(cluster, train, eventually):
    models = ("lr", "nb", "dt", "knn", "lda", "dummy")
    expected = outcome(train(models=models, folds=5))
    with observer(cluster) as client:
        worker = psutil.Process(next(iter(client.run(os.getpid).values())))
    below: list[psutil.Process] = []

    def killing(updates: Iterator[Any]) -> Iterator[Any]:
        for update in updates:
            if isinstance(update, UnitScored) and not below:
                below.extend(worker.children(recursive=True))
                worker.kill()
            yield update

    assert outcome(killing(train(models=models, folds=5, executor=address(cluster)))) == expected
    assert below
    eventually(lambda: not any(lives(process) for process in below))


def test_a_unit_that_kills_its_worker_again_and_again_costs_its_own_row(own_cluster, monkeypatch):
    monkeypatch.setattr(dask, "DEATHS_MOST", 2)

    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            # The unit server, and the Dask worker that started it.
            psutil.Process().parent().parent().kill()
            signal.pause()
        return 0.5

    # One worker, so that its folds are lost with it each time.
    scored, failed = outcome(DaskExecutor(address(own_cluster(1))).run(work_of("a b c", 2, score)))
    assert set(scored) == every("a c", 2)
    assert failed["b"].reason == "Its worker was lost 2 times while it was under way."
    assert failed["b"].gives_up


def test_a_unit_that_kills_the_server_of_its_worker_costs_its_own_row(cluster):
    def score(unit: Unit, rows: Any) -> float:
        if unit.model == "b":
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()
        return 0.5

    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b c", 2, score)))
    assert set(scored) == every("a c", 2)
    assert failed["b"].reason == "Its worker was lost 3 times while it was under way."
    assert failed["b"].gives_up


def test_as_many_units_are_under_way_as_the_cluster_has_threads(own_cluster, tmp_path):
    def score(unit: Unit, rows: Any) -> float:
        import time

        (tmp_path / unit.model).touch()
        while not ((tmp_path / "a").exists() and (tmp_path / "b").exists()):
            time.sleep(0.01)
        return 0.5

    # One worker with two threads: a would wait for b until its time is over if b were not under way too.
    cluster = own_cluster(1, threads=2)
    scored, _ = outcome(DaskExecutor(address(cluster)).run(work_of("a b", 1, score, workers=1, model_s=30)))
    assert set(scored) == every("a b", 1)


def test_a_unit_server_without_work_ends_by_itself(monkeypatch):
    monkeypatch.setattr(unit_server, "IDLE_S", 0.01)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        unit_server.UnitServer(theirs).serve()


def test_a_run_waits_for_workers_and_takes_those_that_come_later(own_cluster):
    cluster = own_cluster(0)
    updates = DaskExecutor(address(cluster)).run(work_of("a b", 3, lambda *_: 0.5))
    assert isinstance(next(updates), FoldPrepared)
    cluster.scale(1)
    assert set(outcome(updates)[0]) == every("a b", 3)


def test_a_cluster_without_workers_is_said_to_be_one(own_cluster, monkeypatch):
    monkeypatch.setattr(dask_cluster, "WORKERS_S", 0.5)
    monkeypatch.setattr(dask_cluster, "LOOK_S", 0.1)
    with pytest.raises(EngineFault, match=r"^The Dask cluster has had no workers for 0\.5 s\.") as caught:
        outcome(DaskExecutor(address(own_cluster(0))).run(work_of("a", 1, lambda *_: 0.5)))
    assert caught.value.code == "executor.no_workers"


@pytest.mark.parametrize(
    "place", ["127.0.0.1:1", "127.0.0.1:silent", "127.0.0.1:rude", "127.0.0.1:x", "nowhere.invalid:8786"]
)
def test_a_scheduler_that_does_not_answer_is_named(place, monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as rude:

        def answer() -> None:
            with suppress(OSError), rude.accept()[0] as caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        if "rude" in place:
            threading.Thread(target=answer, daemon=True).start()
        named = place.replace("silent", str(silent.getsockname()[1])).replace("rude", str(rude.getsockname()[1]))
        with pytest.raises(EngineFault, match=f"^No Dask scheduler answers at tcp://{re.escape(named)}\\.") as caught:
            outcome(DaskExecutor(f"dask://{named}").run(work_of("a", 1, lambda *_: 0.5)))
    assert caught.value.code == "executor.unreachable"


def test_a_scheduler_that_goes_away_fails_the_run_in_one_sentence(own_cluster):
    cluster = own_cluster(1)
    updates = DaskExecutor(address(cluster)).run(work_of("a", 200, lambda *_: 0.5))
    next(update for update in updates if isinstance(update, UnitScored))
    cluster.close()
    with pytest.raises(EngineFault, match="went away during the run") as caught:
        outcome(updates)
    assert caught.value.code == "executor.unreachable"


def test_a_run_on_a_cluster_needs_dask_and_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "workbench.training.executors.dask")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Conflict, match=r"^Dask is not installed where training runs: ") as caught:
        executors.choose("dask://127.0.0.1:8786")
    assert caught.value.code == "training.not_installed"


def test_workers_with_other_versions_are_refused_by_name(cluster, monkeypatch):
    ours = dict(experiment.versions()) | {"numpy": "9.9.9"}
    monkeypatch.setattr(experiment, "versions", lambda: ours)
    with pytest.raises(Conflict, match=r"^The Dask worker tcp://\S+ has other versions .* \(here 9\.9\.9\)") as caught:
        outcome(DaskExecutor(address(cluster)).run(work_of("a", 1, lambda *_: 0.5)))
    assert caught.value.code == "training.version_mismatch"
    assert "numpy" in caught.value.message
    assert "pandas" not in caught.value.message


def test_a_worker_that_joins_with_other_versions_fails_the_run(cluster, monkeypatch):
    # It is let pass when the run begins, as one that is not there yet.
    monkeypatch.setattr(dask_cluster.Cluster, "_compare", lambda *_: None)
    ours = dict(experiment.versions()) | {"numpy": "9.9.9"}
    monkeypatch.setattr(experiment, "versions", lambda: ours)
    with pytest.raises(Conflict, match=r"numpy \S+ \(here 9\.9\.9\)"):
        outcome(DaskExecutor(address(cluster)).run(work_of("a", 1, lambda *_: 0.5)))


def test_workers_that_lack_workbench_are_refused(cluster, monkeypatch):
    async def greet(dask_worker: Any) -> dict[str, str]:
        raise ModuleNotFoundError("No module named 'workbench'")

    monkeypatch.setattr(dask_worker, "greet", greet)
    with pytest.raises(Conflict, match=r"^The Dask worker tcp://\S+ cannot load Workbench .*: No module named"):
        outcome(DaskExecutor(address(cluster)).run(work_of("a", 1, lambda *_: 0.5)))


def test_a_run_on_a_cluster_ends_with_the_leaderboard_of_a_local_one(cluster, warm):
    iris = warm.data.sample("iris")
    asked = {"target": "species", "include": ["lr", "nb", "dt", "dummy"], "folds": 3, "seed": 5}
    here = warm.runs.submit(iris, **asked)
    there = warm.runs.submit(iris, **asked, executor=address(cluster))
    assert [run.wait(timeout_s=60).status for run in (here, there)] == ["succeeded", "succeeded"]

    def numbers(run: Any) -> list[Any]:
        return [(row.rank, row.model, row.status, row.metrics, row.folds) for row in run.rows()]

    assert numbers(there) == numbers(here)


def test_a_run_whose_scheduler_is_unreachable_fails_with_the_sentence(warm):
    run = warm.runs.submit(warm.data.sample("iris"), target="species", include=["nb"], executor="dask://127.0.0.1:1")
    found = run.wait(timeout_s=60)
    assert found.status == "failed"
    assert found.error.startswith("EngineFault: No Dask scheduler answers at tcp://127.0.0.1:1. ")
