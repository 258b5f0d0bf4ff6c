"""What a user says that a column is."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from tests.data.reading import columns, refused, whole


def read(open_arrow, values, kind, *, rows=None, type=None):
    return whole(open_arrow(pa.table({"a": pa.array(values, type)}), rows=rows, kinds={"a": kind}))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, None, -3], ["1", None, "-3"]),
        ([1.0, 0.1, None], ["1", "0.1", None]),
        ([True, False, None], ["True", "False", None]),
        ([dt.date(2020, 1, 2)], ["2020-01-02"]),
    ],
)
def test_whatever_it_holds_a_column_can_be_text(open_arrow, values, texts):
    made = read(open_arrow, values, "text")
    assert made.schema.field("a").type == pa.string()
    assert made["a"].to_pylist() == texts


def test_a_date_made_text_is_no_date_any_more(open_arrow):
    reader = open_arrow(pa.table({"a": [dt.date(2020, 1, 2)]}), kinds={"a": "text"})
    whole(reader)
    assert list(reader.dates) == []


@pytest.mark.parametrize(
    ("texts", "type", "numbers"),
    [
        (["1", " +2 ", "-3", None], pa.int64(), [1, 2, -3, None]),
        (["1", "2.5", "1e3"], pa.float64(), [1.0, 2.5, 1000.0]),
        (["7", "NA", "n/a"], pa.int64(), [7, None, None]),
        (["1", "99999999999999999999"], pa.float64(), [1.0, 1e20]),
    ],
)
def test_texts_can_be_numbers(open_arrow, texts, type, numbers):
    made = read(open_arrow, texts, "number", rows=1)
    assert made.schema.field("a").type == type
    assert made["a"].to_pylist() == numbers


def test_truths_can_be_numbers(open_arrow):
    assert read(open_arrow, [True, False, None], "number")["a"].to_pylist() == [1, 0, None]


@pytest.mark.parametrize("wrong", ["1,5", "0x1f", "12 km", "--1", "١"])
def test_a_text_that_is_no_number_is_named_with_its_row(open_arrow, wrong):
    error = refused(lambda: read(open_arrow, ["1", "2", wrong], "number", rows=2))
    assert (error.code, error.status) == ("data.kind_unfit", 400)
    assert error.message == f"Column a of table.parquet cannot be read as number: row 3 holds {wrong!r}."
    assert (error.about["column"], error.about["row"]) == ("a", 3)


def test_a_date_is_no_number(open_arrow):
    assert "row 1 holds '2020-01-02'" in refused(lambda: read(open_arrow, [dt.date(2020, 1, 2)], "number")).message


@pytest.mark.parametrize(
    ("texts", "kind", "dates"),
    [
        (["31/12/2019", None, " 1/2/2020"], "date:%d/%m/%Y", ["2019-12-31", None, "2020-02-01"]),
        (["12/31/2019", "01/02/2020"], "date", ["2019-12-31", "2020-01-02"]),
        (["01/02/2020", "13/02/2020"], "date", ["2020-02-01", "2020-02-13"]),
        (["2 Feb 2020"], "date", ["2020-02-02"]),
        (["02.01.2020 4:05"], "date", ["2020-01-02 04:05:00"]),
        (["31.12.2019 14:30"], "date:%d.%m.%Y %H:%M", ["2019-12-31 14:30:00"]),
        (["2019-12-31", "2020-02-01"], "date", ["2019-12-31", "2020-02-01"]),
        (["2019-12-31T10:00:00Z"], "date", ["2019-12-31T10:00:00Z"]),
    ],
)
def test_texts_can_be_dates(open_arrow, texts, kind, dates):
    reader = open_arrow(pa.table({"a": texts}), kinds={"a": kind})
    assert columns(reader)["a"] == dates
    assert list(reader.dates) == ["a"]


def test_numbers_can_be_dates_by_a_pattern(open_arrow):
    assert read(open_arrow, [20191231, None], "date:%Y%m%d")["a"].to_pylist() == ["2019-12-31", None]


def test_native_dates_stay_what_they_are(open_arrow):
    assert read(open_arrow, [dt.datetime(2020, 1, 2, 3)], "date")["a"].to_pylist() == ["2020-01-02 03:00:00"]


def test_a_pattern_that_was_found_is_told_and_the_other_one_offered_where_one_fails(open_arrow):
    reader = open_arrow(pa.table({"a": ["01/02/2020"]}), kinds={"a": "date"})
    assert reader.notices == ("The dates of column a were read by %m/%d/%Y.",)
    error = refused(lambda: read(open_arrow, ["01/02/2020", "13/02/2020"], "date:%m/%d/%Y"))
    assert error.message == ("Column a of table.parquet cannot be read as date by %m/%d/%Y: row 2 holds '13/02/2020'.")
    assert error.hint == "If days come before months, say date:%d/%m/%Y."


def test_a_text_that_is_no_date_is_named_with_its_row(open_arrow):
    error = refused(lambda: read(open_arrow, [None, "soon"], "date"))
    assert error.message == "Column a of table.parquet cannot be read as date: row 2 holds 'soon'."


@pytest.mark.parametrize("kind", ["float", "date:", "date:soon", ""])
def test_a_kind_that_there_is_not_is_refused(open_arrow, kind):
    error = refused(lambda: read(open_arrow, [1], kind))
    assert error.code == "data.kind_unfit"
    assert "text, number, date" in error.hint


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("%Q%", "'Q' is a bad directive"),
        ("%d%d", "the same part is in it twice"),
        ("%", "stray %"),
        ("%Y %U", "Cannot use"),
        ("\ud800%d", "surrogates not allowed"),
    ],
)
def test_a_pattern_that_is_none_is_refused_before_a_value_is_read(open_arrow, pattern, said):
    error = refused(lambda: read(open_arrow, ["1"], f"date:{pattern}"))
    assert (error.code, error.about["column"]) == ("data.kind_unfit", "a")
    assert error.message.startswith(f"Column a cannot be read as dates by {pattern!r}: ")
    assert said in error.message


def test_the_day_on_which_it_is_read_is_no_date_of_a_table(open_arrow):
    assert "row 2 holds 'today'" in refused(lambda: read(open_arrow, ["2020", "today"], "date:%Y")).message


def test_a_kind_for_a_column_that_there_is_not_names_the_nearest(open_arrow):
    error = refused(lambda: open_arrow(pa.table({"amount": [1]}), kinds={"amont": "text"}))
    assert error.message == "table.parquet has no column amont."
    assert error.hint == "Did you mean amount? Valid: amount."
