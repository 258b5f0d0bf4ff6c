"""Clusters that a run cannot be computed on: it says which and why."""

from __future__ import annotations

import re
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

import pytest

from tests.training.dask.clusters import address, outcome, work_of
from workbench.errors import Conflict, EngineFault
from workbench.training import executors, experiment
from workbench.training.executors import dask_cluster, dask_worker
from workbench.training.executors.dask import DaskExecutor


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


def test_a_run_whose_scheduler_is_unreachable_fails_with_the_sentence(warm):
    run = warm.runs.submit(warm.data.sample("iris"), target="species", include=["nb"], executor="dask://127.0.0.1:1")
    found = run.wait(timeout_s=60)
    assert found.status == "failed"
    assert found.error.startswith("EngineFault: No Dask scheduler answers at tcp://127.0.0.1:1. ")
