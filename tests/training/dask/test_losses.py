"""Workers, their servers, schedulers and runs that end while units are under way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.training.dask.clusters import address, computing, every, is_idle, lives, observer, outcome, work_of
from workbench.errors import EngineFault
from workbench.training.executors import dask, unit_server
from workbench.training.executors.dask import DaskExecutor
from workbench.training.request import FoldPrepared, UnitScored
from workbench.training.work import Unit


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


def test_a_scheduler_that_goes_away_fails_the_run_in_one_sentence(own_cluster):
    cluster = own_cluster(1)
    updates = DaskExecutor(address(cluster)).run(work_of("a", 200, lambda *_: 0.5))
    next(update for update in updates if isinstance(update, UnitScored))
    cluster.close()
    with pytest.raises(EngineFault, match="went away during the run") as caught:
        outcome(updates)
    assert caught.value.code == "executor.unreachable"
