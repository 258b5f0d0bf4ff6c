"""Units over workers: in which order, by whom, how often."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.training.units import Field, every, half
from workbench.training.request import FoldPrepared, Past, UnitScored
from workbench.training.work import Unit

pytestmark = pytest.mark.usefixtures("no_worker_is_left")


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize(("models", "folds"), [("a", 1), ("a", 7), ("a b c d e f g", 1), ("a b c d e", 5)])
def test_every_model_is_scored_once_on_every_fold(models, folds, workers):
    field = Field(models, folds, half, workers=workers)
    assert field.run() == (every(models, folds), {})


def test_the_whole_field_is_scored_on_a_fold_before_any_model_is_on_the_next():
    updates = [update for update in Field("a b c d", 3, half, workers=1).units if isinstance(update, UnitScored)]
    assert [update.model for update in updates[:4]] == list("abcd")
    assert [update.fold for update in updates] == [0] * 4 + [1] * 4 + [2] * 4


def test_the_longest_come_first_once_it_is_known_which_they_are():
    field = Field("a b c", 5, half, workers=1, took={"a": 0.0, "b": 100.0, "c": 50.0})
    updates = [update for update in field.units if isinstance(update, UnitScored)]
    assert [(update.model, update.fold) for update in updates[:3]] == [("a", 0), ("b", 0), ("c", 0)]
    assert [(update.model, update.fold) for update in updates[-3:]] == [("b", 4), ("c", 4), ("a", 4)]


def test_a_model_that_is_long_under_way_comes_first_on_the_next_fold(tmp_path, eventually):
    """The next fold is ready once its first unit is under way, which goes on until its second has begun."""
    begun, is_under_way = tmp_path / "begun", tmp_path / "is_under_way"

    def compute(unit: Unit) -> float:
        with begun.open("a") as file:
            file.write(f"{unit.model}{unit.fold} ")
        if unit == Unit("b", 0):
            eventually(lambda: "b1" in begun.read_text())
        return 0.5

    field = Field("a b", 2, compute, workers=2, took={"a": 0.0, "b": 0.0})
    field.before_fold = lambda fold: fold and eventually(is_under_way.exists)
    for update in field.units:
        if isinstance(update, UnitScored):
            # The same worker has been given the other model's unit after this one.
            is_under_way.touch()
    assert begun.read_text().split() == ["a0", "b0", "b1", "a1"]


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


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted as Linux tells of them")
def test_a_fold_is_let_go_once_all_its_units_are_answered():
    """Here, and in every worker that is given a unit of a later fold."""
    before = open_folds(os.getpid())
    field = Field("a b c", 4, lambda unit: open_folds(os.getpid()))
    left = dict.fromkeys(range(4), 3)
    held = []
    for update in field.units:
        if isinstance(update, UnitScored):
            left[update.fold] -= 1
            held.append((open_folds(os.getpid()) - before, sum(units > 0 for units in left.values())))
            assert update.metrics["Accuracy"] <= 3
    assert left == dict.fromkeys(range(4), 0)
    assert all(here <= needed for here, needed in held)
    assert held[-1] == (0, 0)


def open_folds(pid: int) -> int:
    """Count the files without a name that a process holds open: each is a prepared fold."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found += "memfd:" in str(descriptor.readlink())
    return found


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
