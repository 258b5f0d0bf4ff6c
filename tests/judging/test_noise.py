"""How far a difference is noise: arrays alone."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.judging.answers import Labels, Numbers
from workbench.judging.comparison import Difference
from workbench.judging.noise import RESAMPLES, bootstrap, counts, of_steps, selections
from workbench.training.supervised.classification import Classes, Said

CHANCE = np.random.default_rng(4)
ROWS = 60


def labels(known: list, scores: bool = True) -> Labels:
    known = np.array(known)
    truth = np.concatenate([known, CHANCE.choice(known, ROWS - len(known))])
    said = np.where(CHANCE.random(ROWS) < 0.6, truth, CHANCE.choice(known, ROWS))
    columns = np.round(CHANCE.random((ROWS, len(known))), 1)
    given = columns if len(known) > 2 else columns[:, 1]
    classes = Classes(known, is_multiclass=len(known) > 2)
    return Labels(classes, truth, Said(said, known, given if scores else None, decides=False))


def numbers() -> Numbers:
    truth = CHANCE.normal(size=ROWS)
    truth[:3] = 0
    return Numbers(truth, truth + CHANCE.normal(size=ROWS))


@pytest.mark.parametrize(
    "answers",
    [labels([0, 1]), labels(["no", "yes"]), labels(["a", "b", "c"]), numbers()],
    ids=["0 and 1", "no and yes", "three", "numbers"],
)
def test_many_selections_at_once_are_measured_as_each_by_itself(answers):
    strata = np.searchsorted(answers.classes.known, answers.truth) if isinstance(answers, Labels) else np.zeros(ROWS)
    some = next(selections(strata))[:20]
    for metric, value in answers.measure().metrics.items():
        of_each = [answers.take(rows).measure().metrics[metric] for rows in some]
        assert answers.statistic(metric)(some) == pytest.approx(np.array(of_each, dtype=float))
        assert answers.statistic(metric)(np.arange(ROWS)[None, :]) == pytest.approx(value)


def test_as_many_of_each_class_are_drawn_as_there_are_and_the_same_at_every_call():
    strata = np.array([2, 0, 0, 1, 1, 1, 2, 2, 2, 2])
    drawn = np.concatenate(list(selections(strata)))
    assert drawn.shape == (RESAMPLES, len(strata))
    assert (np.sort(strata[drawn], axis=1) == np.sort(strata)).all()
    assert (drawn == np.concatenate(list(selections(strata)))).all()
    assert len(np.unique(drawn, axis=0)) > RESAMPLES / 2
    assert (counts(drawn, len(strata)).sum(axis=1) == len(strata)).all()


def test_the_interval_of_a_mean_is_the_one_that_theory_gives():
    ours, theirs = CHANCE.normal(0.3, 1, 400), CHANCE.normal(0, 1, 400)
    low, high = bootstrap(lambda rows: theirs[rows].mean(axis=1), lambda rows: ours[rows].mean(axis=1), np.zeros(400))
    apart = ours - theirs
    reach = 1.96 * apart.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((apart.mean() - reach, apart.mean() + reach), abs=0.1 * reach)


def test_one_who_says_the_same_differs_by_nothing():
    said = numbers()
    assert bootstrap(said.statistic("R2"), said.statistic("R2"), np.zeros(ROWS)) == (0, 0)


def test_where_most_selections_have_no_value_there_is_no_interval():
    def never(rows):
        return np.full(len(rows), np.nan)

    assert bootstrap(never, never, np.zeros(ROWS)) is None


@pytest.mark.parametrize(
    ("low", "high", "greater_is_better", "verdict"),
    [
        (0.1, 0.2, True, "better"),
        (0.1, 0.2, False, "worse"),
        (-0.2, -0.1, True, "worse"),
        (-0.2, -0.1, False, "better"),
        (-0.1, 0.2, True, "no difference"),
        (0.0, 0.2, True, "no difference"),
        (None, None, True, "not comparable"),
    ],
)
def test_a_difference_counts_where_its_interval_leaves_0_out(low, high, greater_is_better, verdict):
    assert Difference(0.1, low, high).verdict(greater_is_better=greater_is_better) == verdict


def test_of_forecasts_whose_errors_are_independent_the_interval_is_near_that_of_a_paired_t_test():
    influence = CHANCE.normal(0.5, 1, 2000)
    low, high = of_steps(0.5, influence)
    reach = 1.96 * influence.std(ddof=1) / np.sqrt(2000)
    assert (0.5 - low, high - 0.5) == pytest.approx((reach, reach), rel=0.2)


def test_of_forecasts_whose_errors_hang_together_the_interval_is_wider():
    independent = CHANCE.normal(size=144)
    together = np.convolve(CHANCE.normal(size=155), np.ones(12), "valid")
    together *= independent.std() / together.std()
    assert np.ptp(of_steps(0, together)) > 1.5 * np.ptp(of_steps(0, independent))


def test_few_steps_make_a_wide_interval():
    swings = np.array([1.0, -1.0] * 6)
    widths = [np.ptp(of_steps(0, swings[:steps] - swings[:steps].mean())) for steps in (4, 6, 12)]
    assert widths == sorted(widths, reverse=True)
