"""A table becomes a series, or a sentence names the row at which it is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest
from workbench.training.forecasting.table import arrange

MONTHS = [str(month) for month in pd.period_range("1949-01", periods=24, freq="M")]
DAYS = [str(day.date()) for day in pd.date_range("2024-01-01", periods=40)]
WEEKDAYS = [str(day.date()) for day in pd.bdate_range("2024-01-01", periods=40)]
FIVE_MINUTES = [str(time) for time in pd.date_range("2024-01-01", periods=40, freq="5min")]


def table(times):
    return pd.DataFrame({"t": times, "y": np.arange(len(times), dtype=float)})


def without(times, place):
    return times[:place] + times[place + 1 :]


@pytest.mark.parametrize("times", [MONTHS, DAYS, WEEKDAYS, FIVE_MINUTES], ids=["months", "days", "weekdays", "minutes"])
def test_a_whole_series_is_taken_as_it_is(times):
    series = arrange(table(times), "t")
    assert (series.index, series.notices) == ("t", ())
    pd.testing.assert_frame_equal(series.frame, table(times))


def test_rows_out_of_order_are_put_in_order_and_it_is_said():
    series = arrange(table(MONTHS[::-1]), "t")
    assert list(series.frame["t"]) == MONTHS
    assert list(series.frame["y"]) == list(range(23, -1, -1))
    assert series.notices == ("The rows were put in the order of t.",)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (without(MONTHS, 5), "no row for 1949-06: row 6 is 1949-07-01."),
        (without(DAYS, 5), "no row for 2024-01-06: row 6 is 2024-01-07."),
        (without(WEEKDAYS, 12), "no row for 2024-01-17: row 13 is 2024-01-18."),
        (without(FIVE_MINUTES, 7), "no row for 2024-01-01 00:35:00: row 8 is 2024-01-01 00:40:00."),
        ([*MONTHS[:5], "1949-03", *MONTHS[5:]], "has 1949-03 in row 6 again, after row 3"),
        ([*DAYS[:3], "soon", *DAYS[4:]], "has 'soon' in row 4, which is no date."),
        ([*DAYS[:3], None, *DAYS[4:]], "no value in row 4."),
        ([1, 2, 3, 5, 6], "goes from 3 to 5 in row 4: whole numbers must go up by 1."),
        ([1, 2, 2, 3, 4], "has 2 in row 3 again, after row 2"),
        ([1.0, 2.0, 3.5, 4.0, 5.0], "holds neither dates nor whole numbers."),
    ],
    ids=["month", "day", "weekday", "minutes", "twice", "no date", "nothing", "step", "number twice", "floats"],
)
def test_what_is_no_series_is_refused_with_its_first_row_at_fault(times, said):
    with pytest.raises(BadRequest) as caught:
        arrange(table(times), "t")
    assert caught.value.code == "spec.invalid"
    assert said in str(caught.value)


def test_a_gap_is_named_by_its_row_in_the_table_as_it_came():
    with pytest.raises(BadRequest, match="no row for 1949-06: row 18 is 1949-07-01"):
        arrange(table(without(MONTHS, 5)[::-1]), "t")


def test_dates_on_any_day_of_each_month_stand_for_their_months():
    middles = [f"{month}-{15 + place % 3}" for place, month in enumerate(MONTHS)]
    series = arrange(table(middles), "t")
    assert [str(time.date()) for time in series.frame["t"]] == [f"{month}-01" for month in MONTHS]
    assert series.notices == ("Each date of t was taken for its month.",)


def test_whole_numbers_give_their_order_and_nothing_else():
    series = arrange(table([1903, 1901, 1902, 1904, 1905]), "t")
    assert series.index is None
    assert list(series.frame.columns) == ["y"]
    assert list(series.frame["y"]) == [1, 2, 0, 3, 4]
    assert series.notices == ("Rows are numbered from 0 in the order of t.",)


def test_yes_and_no_become_one_and_zero():
    frame = pd.DataFrame({"y": [1.0, 2.0], "promo": [True, False]})
    assert list(arrange(frame, None).frame["promo"]) == [1, 0]
    assert frame["promo"].dtype == bool
