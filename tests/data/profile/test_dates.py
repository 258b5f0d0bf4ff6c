"""Columns of dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from workbench.data.profile import counting
from workbench.data.profile.measures import Gap


def days(*offsets: int) -> list[str]:
    return [(date(2024, 1, 1) + timedelta(days=offset)).isoformat() for offset in offsets]


def test_first_last_order_and_the_longest_gap(profiled):
    column = profiled([*days(0, 1, 2), None, *days(2, 30)], name="when")
    told = column.measures
    assert (told.first, told.last, told.order) == ("2024-01-01", "2024-01-31", "ascending")
    assert told.gap == Gap("2024-01-03", "2024-01-31", 28.0)
    assert (column.missing, column.distinct.count, told.at_midnight) == (1, 4, None)


@pytest.mark.parametrize(
    ("offsets", "order"),
    [((3, 2, 2, 0), "descending"), ((0, 2, 1), "none"), ((5, 5), "constant"), ((0, 1, 2, 3, 4, 2), "none")],
)
def test_how_the_rows_stand_is_told_across_groups_of_rows(profiled, offsets, order):
    assert profiled(days(*offsets), name="when", group_rows=2).measures.order == order


def test_times_of_day_count_by_the_clock_that_was_written(profiled):
    texts = ["2024-05-01T00:00:00", "2024-05-01 23:30", "2024-05-02T01:00:00+09:00", "2024-05-03T00:00:00Z"]
    told = profiled(texts, name="when").measures
    assert (told.first, told.last) == ("2024-05-01T00:00:00", "2024-05-03T00:00:00")
    assert (told.has_times, told.at_midnight) == (True, 0.5)
    assert told.timeline.unit == "hour" or told.timeline.unit == "day"
    assert sum(told.timeline.counts) == 4


@pytest.mark.parametrize(
    ("texts", "unit", "starts"),
    [
        (days(0, 1, 5), "day", ["2024-01-01", "2024-01-06"]),
        (days(0, 100), "week", ["2024-01-01", "2024-04-08"]),
        (days(0, 400), "month", ["2024-01-01", "2025-02-01"]),
        (["1949-01", "1949-02", "1960-12"], "year", ["1949-01-01", "1960-01-01"]),
        (["1850-06-01", "2024-02-02"], "decade", ["1850-01-01", "2020-01-01"]),
        (["2024-01-01T10:00:00", "2024-01-01T10:00:30"], "second", ["2024-01-01T10:00:00", "2024-01-01T10:00:30"]),
    ],
)
def test_the_timeline_has_the_unit_that_fits(profiled, texts, unit, starts):
    told = profiled(texts, name="when").measures.timeline
    assert told.unit == unit
    assert [told.starts[0], told.starts[-1]] == starts
    assert sum(told.counts) == len(texts)
    assert len(told.starts) == len(told.counts) <= 40


def test_what_is_no_date_is_counted(profiled):
    told = profiled(["2024-01-01", "2024-02-30", "soon"], name="when").measures
    assert (told.unread, told.first, told.last) == (2, "2024-01-01", "2024-01-01")


def test_fractions_of_a_second_are_kept(profiled):
    told = profiled(["2024-01-01T10:00:00.250", "2024-01-01T10:00:01.5"], name="when").measures
    assert (told.first, told.last) == ("2024-01-01T10:00:00.25", "2024-01-01T10:00:01.5")
    assert told.gap.days == 1.25 / 86_400


def test_of_very_many_times_the_gap_is_told_to_the_day(profiled, monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 500)
    start = datetime(2024, 1, 1)
    minutes = [*range(1200), *range(20_000, 20_800)]
    told = profiled([(start + timedelta(minutes=minute)).isoformat() for minute in minutes], name="when").measures
    assert told.gap == Gap("2024-01-01", "2024-01-14", 13.0)
    assert told.sampled_rows == 2000
    assert told.order == "ascending"
