"""Columns of text and of truths."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from workbench.data.profile import sample
from workbench.data.profile.measures import Distinct, Truths
from workbench.data.profile.parts import decoded, encoded
from workbench.data.values import LABEL_CHARACTERS


def labels(values):
    return [value.label for value in values]


def test_the_ten_most_frequent_texts_come_first_of_equals_the_first_in_order(profiled):
    told = profiled([*"ccaabzyxwvutsrq", None]).measures
    assert labels(told.top) == ["a", "c", "b", "q", "r", "s", "t", "u", "v", "w"]
    assert (told.top[0].count, told.top[0].share) == (2, 2 / 15)
    assert told.rarest == 1


@pytest.mark.parametrize("group_rows", [2, 100])
def test_it_does_not_matter_how_the_rows_lie_in_the_file(profiled, group_rows):
    texts = ["Oslo", "Rome", None, "Bern", "Rome", "Rome", "Oslo"]
    coded = pa.array(texts).dictionary_encode()
    told = profiled(coded, group_rows=group_rows)
    assert told == profiled(texts)
    assert (told.missing, told.distinct) == (1, Distinct(3))


def test_lengths_are_characters(profiled):
    told = profiled(["é", "naïve", "👍🏽 yes", "abcd"]).measures
    assert (told.shortest, told.median_length, told.longest) == (1, 4.5, 6)


def test_texts_that_may_stand_for_gaps_are_named_and_kept(profiled):
    column = profiled(["red", "red", " ", "?", "Unknown", "-", "n.a.", "red", "unknowns", "999"])
    told = {suspect.label: suspect.why for suspect in column.measures.suspects}
    assert set(told) == {" ", "?", "Unknown", "-", "n.a.", "999"}
    assert told[" "] == "a blank"
    assert column.missing == 0


def test_spellings_of_one_text_are_put_together(profiled):
    told = profiled(["Yes", "yes", "yes ", "no", "yes", "maybe", "Maybe"]).measures
    assert [labels(group) for group in told.variants] == [["yes", "Yes", "yes "], ["Maybe", "maybe"]]
    assert (told.variant_groups, told.padded) == (2, 1)


def test_a_column_that_is_text_for_a_few_bad_values_says_which(profiled):
    told = profiled([*map(str, range(300)), "1,200", "3.5e4", "-7", "n/k", "?", "n/k"]).measures
    assert told.numbers.share == pytest.approx(303 / 306)
    assert labels(told.numbers.others) == ["n/k", "?"]
    assert told.dates is None


@pytest.mark.parametrize(
    "date",
    ["31/12/2024", "2024.12.31", "12-31-24", "31 Dec 2024", "2024-12-31 10:30 PM", "2024-12-31T10:30:00.5+01:00"],
)
def test_dates_in_any_usual_spelling_are_recognised(profiled, date):
    told = profiled([date, date, "soon"]).measures
    assert told.dates.share == 2 / 3
    assert labels(told.dates.others) == ["soon"]


@pytest.mark.parametrize("text", ["1.2.3.4", "12:30", "AB-12-34", "+", ".", "10 000", "1-2"])
def test_what_only_has_digits_is_neither_number_nor_date(profiled, text):
    told = profiled([text] * 3).measures
    assert told.numbers is None
    assert told.dates is None


def test_nothing_that_a_value_holds_breaks_a_line(profiled):
    values = [
        '=HYPERLINK("x")',
        "<script>alert(1)</script>",
        "a\nb\r\n",
        "\x00\x1b[2J",
        "\u2028",
        "\ud7ff",
        "😀" * 90,
        '"}',
    ]
    part = profiled(values)
    line = encoded(part)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decoded(line) == part
    assert {value.label for value in part.measures.top} == set(values)


def test_long_texts_are_cut_where_they_are_shown_and_told_apart_all_the_same(profiled):
    column = profiled(["x" * 5000 + "a", "x" * 5000 + "b"])
    assert column.distinct == Distinct(2)
    assert column.measures.longest == 5001
    assert {len(label) for label in labels(column.measures.top)} == {LABEL_CHARACTERS}


def test_of_more_texts_than_are_counted_a_sample_is_told_which_says_so(profiled, monkeypatch):
    monkeypatch.setattr(sample, "MOST_ROWS", 5000)
    column = profiled([f"key {number:07}" if number % 2 else "none" for number in range(260_000)])
    told = column.measures
    assert told.sampled_rows == 5000
    assert told.rarest is None
    assert labels(told.suspects) == ["none"]
    assert told.top[0].share == pytest.approx(0.5, abs=0.03)
    assert abs(column.distinct.count / 130_001 - 1) < 4 * column.distinct.error


def test_an_empty_column_of_text_has_no_figures(profiled):
    column = profiled(pa.array([None, None], pa.string()))
    assert (column.missing, column.measures) == (2, None)


def test_truths_are_counted(profiled):
    column = profiled([True, None, False, True])
    assert (column.missing, column.distinct, column.measures) == (1, Distinct(2), Truths("bool", 2, 1))


def test_a_part_is_plain_data(profiled):
    json.dumps(json.loads(encoded(profiled(np.array(["a", "b"])))), allow_nan=False)
