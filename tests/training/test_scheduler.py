"""Units over workers, with small functions in the place of models."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from workbench.training.request import FoldPrepared, Limits, Past, UnitFailed, UnitScored
from workbench.training.scheduler import LocalExecutor
from workbench.training.work import Unit, Work


class Rows:
    """A prepared fold."""

    def __init__(self, fold: int) -> None:
        self.fold = fold


class Field:
    """Models on folds: what is prepared here, and what is answered."""

    def __init__(
        self,
        models: str,
        folds: int,
        compute: Callable[[Unit], float | None],
        *,
        workers: int = 2,
        model_s: float = 0,
        unit_bytes: int = 0,
        past: Past | None = None,
    ) -> None:
        self.before_fold: Callable[[int], None] = lambda fold: None
        self.alive: weakref.WeakSet[Rows] = weakref.WeakSet()

        def answer(unit: Unit, rows: Rows) -> UnitScored:
            assert rows.fold == unit.fold
            started = time.perf_counter()
            value = compute(unit)
            return UnitScored(unit.model, unit.fold, {"Accuracy": value}, {}, time.perf_counter() - started, 0.0)

        self.work = Work(
            candidates=dict.fromkeys(models.split(), answer),
            folds=folds,
            prepare=self.prepare,
            limits=Limits(workers, model_s, unit_bytes),
            past=past or Past(),
        )
        self.units = LocalExecutor().run(self.work)

    def prepare(self, fold: int) -> tuple[Rows, FoldPrepared]:
        self.before_fold(fold)
        rows = Rows(fold)
        self.alive.add(rows)
        return rows, FoldPrepared(fold, 10, 5, 3, 0.0)

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


def test_the_whole_field_is_scored_on_a_fold_before_any_model_is_on_the_next():
    updates = [update for update in Field("a b c d", 3, half, workers=1).units if isinstance(update, UnitScored)]
    assert [(update.fold, update.model) for update in updates[:8]] == [
        (fold, model) for fold in range(2) for model in "abcd"
    ]
    assert {(update.fold, update.model) for update in updates[8:]} == {(2, model) for model in "abcd"}


def test_on_the_last_fold_the_longest_come_first():
    def compute(unit: Unit) -> float:
        time.sleep({"a": 0.0, "b": 0.1, "c": 0.05}[unit.model])
        return 0.5

    updates = [update for update in Field("a b c", 5, compute, workers=1).units if isinstance(update, UnitScored)]
    assert [(update.model, update.fold) for update in updates[-3:]] == [("b", 4), ("c", 4), ("a", 4)]


def test_the_field_is_begun_on_the_first_fold_before_the_second_whatever_the_workers(tmp_path):
    def note(unit: Unit) -> float:
        with (tmp_path / "begun").open("a") as begun:
            begun.write(f"{unit.fold}")
        return 0.5

    Field("a b c d e f", 2, note, workers=2).run()
    begun = (tmp_path / "begun").read_text()
    # What one worker has been given ahead may wait while the other is on the next fold already.
    assert begun[:3] == "000"
    assert sorted(begun) == sorted("000000111111")


def test_folds_are_told_in_order_each_before_its_units():
    known: list[int] = []
    for update in Field("a b c", 4, half).units:
        if isinstance(update, FoldPrepared):
            known.append(update.fold)
        else:
            assert update.fold in known
    assert known == [0, 1, 2, 3]


def test_a_fold_is_let_go_once_all_its_units_are_answered():
    field = Field("a b c", 4, half)
    left = dict.fromkeys(range(4), 3)
    for update in field.units:
        if isinstance(update, UnitScored):
            left[update.fold] -= 1
            assert {rows.fold for rows in field.alive} <= {fold for fold, units in left.items() if units}
    assert left == dict.fromkeys(range(4), 0)


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

    scored, failed = Field("a b c d", 4, compute, model_s=3).run()
    assert scored == every("a c d", 4)
    assert [(failure.reason, failure.timed_out, failure.gives_up) for failure in failed.pop("b")] == [
        ("b took longer than the 3 s that a model may take.", True, True)
    ]
    assert failed == {}


def test_the_folds_of_a_model_share_its_time(tmp_path):
    def compute(unit: Unit) -> float:
        if unit.model == "b":
            time.sleep(0.4)
        return 0.5

    scored, failed = Field("a b c", 6, compute, workers=1, model_s=1).run()
    assert scored >= every("a c", 6) | {("b", 0), ("b", 1)}
    assert len(scored) < 18
    assert [(failure.timed_out, failure.gives_up) for failure in failed["b"]] == [(True, True)]


def test_what_a_model_took_before_counts_against_its_time():
    past = Past(scored={"b": {0: {"Accuracy": 0.5}}}, spent_s={"b": 0.95})

    def compute(unit: Unit) -> float:
        if unit.model == "b":
            time.sleep(0.2)
        return 0.5

    scored, failed = Field("a b", 3, compute, workers=1, model_s=1, past=past).run()
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


def test_what_is_known_already_is_not_computed_again(tmp_path):
    def note(unit: Unit) -> float:
        (tmp_path / f"{unit.model}{unit.fold}").touch()
        return 0.5

    past = Past(scored={"a": {0: {}, 1: {}, 2: {}}, "b": {0: {}}, "c": {0: {}}}, failed={"c": frozenset([2])})
    field = Field("a b c", 3, note, past=past)
    prepared = [update.fold for update in field.units if isinstance(update, FoldPrepared)]
    assert prepared == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b1", "b2", "c1"]


def test_a_model_that_is_dropped_on_the_way_is_not_computed_any_further():
    field = Field("a b c", 6, half, workers=1)
    scored = set()
    for update in field.units:
        if isinstance(update, UnitScored):
            scored.add((update.model, update.fold))
            if update == UnitScored("b", 1, update.metrics, {}, update.fit_s, 0.0):
                field.work.dropped.add("b")
    assert scored == every("a c", 6) | {("b", 0), ("b", 1)}


def test_units_that_waited_behind_one_that_was_timed_out_are_not():
    def compute(unit: Unit) -> float:
        if unit.model in "ac":
            time.sleep(600)
        return 0.5

    scored, failed = Field("a b c d", 2, compute, workers=1, model_s=1).run()
    assert scored == every("b d", 2)
    assert [failed[model][0].timed_out for model in "ac"] == [True, True]


def test_what_waits_behind_a_slow_unit_is_computed_elsewhere(tmp_path):
    """A worker is given units ahead while folds are prepared; a long one must not hold them up."""

    def compute(unit: Unit) -> float:
        if unit == Unit("a", 0):
            deadline = time.monotonic() + 60
            while len(list(tmp_path.iterdir())) < 11 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert time.monotonic() < deadline
        else:
            (tmp_path / f"{unit.model}{unit.fold}").touch()
        return 0.5

    assert Field("a b c d", 3, compute).run() == (every("a b c d", 3), {})


def test_a_unit_that_was_done_in_time_is_not_lost_to_a_slow_preparation():
    field = Field("a b c", 2, half, workers=1, model_s=1)
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
from workbench.training.request import FoldPrepared, Limits
from workbench.training.scheduler import LocalExecutor
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
