"""What goes wrong with units, folds and workers, and what it costs."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.training.units import Field, every, half
from workbench.training.executors.local import LocalExecutor
from workbench.training.request import FoldFailed, FoldPrepared, Limits, Past, UnitFailed, UnitScored
from workbench.training.work import Unit, Work

pytestmark = pytest.mark.usefixtures("no_worker_is_left")


def crash() -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_unit_that_raises_costs_its_own_row_and_nothing_else():
    def compute(unit: Unit) -> float:
        if unit == Unit("b", 1):
            raise ValueError("the first line\nthe second")
        return 0.5

    scored, failed = Field("a b c", 3, compute).run()
    assert scored == every("a b c", 3) - {("b", 1)}
    assert failed == {"b": [UnitFailed("b", 1, "ValueError: the first line")]}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RuntimeError(), "RuntimeError: no message"), (MemoryError(), "It ran out of memory: the machine has no more.")],
)
def test_an_error_without_words_has_a_reason_too(error, reason):
    def compute(unit: Unit) -> float:
        raise error

    scored, failed = Field("a", 2, compute).run()
    assert scored == set()
    assert [failure.reason for failure in failed["a"]] == [reason, reason]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "Its process died by SIGKILL."),
        (lambda: crash(), "Its process died by SIGSEGV."),
        (lambda: os._exit(3), "Its process ended with code 3."),
    ],
)
def test_a_unit_whose_process_dies_costs_its_model_and_nothing_else(end, reason, workers):
    def compute(unit: Unit) -> float:
        if unit == Unit("b", 1):
            end()
        return 0.5

    scored, failed = Field("a b c d", 4, compute, workers=workers).run()
    # With several workers, what was under way elsewhere goes with the model.
    assert scored >= every("a c d", 4) | ({("b", 0)} if workers == 1 else set())
    assert ("b", 1) not in scored
    assert [(failure.fold, failure.reason, failure.timed_out) for failure in failed["b"]] == [(1, reason, False)]
    assert list(failed) == ["b"]


def test_a_model_whose_process_died_is_not_tried_again(tmp_path):
    def compute(unit: Unit) -> float:
        if unit.model == "b":
            (tmp_path / str(unit.fold)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.5

    scored, failed = Field("a b c", 5, compute, workers=1).run()
    assert scored == every("a c", 5)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
    assert len(failed["b"]) == 1


def test_a_unit_over_its_time_is_timed_out_and_the_others_finish():
    def compute(unit: Unit) -> float:
        if unit.model == "b":
            time.sleep(600)
        return 0.5

    scored, failed = Field("a b c d", 4, compute, model_s=3).run()
    assert scored == every("a c d", 4)
    assert [(failure.reason, failure.timed_out, failure.gives_up) for failure in failed.pop("b")] == [
        ("b took longer than the 3 s that a model may take.", True, True)
    ]
    assert failed == {}


def test_the_folds_of_a_model_share_its_time():
    scored, failed = Field("a b c", 6, half, workers=1, model_s=60, took={"a": 0.0, "b": 40.0, "c": 0.0}).run()
    assert scored == every("a c", 6) | {("b", 0), ("b", 1)}
    assert [(failure.fold, failure.timed_out, failure.gives_up) for failure in failed["b"]] == [(1, True, True)]


def test_what_a_model_took_before_counts_against_its_time():
    past = Past(scored={"b": {0: {"Accuracy": 0.5}}}, spent_s={"b": 59.95})

    def compute(unit: Unit) -> float:
        if unit.model == "b":
            time.sleep(30)
        return 0.5

    scored, failed = Field("a b", 3, compute, workers=1, model_s=60, past=past).run()
    assert scored == every("a", 3)
    assert [failure.fold for failure in failed["b"]] == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds private memory to a limit")
def test_a_unit_that_outgrows_its_memory_costs_its_row_and_says_so():
    def compute(unit: Unit) -> float:
        if unit.model == "b":
            bytearray(2**30)
        return 0.5

    scored, failed = Field("a b c", 2, compute, unit_bytes=2**28).run()
    assert scored == every("a c", 2)
    assert {failure.reason for failure in failed["b"]} == {"It ran out of memory: it may take 0.25 GiB."}


def test_units_that_waited_behind_one_that_was_timed_out_are_not():
    def compute(unit: Unit) -> float:
        if unit.model in "ac":
            time.sleep(600)
        return 0.5

    scored, failed = Field("a b c d", 2, compute, workers=1, model_s=5).run()
    assert scored == every("b d", 2)
    assert [failed[model][0].timed_out for model in "ac"] == [True, True]


def test_a_unit_that_was_done_in_time_is_not_lost_to_a_slow_preparation():
    field = Field("a b c", 2, half, workers=1, model_s=5)
    field.before_fold = lambda fold: time.sleep(6 if fold else 0)
    assert field.run() == (every("a b c", 2), {})


def test_an_idle_worker_that_dies_costs_nothing():
    """As when memory runs out, or a native library crashes in a thread of its own, after the answer."""
    scored = set()
    for update in Field("a b c", 1, lambda unit: os.getpid(), workers=1).units:
        if isinstance(update, UnitScored):
            scored.add((update.model, update.fold))
            worker = int(update.metrics["Accuracy"])
            os.kill(worker, signal.SIGKILL)
            wait_until_dead(worker)
    assert scored == every("a b c", 1)


def wait_until_dead(pid: int) -> None:
    """Wait until a child of ours has died, without reaping it."""
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def refuse_second(fold: int) -> None:
    if fold == 1:
        raise ValueError("no such rows\nat all")


def die_on_second(fold: int) -> None:
    if fold == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("before_fold", "reason"),
    [
        (refuse_second, "Fold 2 could not be prepared: ValueError: no such rows"),
        (die_on_second, "Fold 2 could not be prepared: Its process died by SIGKILL."),
    ],
)
def test_a_fold_that_cannot_be_prepared_costs_that_fold_and_nothing_else(before_fold, reason, workers):
    field = Field("a b c", 3, half, workers=workers)
    field.before_fold = before_fold
    updates = list(field.units)
    scored = {(update.model, update.fold) for update in updates if isinstance(update, UnitScored)}
    assert scored == every("a b c", 3) - {("a", 1), ("b", 1), ("c", 1)}
    assert [update for update in updates if isinstance(update, FoldFailed)] == [FoldFailed(1, reason)]
    assert not any(isinstance(update, UnitFailed) for update in updates)


def test_a_fold_that_could_not_be_prepared_before_is_not_tried_again():
    field = Field("a b", 3, half, past=Past(unprepared=frozenset([1])))
    assert [update.fold for update in field.units if isinstance(update, FoldPrepared)] == [0, 2]


def test_a_table_without_folds_that_cannot_be_prepared_is_called_the_table():
    field = Field("a", 1, half)
    field.before_fold = lambda fold: refuse_second(1)
    assert list(field.units) == [FoldFailed(0, "The table could not be prepared: ValueError: no such rows")]


def test_a_model_over_its_time_ends_while_a_fold_is_prepared(tmp_path):
    """The preparation goes on until the other model, which is then scored, has seen the late one end."""
    late = tmp_path / "late"

    def compute(unit: Unit) -> float:
        if unit.model == "b":
            late.write_text(str(os.getpid()))
            time.sleep(600)
        return 0.5

    def until_it_is_gone(fold: int) -> None:
        deadline = time.monotonic() + 60
        while fold and (not late.exists() or is_alive(int(late.read_text() or 0))):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    field = Field("a b", 2, compute, model_s=5)
    field.before_fold = until_it_is_gone
    scored, failed = field.run()
    assert scored == every("a", 2)
    assert [failure.timed_out for failure in failed["b"]] == [True]


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds private memory to a limit")
def test_a_fold_larger_than_what_a_unit_may_take_counts_against_nobody():
    def answer(unit: Unit, rows: np.ndarray) -> UnitScored:
        return UnitScored(unit.model, unit.fold, {"Accuracy": float(rows[-1])}, {}, 0.0, 0.0)

    def prepare(fold: int) -> tuple[np.ndarray, FoldPrepared]:
        return np.full(2**24, fold, dtype=float), FoldPrepared(fold, 1, 1, 1, 0.0)

    work = Work({"a": answer, "b": answer}, 2, prepare, Limits(workers=2, unit_bytes=2**25))
    answers = [update for update in LocalExecutor().run(work) if not isinstance(update, FoldPrepared)]
    assert {(update.model, update.fold, update.metrics["Accuracy"]) for update in answers} == {
        (model, fold, float(fold)) for model in "ab" for fold in range(2)
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_process_that_a_unit_left_behind_does_not_hide_that_its_worker_died():
    def compute(unit: Unit) -> float:
        if unit == Unit("b", 0):
            if os.fork() == 0:
                time.sleep(2)
                os._exit(0)
            os._exit(7)
        return 0.5

    scored, failed = Field("a b", 2, compute, workers=1).run()
    assert scored == every("a", 2)
    assert [failure.reason for failure in failed["b"]] == ["Its process ended with code 7."]


ORPHANS = """
import os, sys, time
from workbench.training.request import FoldFailed, FoldPrepared, Limits
from workbench.training.executors.local import LocalExecutor
from workbench.training.work import Work

def compute(unit, rows):
    open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
    time.sleep(600)

prepare = lambda fold: (None, FoldPrepared(fold, 1, 1, 1, 0.0))
list(LocalExecutor().run(Work({"a": compute, "b": compute}, 1, prepare, Limits(workers=2))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_workers_die_with_the_process_that_forked_them(tmp_path: Path, eventually):
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS, str(tmp_path)])
    try:
        workers = eventually(lambda: len(found := list(tmp_path.iterdir())) == 2 and [int(path.name) for path in found])
        assert all(psutil.pid_exists(worker) for worker in workers)
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not any(psutil.pid_exists(worker) for worker in workers))


def test_leaving_the_run_early_ends_every_worker():
    def compute(unit: Unit) -> float:
        if unit.model != "a":
            time.sleep(600)
        return 0.5

    units = Field("a b c", 3, compute, workers=3).units
    assert any(isinstance(update, UnitScored) for update in units)
    assert len(psutil.Process().children()) >= 2
    units.close()
