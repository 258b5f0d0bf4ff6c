"""Units over workers, with small functions in the place of models."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from workbench.training.request import FoldPrepared, UnitFailed, UnitScored
from workbench.training.scheduler import Scheduler
from workbench.training.workers import Unit


class Field:
    """Models on folds: what is prepared and forgotten here, and what is answered."""

    def __init__(self, models: str, folds: int, compute: Callable[[Unit], float | None], **limits: float) -> None:
        self.forgotten: list[int] = []
        self.prepared: dict[int, str] = {}
        self.before_fold: Callable[[int], None] = lambda fold: None

        def answer(unit: Unit) -> UnitScored:
            # The worker knows the fold because it was forked after the fold was prepared.
            assert self.prepared[unit.fold] == f"rows of fold {unit.fold}"
            return UnitScored(unit.model, unit.fold, {"Accuracy": compute(unit)}, {}, 0.0, 0.0)

        self.units = Scheduler(
            models.split(),
            folds,
            prepare=self.prepare,
            forget=self.forget,
            compute=answer,
            workers=int(limits.get("workers", 2)),
            limit_s=limits.get("limit_s", 0),
        ).run()

    def prepare(self, fold: int) -> FoldPrepared:
        self.before_fold(fold)
        self.prepared[fold] = f"rows of fold {fold}"
        return FoldPrepared(fold, 10, 5, 3, 0.0)

    def forget(self, fold: int) -> None:
        del self.prepared[fold]
        self.forgotten.append(fold)

    def run(self) -> tuple[set[tuple[str, int]], dict[str, list[UnitFailed]]]:
        """Run to the end; return the units that were scored, and what failed of each model."""
        scored: set[tuple[str, int]] = set()
        failed: dict[str, list[UnitFailed]] = {}
        for update in self.units:
            if isinstance(update, UnitScored):
                assert (update.model, update.fold) not in scored
                scored.add((update.model, update.fold))
            elif isinstance(update, UnitFailed):
                failed.setdefault(update.model, []).append(update)
        return scored, failed


def every(models: str, folds: int) -> set[tuple[str, int]]:
    return {(model, fold) for model in models.split() for fold in range(folds)}


def half(unit: Unit) -> float:
    return 0.5


def crash() -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} == before


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize(("models", "folds"), [("a", 1), ("a", 7), ("a b c d e f g", 1), ("a b c d e", 5)])
def test_every_model_is_scored_once_on_every_fold(models, folds, workers):
    field = Field(models, folds, half, workers=workers)
    assert field.run() == (every(models, folds), {})
    assert field.prepared == {}
    assert sorted(field.forgotten) == list(range(folds))


def test_the_whole_field_is_scored_on_a_fold_before_any_model_is_on_the_next():
    updates = [update for update in Field("a b c d", 3, half, workers=1).units if isinstance(update, UnitScored)]
    assert [(update.fold, update.model) for update in updates] == [
        (fold, model) for fold in range(3) for model in "abcd"
    ]


def test_the_field_is_begun_on_the_first_fold_before_the_second_whatever_the_workers(tmp_path):
    def note(unit: Unit) -> float:
        with (tmp_path / "begun").open("a") as begun:
            begun.write(f"{unit.fold}")
        return 0.5

    Field("a b c d e f", 2, note, workers=2).run()
    begun = (tmp_path / "begun").read_text()
    # What one worker has been given ahead may wait while the other is on the next fold already.
    assert begun[:4] == "0000"
    assert sorted(begun) == sorted("000000111111")


def test_folds_are_told_in_order_each_before_its_units():
    known: list[int] = []
    for update in Field("a b c", 4, half).units:
        if isinstance(update, FoldPrepared):
            known.append(update.fold)
        else:
            assert update.fold in known
    assert known == [0, 1, 2, 3]


def test_a_fold_is_forgotten_only_once_all_its_units_are_answered():
    field = Field("a b c", 4, half)
    answered = dict.fromkeys(range(4), 0)
    for update in field.units:
        if isinstance(update, UnitScored):
            assert update.fold not in field.forgotten or answered[update.fold] == 2
            answered[update.fold] += 1
    assert answered == dict.fromkeys(range(4), 3)


def test_no_more_units_are_under_way_than_there_are_workers(tmp_path):
    def count(unit: Unit) -> float:
        mine = tmp_path / f"{unit.model}{unit.fold}"
        mine.touch()
        time.sleep(0.01)
        found = len(list(tmp_path.iterdir()))
        mine.unlink()
        return found

    most = [u.metrics["Accuracy"] for u in Field("a b c d e", 6, count, workers=2).units if isinstance(u, UnitScored)]
    assert max(most) <= 2


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
    [(RuntimeError(), "RuntimeError: no message"), (MemoryError(), "It ran out of memory.")],
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
    assert scored >= every("a c d", 4) | {("b", 0)}
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

    scored, failed = Field("a b c d", 4, compute, limit_s=1).run()
    assert scored == every("a c d", 4)
    assert failed == {"b": [UnitFailed("b", 0, "It took longer than 1 s on one fold.", timed_out=True, gives_up=True)]}


def test_units_that_waited_behind_one_that_was_timed_out_are_not():
    def compute(unit: Unit) -> float:
        if unit.model in "ac":
            time.sleep(600)
        return 0.5

    scored, failed = Field("a b c d", 2, compute, workers=1, limit_s=1).run()
    assert scored == every("b d", 2)
    assert [failed[model][0].timed_out for model in "ac"] == [True, True]


def test_a_unit_that_was_done_in_time_is_not_lost_to_a_slow_preparation():
    field = Field("a b c", 2, half, workers=1, limit_s=1)
    field.before_fold = lambda fold: time.sleep(1.5 if fold else 0)
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


def test_leaving_the_run_early_ends_every_worker():
    def compute(unit: Unit) -> float:
        if unit.model != "a":
            time.sleep(600)
        return 0.5

    units = Field("a b c", 3, compute, workers=3).units
    assert any(isinstance(update, UnitScored) for update in units)
    assert len(psutil.Process().children()) >= 2
    units.close()


def test_a_fold_that_cannot_be_prepared_ends_the_run_and_every_worker():
    field = Field("a b c", 3, half)

    def refuse(fold: int) -> None:
        if fold == 1:
            raise ValueError("no such rows")

    field.before_fold = refuse
    with pytest.raises(ValueError, match="no such rows"):
        field.run()


ORPHANS = """
import os, sys, time
from workbench.training.request import FoldPrepared
from workbench.training.scheduler import Scheduler

def compute(unit):
    open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
    time.sleep(600)

prepare = lambda fold: FoldPrepared(fold, 1, 1, 1, 0.0)
list(Scheduler("ab", 1, prepare=prepare, forget=lambda fold: None, compute=compute, workers=2).run())
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
