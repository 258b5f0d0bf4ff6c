"""What is left to be done, whoever does it."""

from __future__ import annotations

from tests.training.units import Field, half
from workbench.training.executors.lineup import Lineup
from workbench.training.work import Preparation


def test_a_fold_that_was_lined_up_again_is_not_prepared_after_it_has_come():
    work = Field("a b", 2, half).work
    lineup = Lineup(work)
    first, second = lineup.next_fold(), lineup.next_fold()
    lineup.copy([first, second])
    again = lineup.next_fold()
    assert again in (first, second)
    for job in (first, second, again):
        list(lineup.ready(*work.prepare(job.fold), {}))
    assert lineup.is_prepared
    assert not lineup.wants_a_fold(9, is_idle=True)
    assert sorted((unit.fold, unit.model) for unit in lineup.queue) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_a_fold_that_comes_too_early_waits_for_the_one_before_it():
    work = Field("a", 2, half).work
    lineup = Lineup(work)
    assert [lineup.next_fold(), lineup.next_fold()] == [Preparation(0), Preparation(1)]
    assert list(lineup.ready(*work.prepare(1), {})) == []
    assert [told.fold for told in lineup.ready(*work.prepare(0), {})] == [0, 1]
