"""How far two samples are from each other, column by column."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.examining.drift import significance
from workbench.examining.drift.cells import Counted, by_category, by_tenths, distance, stability
from workbench.examining.drift.comparison import PLOTS, Known, Pair, compare
from workbench.examining.drift.held import Held, of_column, of_values
from workbench.examining.drift.sides import Form, pairs


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


def numbers(values) -> Held:
    return of_values([float(value) for value in values], "number")


def labels(values) -> Held:
    return of_values(list(values), "label")


def one(reference: Held, live: Held, known: Known | None = None):
    return compare([Pair("x", reference, live, known=known or Known())])[0]


def test_the_index_is_that_of_its_definition_with_half_a_row_added_to_each_cell():
    p, q = np.array([30.5, 70.5]) / 101, np.array([10.5, 10.5]) / 21
    expected = ((q - p) * np.log(q / p)).sum()
    psi, chance = stability(Counted((), np.array([30, 70, 0]), np.array([10, 10, 0])))
    assert psi == pytest.approx(expected)
    assert chance == pytest.approx(1 / 100 + 1 / 20)


def test_what_chance_adds_to_the_index_is_its_mean_where_nothing_moved(random):
    found = []
    for _ in range(200):
        before, now = random.normal(size=800), random.normal(size=300)
        found.append(stability(by_tenths(before, now)))
    psi, chance = np.mean(found, axis=0)
    assert psi == pytest.approx(chance, rel=0.15)


def test_shares_that_are_the_same_have_no_distance_and_those_without_a_common_cell_have_one():
    assert distance(Counted((), np.array([10, 20]), np.array([1, 2]))) == pytest.approx(0, abs=1e-7)
    assert distance(Counted((), np.array([10, 0]), np.array([0, 2]))) == pytest.approx(1)


def test_a_frequent_value_has_a_bin_of_its_own():
    before = np.concatenate([np.zeros(80), np.arange(1, 21)])
    counted = by_tenths(before, np.array([-1.0, 0.0, 0.0, 0.5]))
    zeros = counted.reference == 80
    assert counted.live[zeros].tolist() == [2]
    assert (counted.reference.sum(), counted.live.sum()) == (100, 4)


def test_a_constant_that_changes_in_part_is_found():
    shift = one(numbers([7] * 300), numbers([7] * 150 + [8.5] * 50))
    assert shift.p_corrected < 1e-9
    assert shift.effect > 0.4


def test_a_column_that_is_constant_on_both_sides_is_not_tested():
    shift = one(numbers([7] * 300), numbers([7] * 90))
    assert (shift.psi, shift.p) == (0.0, None)


def test_there_are_two_zeros_that_are_one_number():
    shift = one(numbers([0.0] * 100 + [1] * 100), numbers([-0.0] * 100 + [1] * 100))
    assert shift.psi == 0.0
    assert shift.p_corrected == 1.0


def test_rare_categories_are_counted_together_whichever_side_has_them():
    before, now = labels("a" * 500 + "bcdefg"), labels("a" * 98 + "hi")
    counted = by_category(before.values, now.values)
    assert counted.labels == ["a", "all others"]
    assert (counted.reference.tolist(), counted.live.tolist()) == ([500, 6], [98, 2])


def test_two_categories_are_tested_exactly():
    shift = one(labels("a" * 90 + "b" * 10), labels("a" * 12 + "b" * 8))
    assert shift.test == "Fisher's exact"
    assert shift.p == pytest.approx(stats.fisher_exact([[90, 10], [12, 8]])[1])


def test_a_p_value_by_drawing_is_that_of_the_chi_squared_distribution_where_rows_are_many():
    before, now = np.array([4000, 3000, 3000]), np.array([760, 640, 600])
    found = significance.of_counts(Counted((), before, now))
    assert found is not None
    assert found.p == pytest.approx(stats.chi2_contingency([before, now])[1], rel=0.1)
    assert found.p < significance.LIKELY


def test_a_p_value_may_be_smaller_than_what_can_be_told_by_drawing():
    found = significance.of_counts(Counted((), np.array([300, 300, 300]), np.array([10, 10, 280])))
    assert found is not None
    assert found.p < 1e-30


def test_p_values_are_corrected_for_all_tests_those_too_that_could_not_be_made():
    found = significance.corrected([0.01, None, 0.04, 0.03])
    assert found == [pytest.approx(0.04), None, pytest.approx(0.09), pytest.approx(0.09)]


def test_categories_that_are_new_are_named_with_their_rows():
    known = Known(rows=500, labels=frozenset("ab"))
    shift = one(labels("ab" * 250), labels("ab" * 40 + "zzzzy"), known)
    assert [(fresh.value, fresh.rows) for fresh in shift.fresh] == [("z", 4), ("y", 1)]
    assert shift.fresh_rows == 5


def test_numbers_beyond_all_that_were_learned_from_are_told(random):
    shift = one(
        numbers(random.normal(size=400)), numbers([*random.normal(size=90), *[50.5] * 10]), Known(400, -9.0, 9.0)
    )
    assert shift.outside == pytest.approx(0.1)
    assert (shift.low, shift.high) == (-9.0, 9.0)


def test_what_is_of_another_type_is_counted_and_left_out():
    live = of_values([1, "2", True, None, {"a": 1}, 10**400, 3.5], "number")
    assert (live.values.tolist(), live.missing, live.unfit) == ([1.0, 3.5], 1, 4)
    assert one(numbers(range(100)), live).unfit == 4


def test_a_rise_of_missing_values_is_tested_exactly():
    live = of_values([1.0, 2.0, 3.0] * 20 + [None] * 20, "number")
    shift = one(numbers([1, 2, 3] * 100), live)
    assert (shift.missing_reference, shift.missing_live) == (0.0, 0.25)
    assert shift.missing_p == pytest.approx(stats.fisher_exact([[0, 300], [20, 60]])[1])


def test_a_column_without_values_on_one_side_is_not_compared():
    shift = one(numbers(range(100)), of_values([None] * 50, "number"))
    assert (shift.form, shift.psi, shift.p) == ("empty", None, None)
    assert shift.missing_p_corrected < 1e-9


def test_a_running_number_and_free_text_are_not_compared_by_their_values():
    before, now = numbers(range(1, 501)), numbers(range(501, 701))
    assert one(before, now, Known(500, 1, 500)).form == "counter"
    texts = one(labels(f"order {at}" for at in range(500)), labels(f"order {at}" for at in range(500, 600)))
    assert (texts.form, texts.psi, texts.distinct_live) == ("text", None, 1.0)


def test_amounts_that_are_all_different_are_no_running_number(random):
    before, now = random.integers(0, 10**7, 500), random.integers(0, 10**7, 200)
    assert one(numbers(before), numbers(now), Known(500, 0, 1e7)).form == "number"


def test_dates_are_compared_as_dates_by_the_pattern_that_was_learned():
    days = pd.date_range("2024-01-01", periods=300).strftime("%d/%m/%Y")
    frame = pd.DataFrame({"day": days})
    form = Form.of_table(frame, ["day"], {"day": "%d/%m/%Y"}, target=None, answers="label")
    live = form.of_log([{"day": "01/12/2024"}, {"day": "no date"}, {"day": 5}], [{}] * 3)
    shift = compare(pairs(form.of_frame(frame), live, form.known(None, frame)))[0]
    assert (shift.form, shift.typical_live, shift.unfit) == ("date", "2024-12-01", 2)
    assert shift.outside == 1.0


def test_labels_of_numbers_are_the_same_whether_they_are_whole_or_not():
    assert labels([1, 1.0, True, "1"]).values.tolist() == ["1", "1", "true", "1"]


def test_infinite_numbers_count_as_missing_as_in_the_reference():
    held = of_column(pd.Series([1.0, math.inf, -math.inf, math.nan]), "number")
    assert (held.values.tolist(), held.missing) == ([1.0], 3)


def test_of_many_columns_all_are_measured_and_a_dozen_are_drawn(random):
    made = [
        Pair(f"c{at}", numbers(random.normal(size=60)), numbers(random.normal(at / 20, size=40))) for at in range(60)
    ]
    shifts = compare(made)
    assert all(shift.psi is not None for shift in shifts)
    drawn = [shift for shift in shifts if shift.cells]
    assert len(drawn) == PLOTS
    assert min(shift.effect for shift in drawn) >= max(shift.effect for shift in shifts if not shift.cells)
    assert sum(cell.live for cell in drawn[0].cells) == pytest.approx(1)
