"""The order of a leaderboard, and what its numbers can bear: held against scipy."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy import stats

from workbench.ranking import (
    deviation,
    even_test_ratio,
    interval,
    mean_of,
    mean_test_ratio,
    p_of_no_difference,
    rank,
    t_probability,
    t_quantile,
)

TENTHS = even_test_ratio(10)
FOLDS = [0.81, 0.84, 0.79, 0.86, 0.80, 0.83, 0.82, 0.78, 0.85, 0.81]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 9, 30, 199])
def test_students_t_is_scipys(freedom):
    for t in (-8.0, -1.3, 0.0, 0.4, 2.262, 12.0):
        assert t_probability(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)
    for probability in (0.5, 0.9, 0.975, 0.9995):
        assert t_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-8, abs=1e-9)


def test_an_interval_is_wider_than_that_of_independent_folds():
    low, high = interval(FOLDS, test_ratio=TENTHS)
    mean, naive = statistics.fmean(FOLDS), stats.sem(FOLDS)
    reach = stats.t.ppf(0.975, 9) * statistics.stdev(FOLDS) * math.sqrt(1 / 10 + 1 / 9)
    assert (low, high) == (pytest.approx(mean - reach), pytest.approx(mean + reach))
    assert high - low > 2 * stats.t.ppf(0.975, 9) * naive


def test_folds_that_have_no_value_yet_do_not_change_how_rows_were_split():
    """Four folds of ten are tested on a ninth of the rows that they train on, not on a third."""
    some = FOLDS[:4]
    low, high = interval([*some, *[None] * 6], test_ratio=TENTHS)
    reach = stats.t.ppf(0.975, 3) * statistics.stdev(some) * math.sqrt(1 / 4 + 1 / 9)
    assert (low + high) / 2 == pytest.approx(statistics.fmean(some))
    assert (high - low) / 2 == pytest.approx(reach)
    other = [0.7, 0.75, 0.72, 0.71]
    differences = [a - b for a, b in zip(some, other, strict=True)]
    t = statistics.fmean(differences) / (statistics.stdev(differences) * math.sqrt(1 / 4 + 1 / 9))
    assert p_of_no_difference(some, other, test_ratio=TENTHS) == pytest.approx(2 * stats.t.sf(t, 3), rel=1e-9)


def test_the_ratio_of_test_to_training_rows_is_a_mean_over_folds():
    assert mean_test_ratio([(10, 90)] * 10) == pytest.approx(TENTHS) == pytest.approx(1 / 9)
    assert mean_test_ratio([(10, 10), (10, 20)]) == 0.75
    assert mean_test_ratio([]) is None


def test_values_that_are_missing_do_not_count():
    holes = [0.5, None, 0.7, None]
    assert mean_of(holes) == pytest.approx(0.6)
    assert deviation(holes) == pytest.approx(0.1)
    assert interval(holes, test_ratio=0.5) == interval([0.5, 0.7], test_ratio=0.5)
    assert (mean_of([None]), deviation([]), interval([0.5, None], test_ratio=0.5)) == (None, None, None)


def test_the_paired_test_is_the_corrected_one():
    steps = [0.02, 0.01, 0.03, 0.0, 0.02, 0.01, 0.02, 0.03, 0.01, 0.02]
    other = [value - step for value, step in zip(FOLDS, steps, strict=True)]
    differences = [a - b for a, b in zip(FOLDS, other, strict=True)]
    t = statistics.fmean(differences) / (statistics.stdev(differences) * math.sqrt(1 / 10 + 1 / 9))
    p = p_of_no_difference(FOLDS, other, test_ratio=TENTHS)
    assert p == pytest.approx(2 * stats.t.sf(t, 9), rel=1e-9)
    assert p > stats.ttest_rel(FOLDS, other).pvalue


def test_the_paired_test_takes_only_folds_that_both_have():
    holes = p_of_no_difference([0.5, None, 0.9, 0.7], [0.4, 0.1, None, 0.5], test_ratio=0.5)
    assert holes == p_of_no_difference([0.5, 0.7], [0.4, 0.5], test_ratio=0.5)
    assert p_of_no_difference([0.5, None], [None, 0.4], test_ratio=0.5) is None


def test_folds_that_differ_by_nothing_or_always_by_the_same_need_no_test():
    assert p_of_no_difference([0.5, 0.7], [0.5, 0.7], test_ratio=1) == 1.0
    assert p_of_no_difference([0.5, 0.75], [0.25, 0.5], test_ratio=1) == 0.0


@pytest.mark.parametrize(("greater", "order"), [(True, ["b", "a", "d", "c"]), (False, ["a", "d", "b", "c"])])
def test_equal_means_keep_their_order_and_no_mean_comes_last(greater, order):
    assert rank({"a": 0.5, "b": 0.9, "c": None, "d": 0.5}, greater_is_better=greater) == order
