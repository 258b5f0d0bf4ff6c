"""Arrow's many types, made the few that a table is kept in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from tests.data.reading import columns, refused, whole


def table(**arrays):
    return pa.table(arrays)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64()])
def test_narrow_whole_numbers_are_int64(open_arrow, kind):
    read = whole(open_arrow(table(a=pa.array([1, None, 3], kind))))
    assert read.schema.field("a").type == pa.int64()
    assert read["a"].to_pylist() == [1, None, 3]


def test_unsigned_numbers_that_fit_are_int64(open_arrow):
    read = whole(open_arrow(table(a=pa.array([1, None], pa.uint64()))))
    assert read.schema.field("a").type == pa.int64()


def test_unsigned_numbers_beyond_int64_stay_unsigned_wherever_the_first_comes(open_arrow):
    read = whole(open_arrow(table(a=pa.array([1, 2, 2**64 - 1], pa.uint64())), rows=1))
    assert read.schema.field("a").type == pa.uint64()
    assert read["a"].to_pylist() == [1, 2, 2**64 - 1]


@pytest.mark.parametrize("values", [[None, 2**64 - 1, 1], [2**64 - 1, 1, None]])
def test_unsigned_numbers_beyond_int64_with_gaps_are_text_and_lose_no_digit(open_arrow, values):
    reader = open_arrow(table(a=pa.array(values, pa.uint64())), rows=1)
    assert columns(reader)["a"] == [None if value is None else str(value) for value in values]
    assert reader.notices == ("Column a has gaps and whole numbers of more than 63 bits; it is read as text.",)


def test_floats_are_float64_and_what_is_no_number_is_a_gap(open_arrow):
    halves = pa.array(np.array([1.5, np.nan], dtype="float16"))
    read = whole(open_arrow(table(a=pa.array([0.1, float("nan")], pa.float32()), b=halves), parquet=False))
    assert read["a"].to_pylist() == [np.float32(0.1).item(), None]
    assert read["b"].to_pylist() == [1.5, None]


def test_decimals_are_the_nearest_floats(open_arrow):
    values = [Decimal(number) / 1000 for number in range(10**11, 10**11 + 20_000, 7)]
    read = columns(open_arrow(table(a=pa.array(values, pa.decimal128(20, 3)))))
    assert read["a"] == [float(value) for value in values]


def test_decimals_without_a_fraction_are_whole_numbers(open_arrow):
    read = whole(open_arrow(table(a=pa.array([Decimal(7), None], pa.decimal128(12, 0)))))
    assert read.schema.field("a").type == pa.int64()


def test_decimals_of_more_than_64_bits_are_floats_and_say_so(open_arrow):
    reader = open_arrow(table(a=pa.array([Decimal(1), Decimal(10**25)], pa.decimal128(30, 0))), rows=1)
    assert columns(reader)["a"] == [1.0, 1e25]
    assert "about 15 digits are exact" in reader.notices[0]


def test_texts_of_every_width_and_coding_are_text(open_arrow):
    read = whole(
        open_arrow(
            table(
                a=pa.array(["x", None], pa.large_string()),
                b=pa.array(["x", None]).dictionary_encode(),
                c=pa.array([b"x", None], pa.large_binary()),
                d=pa.array([b"x", None], pa.binary(1)),
                e=pa.array(["x", None], pa.string_view()),
            ),
            parquet=False,
        )
    )
    assert set(read.schema.types) == {pa.string()}
    assert all(column.to_pylist() == ["x", None] for column in read.columns)


def test_a_dictionary_of_numbers_is_numbers(open_arrow):
    assert columns(open_arrow(table(a=pa.array([4, 4, None]).dictionary_encode())))["a"] == [4, 4, None]


def test_runs_and_extensions_are_decoded(open_arrow):
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([7, 8]))
    made = UUID(int=5)
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([made.bytes, None, made.bytes], pa.binary(16)))
    assert columns(open_arrow(table(a=runs, b=uuids), parquet=False)) == {
        "a": [7, 7, 8],
        "b": [str(made), None, str(made)],
    }


def test_an_empty_text_is_a_gap_and_counted(open_arrow):
    reader = open_arrow(table(a=["", "x", "", " "]))
    assert columns(reader)["a"] == [None, "x", None, " "]
    assert reader.notices == ("Empty texts of column a are gaps: 2.",)


def test_native_texts_that_look_like_gaps_or_numbers_stay(open_arrow):
    assert columns(open_arrow(table(a=["NA", "007", "NaN"])))["a"] == ["NA", "007", "NaN"]


def test_bytes_that_are_no_text_are_refused_by_column(open_arrow):
    error = refused(lambda: whole(open_arrow(table(a=[1], photo=[b"\xff\xd8"]))))
    assert error.code == "data.parse_failed"
    assert error.message == "Column photo of table.parquet holds bytes that are not text (not UTF-8)."


def test_text_that_claims_to_be_utf8_and_is_not_is_refused(open_arrow):
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], "int32").tobytes()), pa.py_buffer(b"\xff")]
    )
    assert refused(lambda: whole(open_arrow(table(a=broken), parquet=False))).code == "data.parse_failed"


def test_dates_are_days_of_iso_8601(open_arrow):
    day = dt.date(2020, 2, 29)
    reader = open_arrow(
        table(a=pa.array([day, None], pa.date32()), b=pa.array([day, None], pa.date64())), parquet=False
    )
    assert columns(reader) == {"a": ["2020-02-29", None], "b": ["2020-02-29", None]}
    assert list(reader.dates) == ["a", "b"]


@pytest.mark.parametrize(
    ("last", "written"),
    [
        (0, "2020-01-01"),
        (3600 * 10**9, "2020-01-01 00:00:00"),
        (5 * 10**6, "2020-01-01 00:00:00.000"),
        (5 * 10**3, "2020-01-01 00:00:00.000000"),
        (5, "2020-01-01 00:00:00.000000000"),
    ],
)
def test_date_times_are_written_as_finely_as_the_finest_of_their_column(open_arrow, last, written):
    start = 1577836800 * 10**9
    reader = open_arrow(table(a=pa.array([start, None, start + last], pa.timestamp("ns"))), rows=1)
    assert columns(reader)["a"][:2] == [written, None]
    assert list(reader.dates) == ["a"]


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Berlin", "2020-01-01 01:00:00+01:00", "2020-07-01 02:00:00+02:00"),
        ("-03:30", "2019-12-31 20:30:00-03:30", "2020-06-30 20:30:00-03:30"),
        ("UTC", "2020-01-01 00:00:00+00:00", "2020-07-01 00:00:00+00:00"),
    ],
)
def test_moments_in_a_zone_keep_their_offset(open_arrow, zone, winter, summer):
    moments = [dt.datetime(2020, 1, 1), dt.datetime(2020, 7, 1), None]
    reader = open_arrow(table(a=pa.array(moments, pa.timestamp("us", zone))), parquet=False)
    assert columns(reader)["a"] == [winter, summer, None]


def test_an_unknown_zone_gives_utc_and_says_so(open_arrow):
    reader = open_arrow(table(a=pa.array([0], pa.timestamp("s", "Mars/Olympus"))), parquet=False)
    assert columns(reader)["a"] == ["1970-01-01 00:00:00+00:00"]
    assert reader.notices == ("The time zone of column a is not known here; its times are given in UTC.",)


def test_a_date_beyond_the_year_9999_is_refused_by_row(open_arrow):
    error = refused(lambda: whole(open_arrow(table(a=pa.array([0, 10**12], pa.timestamp("s"))), parquet=False)))
    assert error.message == "Column a of table.feather has a date outside of the years 1 to 9999 in row 2."


def test_times_of_day_are_text_and_durations_are_seconds_with_a_notice(open_arrow):
    reader = open_arrow(
        table(t=[dt.time(9, 30), None], d=[dt.timedelta(minutes=1, milliseconds=500), None]), parquet=False
    )
    assert columns(reader) == {"t": ["09:30:00", None], "d": [60.5, None]}
    assert [notice.split(";")[0] for notice in reader.notices] == [
        "Column t holds times of day",
        "Column d holds durations",
    ]


def test_nested_values_are_json_with_a_notice(open_arrow):
    reader = open_arrow(table(a=[[1, 2], None], b=[{"x": dt.date(2020, 1, 1)}, {"x": None}]))
    assert columns(reader) == {"a": ["[1, 2]", None], "b": ['{"x": "2020-01-01"}', '{"x": null}']}
    assert all("is read as JSON text" in notice for notice in reader.notices)


def test_a_column_of_nothing_is_float64(open_arrow):
    assert whole(open_arrow(table(a=pa.nulls(2), b=[1, 2]))).schema.field("a").type == pa.float64()
