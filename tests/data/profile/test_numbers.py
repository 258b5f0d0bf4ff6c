"""Columns of numbers."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.profile import sample
from workbench.data.profile.measures import Extreme
from workbench.data.profile.numbers import NumberScan
from workbench.data.profile.parts import ColumnPart, encoded

RANDOM = np.random.default_rng(5)


def test_figures_are_those_of_pandas(profiled, random):
    values = random.lognormal(3, 1, 4000)
    told, frame = profiled(values, group_rows=700).measures, pd.Series(values)
    assert told.mean == pytest.approx(frame.mean(), rel=1e-12)
    assert told.std == pytest.approx(frame.std(), rel=1e-12)
    assert told.skew == pytest.approx(frame.skew(), rel=1e-9)
    assert (told.minimum, told.maximum) == (frame.min(), frame.max())
    for percentile, value in told.quantiles.items():
        assert value == pytest.approx(frame.quantile(int(percentile) / 100), rel=1e-12)
    assert told.sampled_rows is None


def test_gaps_zeros_negatives_and_infinite_values_are_counted_and_spoil_nothing(profiled):
    column = profiled([1.0, None, -2.0, math.inf, 0.0, -0.0, math.nan, -math.inf, 4.0])
    told = column.measures
    assert (column.rows, column.missing, column.distinct.count) == (9, 2, 6)
    assert (told.zeros, told.negatives, told.infinite) == (2, 1, 2)
    assert (told.minimum, told.maximum, told.mean) == (-2.0, 4.0, 0.6)
    assert not told.integral


def test_whole_numbers_lie_in_the_middle_of_their_bins(profiled):
    told = profiled([1, 2, 2, 3, 3, 3]).measures
    assert told.integral
    assert told.histogram.edges == (0.5, 1.5, 2.5, 3.5)
    assert told.histogram.counts == (1, 2, 3)
    assert told.top[0].label == "3"


@pytest.mark.parametrize(
    "values",
    [
        RANDOM.normal(0, 1, 5000),
        RANDOM.lognormal(0, 2, 5000),
        RANDOM.integers(0, 500, 5000),
        RANDOM.integers(0, 3, 5000) / 10,
        np.append(RANDOM.normal(0, 1, 5000), 1e9),
    ],
    ids=["even", "skewed", "whole", "few", "far"],
)
def test_a_histogram_has_ten_to_forty_round_bins_and_counts_every_value(profiled, values):
    drawn = profiled(values).measures.histogram
    widths = np.diff(drawn.edges)
    assert 10 <= len(drawn.counts) <= 40
    assert np.allclose(widths, widths[0])
    assert sum(drawn.counts) + drawn.below + drawn.above == len(values)
    expected, _ = np.histogram(values, drawn.edges)
    assert drawn.counts == tuple(expected)
    assert max(len(repr(edge)) for edge in drawn.edges) < 12


def test_a_value_far_off_leaves_the_others_their_room(profiled, random):
    drawn = profiled(np.append(random.normal(0, 1, 5000), 1e9)).measures.histogram
    assert drawn.above >= 1
    assert max(drawn.counts) < 2500


def test_outliers_are_beyond_the_fences_with_their_rows(profiled):
    values = [*range(100), 1000.0, -500.0, 2000.0]
    told = profiled(values, group_rows=50).measures.outliers
    assert told.highest == (Extreme(102, 2000.0), Extreme(100, 1000.0))
    assert told.lowest == (Extreme(101, -500.0),)
    assert told.share == told.far_share == 3 / 103


def test_rows_of_outliers_count_the_gaps_before_them(profiled):
    values = [None, math.inf, *range(20), None, math.nan, 900.0]
    assert profiled(values).measures.outliers.highest == (Extreme(24, 900.0),)


def test_a_column_heaped_on_one_value_says_so(profiled):
    told = profiled([0] * 80 + list(range(1, 21))).measures
    assert (told.heaped.label, told.heaped.count) == ("0", 80)
    assert told.outliers is None
    assert profiled(list(range(100))).measures.heaped is None


@pytest.mark.parametrize(
    ("values", "suspect"),
    [
        ([-1] * 5 + list(range(1, 40)), "-1"),
        ([-999] * 3 + list(range(-20, 30)), "-999"),
        ([999] * 3 + list(range(120)), "999"),
        ([99.0] * 3 + [number / 2 for number in range(60)], "99.0"),
        ([-1, -1, 0, 0, 1, 1], None),
        ([999, *range(120)], None),
        (list(range(100)) * 2, None),
        ([-1, -1, -2, *range(40)], None),
    ],
)
def test_numbers_that_may_stand_for_gaps_are_named_and_kept(profiled, values, suspect):
    told = profiled(values)
    assert [found.label for found in told.measures.suspects] == ([] if suspect is None else [suspect])
    assert told.missing == 0


def test_ids_of_64_bits_keep_their_digits(profiled):
    told = profiled(pa.array([2**63 + 5, 2**63 + 5, 2**53 + 1], pa.uint64()))
    assert [value.label for value in told.measures.top] == [str(2**63 + 5), str(2**53 + 1)]
    assert told.distinct.count == 2


def test_without_a_value_there_are_no_figures(profiled):
    column = profiled(pa.array([None, None, math.nan], pa.float64()))
    assert (column.missing, column.distinct.count, column.measures) == (3, 0, None)


def test_a_constant_has_no_skew_and_one_bin(profiled):
    told = profiled([0.1] * 50).measures
    assert told.skew is None
    assert told.std == pytest.approx(0, abs=1e-12)
    assert told.histogram.counts == (50,)


def test_of_more_distinct_values_than_are_counted_a_sample_is_told_which_says_so(profiled, monkeypatch, random):
    monkeypatch.setattr(sample, "MOST_ROWS", 20_000)
    values = random.normal(10, 2, 150_000)
    column = profiled(values)
    told = column.measures
    assert told.sampled_rows == 20_000
    assert told.mean == pytest.approx(values.mean(), rel=1e-12)
    assert told.quantiles["50"] == pytest.approx(np.median(values), abs=0.1)
    assert abs(column.distinct.count / 150_000 - 1) < 4 * column.distinct.error
    assert told.outliers.highest[0] == Extreme(int(values.argmax()), float(values.max()))


def test_of_few_distinct_values_all_rows_are_told_though_most_were_not_drawn(profiled, monkeypatch, random):
    monkeypatch.setattr(sample, "MOST_ROWS", 1000)
    values = random.integers(0, 300, 150_000)
    told = profiled(values).measures
    assert told.sampled_rows is None
    assert told.quantiles["25"] == np.quantile(values, 0.25)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(width=64) | st.none(), max_size=60))
def test_whatever_floats_there_are_json_holds_what_is_told(values):
    scan, stretch = NumberScan(), pa.array(values, pa.float64())
    scan.add(0, stretch)
    part = ColumnPart("column", 0, "a", "number", len(values), scan.missing, scan.distinct, scan.measures(stretch))
    json.loads(encoded(part))
    if part.measures is not None and part.measures.histogram is not None:
        drawn = part.measures.histogram
        finite = [value for value in values if value is not None and math.isfinite(value)]
        assert sum(drawn.counts) + drawn.below + drawn.above == len(finite)
