"""Tables that are handed over from memory."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.data.reading import columns, opened, refused
from workbench.data import origins
from workbench.data.formats.reader import Asked, Limits
from workbench.data.formats.recognise import open_file
from workbench.data.origins.inline import Inline


def test_records_are_rows_and_what_one_lacks_is_a_gap(tmp_path):
    records = [{"a": 1, "b": "x"}, {"b": None, "c": True}]
    assert columns(opened(Inline(records), tmp_path)) == {"a": [1, None], "b": ["x", None], "c": [None, True]}


def test_values_of_numpy_pandas_and_python_are_taken_for_what_they_are(tmp_path):
    records = [
        {"i": np.int64(3), "f": Decimal("1.1"), "d": dt.date(2020, 1, 2), "t": np.str_("x"), "b": np.bool_(True)},
        {"i": pd.NA, "f": float("nan"), "d": pd.NaT, "t": float("nan"), "b": None},
    ]
    reader = opened(Inline(records), tmp_path)
    assert columns(reader) == {
        "i": [3, None],
        "f": [1.1, None],
        "d": ["2020-01-02", None],
        "t": ["x", None],
        "b": [True, None],
    }
    assert list(reader.dates) == ["d"]
    assert reader.notices == ()


def test_a_frame_is_its_columns_and_the_labels_that_have_a_name(tmp_path):
    frame = pd.DataFrame(
        {
            "n": [1.0, np.nan],
            "c": pd.Categorical(["x", "y"]),
            "t": pd.to_datetime(["2020-01-01", None]),
            "p": pd.period_range("2020", periods=2, freq="D"),
            7: [1, 2],
        },
        index=[5, 9],
    )
    assert columns(opened(Inline(frame), tmp_path)) == {
        "n": [1.0, None],
        "c": ["x", "y"],
        "t": ["2020-01-01", None],
        "p": ["2020-01-01", "2020-01-02"],
        "7": [1, 2],
    }
    named = opened(Inline(frame[["n"]].rename_axis("id")), tmp_path)
    assert columns(named) == {"id": [5, 9], "n": [1.0, None]}


def test_a_column_of_several_kinds_is_text_and_says_so_whoever_reads_what_was_written(tmp_path):
    Inline(pd.DataFrame({"a": [1, "x", None]})).write(tmp_path / "raw")
    reader = open_file(tmp_path / "raw", "table", Limits(tmp_path), Asked())
    assert columns(reader) == {"a": ["1", "x", None]}
    assert reader.notices == ("Column a holds values of several kinds (numbers, text); it is read as text.",)


def test_a_table_of_arrow_is_taken_as_it_is(tmp_path):
    assert columns(opened(Inline(pa.table({"a": [1, 2]})), tmp_path)) == {"a": [1, 2]}


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        Inline(pd.DataFrame({"a": [1, 2], "b": ["x", None]})).write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_frame_with_columns_of_one_name_has_them_numbered(tmp_path):
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert columns(opened(Inline(frame), tmp_path)) == {"a": [1], "a.1": [2]}


def test_records_hold_what_no_text_and_no_number_of_pythons_can_be_written_as(tmp_path):
    reader = opened(Inline([{"\ud800": "\ude00", "n": 10**5000}]), tmp_path)
    assert columns(reader) == {"\ufffd": ["\ufffd"], "n": ["1" + "0" * 5000]}
    assert len(reader.notices) == 3


@pytest.mark.parametrize("nested", [{(1, 2): 3}, [10**5000]])
def test_a_nested_value_without_a_form_in_json_is_refused(tmp_path, nested):
    error = refused(lambda: opened(Inline([{"a": nested}]), tmp_path))
    assert error.code == "data.parse_failed"
    assert error.message.startswith("Column a holds a nested value that JSON has no form for: ")


@pytest.mark.parametrize("data", ["text", [1, 2], {"a": [1]}, 5])
def test_what_is_no_table_is_refused(tmp_path, data):
    assert refused(lambda: opened(Inline(data), tmp_path)).code == "data.not_a_table"


def test_no_records_are_no_rows(tmp_path):
    assert refused(lambda: opened(Inline([]), tmp_path)).code == "data.no_rows"


def test_once_stored_it_is_known_by_name_alone(tmp_path):
    stored = Inline([{"a": 1}], "customers").told()
    assert stored == {"kind": "inline", "called": "customers"}
    error = refused(origins.of(stored).test)
    assert error.message == "customers was handed over from memory, and cannot be read again."
