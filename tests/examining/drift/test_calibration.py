"""The drift analyst does not cry wolf, and finds what moved: a small version of the benchmark."""

from __future__ import annotations

import gc

import pytest
from scipy import stats

from tests.benchmarks import drift_calibration


@pytest.fixture(autouse=True)
def quick_corrections():
    """Spare statsmodels from going through all that is loaded, which it does at each correction."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(("reference", "window"), [(500, 50), (1_000, 400)])
def test_two_samples_of_one_population_are_seldom_told_apart(reference, window):
    found = drift_calibration.alarms(
        "made", drift_calibration.made(12, rows=2_000), reference=reference, window=window, resamples=40
    )
    # At the level of 0.05 more than that come about once in a thousand times; the seed is fixed.
    assert found.rejections <= stats.binom.ppf(0.999, 40, 0.05)
    assert found.alarms <= found.rejections


@pytest.mark.parametrize("shift", ["mean + 0.5 sd", "yes 9 % → 40 %", "a new category, 20 %", "gaps 0 → 20 %"])
def test_a_shift_of_one_column_is_found_and_no_other_is_accused(shift):
    found = drift_calibration.power(shift, window=300, reference=1_000, resamples=5, rows=2_000)
    assert (found.found, found.others) == (5, 0)
