"""Models that crash, hang, hoard memory, spin in C or ignore signals: each costs its own row and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workbench import Run, Workbench
from workbench.runs import queue
from workbench.settings import Settings
from workbench.store.tables import RunRow
from workbench.workbench import connect

CRASHES, SLEEPS, HOARDS, SPINS, IGNORES = "nb", "qda", "lda", "knn", "svm"


@pytest.fixture(scope="module")
def sabotaged(tmp_path_factory, end, eventually) -> Iterator[Workbench]:
    """A workbench whose training finds some models spoiled."""
    with pytest.MonkeyPatch.context() as patch:
        here = str(Path(__file__).with_name("sabotage"))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])))
        opened = connect(Settings(home=tmp_path_factory.mktemp("sabotaged"), workers=2))
        opened.service.start()
        eventually(lambda: (told := opened.service.state()) is not None and told.phase == "warm")
    yield opened
    end(opened)


def submit(workbench: Workbench, *models: str, **request: object) -> Run:
    source = next((line for line in workbench.data.list() if line.name == "breast_cancer"), None)
    source = source or workbench.data.sample("breast_cancer")
    return workbench.runs.submit(source, target="diagnosis", include=list(models), folds=3, **request)


def test_a_crash_a_hang_and_a_hoard_cost_three_rows_and_each_says_why(sabotaged):
    run = submit(sabotaged, "dt", CRASHES, SLEEPS, HOARDS, "ridge", model_timeout_s=3, unit_memory=2**30)
    assert run.wait(timeout_s=120).status == "succeeded"
    rows = {row.model: row for row in run.rows()}
    assert {model for model, row in rows.items() if row.status == "scored"} == {"dt", "ridge"}
    assert rows[CRASHES].reason == "Its process died by SIGSEGV."
    assert (rows[SLEEPS].status, rows[SLEEPS].reason) == (
        "timed_out",
        "qda took longer than the 3 s that a model may take.",
    )
    assert rows[HOARDS].reason == "It ran out of memory: it may take 1 GiB."


def test_without_a_limit_a_hoard_is_held_to_an_even_share(sabotaged):
    run = submit(sabotaged, "dt", HOARDS)
    assert run.wait(timeout_s=120).status == "succeeded"
    assert run.rows()[1].reason.startswith("It ran out of memory: it may take ")


@pytest.mark.parametrize("model", [SLEEPS, SPINS, IGNORES])
def test_a_cancel_ends_what_ends_by_nothing_else(sabotaged, model, eventually):
    run = submit(sabotaged, "dt", model)
    eventually(lambda: run.rows() and any(row.folds_scored for row in run.rows()))
    process = eventually(lambda: next((found.process_id for found in queue.active(sabotaged._store)), None))
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"
    eventually(lambda: not any(is_alive(member) for member in family), patience_s=10)
    assert next(row for row in run.rows() if row.model == "dt").folds_scored > 0


def test_a_run_over_its_time_ends_and_keeps_what_was_scored(sabotaged, eventually):
    run = submit(sabotaged, "dt", SLEEPS, run_timeout_s=3600)
    eventually(lambda: any(row.folds_scored for row in run.rows()))
    process = eventually(lambda: next((found.process_id for found in queue.active(sabotaged._store)), None))
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    with sabotaged._store.database.write() as session:
        session.get_one(RunRow, run.id).used_s = 3600
    found = run.wait(timeout_s=60)
    assert (found.status, found.error) == ("failed", "TimedOut: the run took longer than 3600 s.")
    eventually(lambda: not any(is_alive(member) for member in family), patience_s=10)
    rows = {row.model: row for row in run.rows()}
    assert rows["dt"].metrics["Accuracy"] > 0.5
    assert (rows[SLEEPS].status, rows[SLEEPS].folds_scored) == ("stopped", 0)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
