"""The same units on a Dask cluster: the same numbers, and a model that fails costs its own row."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.training.dask.clusters import address, computing, every, is_idle, observer, outcome, work_of
from workbench.training.executors.dask import DaskExecutor
from workbench.training.request import FoldPrepared, Past, UnitFailed, UnitScored
from workbench.training.work import Unit


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
    assert (set(scored), failed) == (every("a b", 2), {})
    with observer(cluster) as client:
        workers = set(client.run(pid).values())
    pids = {metrics["Accuracy"] for metrics in scored.values()}
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

    scored, failed = outcome(DaskExecutor(address(cluster)).run(work_of("a b c", 3, score, model_s=5)))
    assert set(scored) == every("a c", 3)
    assert failed["b"].reason == "b took longer than the 5 s that a model may take."
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


def test_a_run_on_a_cluster_ends_with_the_leaderboard_of_a_local_one(cluster, warm):
    iris = warm.data.sample("iris")
    asked = {"target": "species", "include": ["lr", "nb", "dt", "dummy"], "folds": 3, "seed": 5}
    here = warm.runs.submit(iris, **asked)
    there = warm.runs.submit(iris, **asked, executor=address(cluster))
    assert [run.wait(timeout_s=240).status for run in (here, there)] == ["succeeded", "succeeded"]

    def numbers(run: Any) -> list[Any]:
        return [(row.rank, row.model, row.status, row.metrics, row.folds) for row in run.rows()]

    assert numbers(there) == numbers(here)
