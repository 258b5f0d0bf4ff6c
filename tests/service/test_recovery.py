"""What dies is noticed, and what lives goes on: services, fork servers and runs, killed at the worst moment."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil
import pytest

from workbench import Run, Workbench
from workbench.runs import queue
from workbench.settings import Settings
from workbench.store.tables import RunRow
from workbench.workbench import connect

LONG = {"include": ["gbc"], "folds": 200}
"""A comparison of breast_cancer that takes minutes unless it is ended."""


@pytest.fixture(scope="module")
def restless(tmp_path_factory, end):
    """A workbench whose service may be killed."""
    opened = connect(Settings(home=tmp_path_factory.mktemp("restless"), database_url="", artifact_url=""))
    yield opened
    left = queue.active(opened._store)
    end(opened)
    assert left == []


def claimed_by(workbench: Workbench, run: Run) -> str:
    with workbench._store.database.read() as session:
        return session.get_one(RunRow, run.id).claimed_by


def kinds(run: Run) -> list[str]:
    return [event.kind for event in run.log(limit=5000)]


def test_a_run_goes_on_without_its_service_and_the_next_one_adopts_it(
    restless, process_of, first_score, stop, eventually
):
    run = restless.runs.submit(restless.data.sample("breast_cancer"), target="diagnosis", include=["gbc"], folds=24)
    first_score(run)
    process = process_of(restless, run)
    service = restless.service.state().pid
    os.kill(service, signal.SIGKILL)
    eventually(lambda: restless.service.state() is None)
    scored = run.rows()[0].folds_scored
    eventually(lambda: run.rows()[0].folds_scored > scored)
    # Held still until the next service is there, or it might be over before.
    with restless._store.database.write() as session:
        # Not while it writes itself: nobody else could.
        session.get_one(RunRow, run.id)
        os.killpg(process.pid, signal.SIGSTOP)
        stop(process)
    try:
        restless.service.start()
        heir = restless.service.wait().pid
        eventually(lambda: claimed_by(restless, run).endswith(f":{heir}"))
        assert run.status == "running"
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    assert run.wait(timeout_s=180).status == "succeeded"
    assert run.rows()[0].folds_scored == 24
    assert (kinds(run).count("run.started"), kinds(run).count("unit.scored")) == (1, 24)


@pytest.fixture(scope="module")
def orphans(restless, process_of, first_score, is_gone, eventually) -> dict[str, tuple[Run, psutil.Process]]:
    """Two runs whose service was stopped: one died, the other was cancelled, which calls the next service."""
    found = {}
    for name in ("died", "cancelled"):
        run = restless.runs.submit(restless.data.sample("breast_cancer"), target="diagnosis", **LONG)
        first_score(run)
        found[name] = run, process_of(restless, run)
    assert restless.service.stop()
    assert [run.status for run, _ in found.values()] == ["running", "running"]
    os.killpg(found["died"][1].pid, signal.SIGKILL)
    eventually(lambda: is_gone(found["died"][1]))
    assert not is_gone(found["cancelled"][1])
    found["cancelled"][0].cancel()
    return found


def test_a_run_that_died_while_no_service_looked_goes_on_with_the_next(restless, orphans, process_of, eventually):
    run, process = orphans["died"]
    eventually(lambda: "run.requeued" in kinds(run))
    requeued = next(event for event in run.history() if event.kind == "run.requeued")
    assert "nobody saw how it ended" in requeued.message
    scored = requeued.payload["units"]
    assert scored > 0
    eventually(lambda: run.rows()[0].folds_scored > scored)
    assert process_of(restless, run).pid != process.pid
    run.cancel()
    assert run.wait(timeout_s=60).status == "cancelled"


def test_a_run_that_is_cancelled_while_no_service_looks_is_killed_by_the_next(orphans, is_gone, eventually):
    run, process = orphans["cancelled"]
    eventually(lambda: run.record.is_terminal)
    assert run.record.status == "cancelled"
    eventually(lambda: is_gone(process))


def test_a_run_whose_fork_server_died_is_watched_all_the_same(
    restless, process_of, first_score, is_gone, living, eventually
):
    run = restless.runs.submit(restless.data.sample("breast_cancer"), target="diagnosis", **LONG)
    first_score(run)
    process = process_of(restless, run)
    (server,) = [found for found in forks_of(restless, living) if found.pid == process.ppid()]
    server.kill()
    eventually(lambda: is_gone(server))
    assert not is_gone(process)
    os.killpg(process.pid, signal.SIGKILL)
    eventually(lambda: "run.requeued" in kinds(run))
    run.cancel()
    assert run.wait(timeout_s=60).status == "cancelled"


def test_after_a_fork_server_died_there_is_another(restless, living, process_of):
    run = restless.runs.submit(restless.data.sample("iris"), target="species", include=["nb"], folds=2)
    assert run.wait(timeout_s=60).status == "succeeded"
    assert len(forks_of(restless, living)) == 1


def forks_of(workbench: Workbench, living) -> list[psutil.Process]:
    """Find the fork servers of a home's service."""
    service, found = workbench.service.state().pid, []
    for process in living(workbench.settings.home):
        # One that ends meanwhile tells nothing of itself any more.
        with suppress(psutil.Error):
            if process.ppid() == service and "workbench.service.forkserver" in process.cmdline():
                found.append(process)
    return found
