"""Rows are checked in full before anything is predicted, and all that is wrong is told at once."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadRequest
from workbench.predictor.schema import PROBLEMS_MOST, InvalidRows, Schema
from workbench.predictor.table import join

STORED = [
    {"name": "age", "dtype": "int64"},
    {"name": "price", "dtype": "float64"},
    {"name": "city", "dtype": "object"},
    {"name": "member", "dtype": "bool"},
    {"name": "asked", "dtype": "object"},
]
SAMPLE = [{"age": 1, "price": 2.5, "city": None, "member": True, "asked": None}, {"city": "Rome", "asked": True}]
ROW = {"age": 40, "price": 9.5, "city": "Rome", "member": False, "asked": None}
SCHEMA = Schema.of(STORED, SAMPLE)


def problems(rows) -> list[tuple]:
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.read(rows)
    assert refused.value.code == "predict.invalid_rows"
    return [(told["row"], told["column"], told["problem"]) for told in refused.value.about["problems"]]


def test_what_a_column_holds_is_told_by_its_dtype_and_by_the_sample():
    assert {column.name: column.kind for column in SCHEMA.columns} == {
        "age": "number",
        "price": "number",
        "city": "text",
        "member": "bool",
        "asked": "bool",
    }


def test_a_kind_that_was_stored_goes_before_what_the_dtype_tells():
    schema = Schema.of([{"name": "since", "dtype": "object", "kind": "date"}])
    assert schema.columns[0].kind == "date"


def test_rows_become_the_frame_that_the_pipeline_was_fitted_on():
    frame = SCHEMA.read([ROW, ROW | {"age": 41, "city": None, "asked": True}]).frame()
    assert frame.dtypes.astype(str).to_dict() == {
        "age": "int64",
        "price": "float64",
        "city": "object",
        "member": "bool",
        "asked": "object",
    }
    assert frame.index.equals(pd.RangeIndex(2))
    assert frame.city.isna().tolist() == [False, True]
    assert frame.asked.tolist()[1] is True


@pytest.mark.parametrize(
    ("value", "dtype"), [(None, "float64"), (40.5, "float64"), (41.0, "int64"), (2**53 + 1, "float64")]
)
def test_a_column_of_whole_numbers_holds_others_where_it_must(value, dtype):
    frame = SCHEMA.read([ROW, ROW | {"age": value}]).frame()
    assert str(frame.age.dtype) == dtype


def test_a_missing_truth_value_leaves_the_others_as_they_are():
    frame = SCHEMA.read([ROW, ROW | {"member": None}]).frame()
    assert frame.member.tolist()[0] is False
    assert np.isnan(frame.member.tolist()[1])


@pytest.mark.parametrize("rows", [[], {}, None, "rows", 5])
def test_what_is_no_list_of_rows_is_refused_in_one_sentence(rows):
    with pytest.raises(BadRequest) as refused:
        SCHEMA.read(rows)
    assert refused.value.code == "predict.no_rows"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("age", True, "is true; it takes a number"),
        ("age", "40", "is '40'; it takes a number"),
        ("age", [40], "is a list; it takes a number"),
        ("price", {"of": 1}, "is an object; it takes a number"),
        ("price", float("nan"), "is nan; it takes a finite number"),
        ("price", float("-inf"), "is -inf; it takes a finite number"),
        ("price", 10**400, "is an int; it takes a finite number"),
        ("city", 5, "is 5; it takes a text"),
        ("city", False, "is false; it takes a text"),
        ("member", 1, "is 1; it takes true or false"),
        ("asked", "yes", "is 'yes'; it takes true or false"),
    ],
)
def test_a_value_of_another_kind_is_named_with_what_its_column_takes(column, value, problem):
    assert problems([ROW, ROW | {column: value}]) == [(1, column, problem)]


def test_all_that_is_wrong_with_all_rows_is_named_in_one_answer():
    lacking = {name: value for name, value in ROW.items() if name != "city"}
    assert problems([ROW | {"age": "x"}, 5, lacking | {"town": "Rome"}, ROW, ROW | {"member": 0, "city": 1}]) == [
        (0, "age", "is 'x'; it takes a number"),
        (1, None, "is 5, not an object of columns"),
        (2, "city", "is missing"),
        (2, "town", "is no column of this pipeline"),
        (4, "city", "is 1; it takes a text"),
        (4, "member", "is 0; it takes true or false"),
    ]


def test_a_flood_of_problems_is_cut_and_counted():
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.read([{}] * 50)
    assert len(refused.value.about["problems"]) == PROBLEMS_MOST
    assert refused.value.about["more"] == 50 * len(STORED) - PROBLEMS_MOST
    assert refused.value.message == "Row 0: 'age' is missing. There are 249 more problems."


def test_what_is_wrong_with_a_part_of_a_table_is_told_by_where_it_stands_in_the_whole():
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.read([ROW, {}] + [{}] * 50)
    told = refused.value.after(20_000)
    assert told.message == "Row 20001: 'age' is missing. There are 254 more problems."
    assert [problem["row"] for problem in told.about["problems"]][:: len(STORED)] == list(range(20_001, 20_021))
    assert (told.code, told.about["more"]) == (refused.value.code, refused.value.about["more"])


def test_what_is_wrong_crosses_between_processes():
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.read([{}])
    assert pickle.loads(pickle.dumps(refused.value)).about == refused.value.about


def test_columns_that_nothing_reads_may_be_there_or_not():
    schema = SCHEMA.narrowed(["age", "city", "buys"], {})
    few = {"age": 1, "city": "Rome"}
    assert [column.name for column in schema.columns] == ["age", "city"]
    assert len(schema.read([few, ROW])) == 2
    with pytest.raises(InvalidRows):
        schema.read([few | {"town": 1}])


def dated(pattern: str | None) -> Schema:
    return Schema.of([{"name": "since", "dtype": "object"}]).narrowed(["since"], {"since": pattern})


@pytest.mark.parametrize("text", ["2020-02-30", "soon", "0001-01-01", "", "now", "today", "12:30"])
def test_what_is_no_date_is_refused_where_the_pipeline_reads_dates(text):
    assert len(dated(None).read([{"since": "2020-02-28"}, {"since": "28 Feb 2020"}, {"since": None}])) == 3
    with pytest.raises(InvalidRows, match="which is no date"):
        dated(None).read([{"since": text}])


@pytest.mark.parametrize(
    "text", ["12/31/2019", "31.12.2019", "31/12/2019 10:00", "28 Feb 2020", "2020", "now", "12:30"]
)
def test_a_date_that_is_written_otherwise_than_where_it_was_learned_is_refused_with_an_example(text):
    rows = [{"since": known} for known in ("31/12/2019", "01/02/2020", "2020-02-01", "2020-02-01T10:00:00.000Z", None)]
    assert len(dated("%d/%m/%Y").read(rows)) == len(rows)
    with pytest.raises(InvalidRows, match="which is no date; it takes a date like 31/12/2019"):
        dated("%d/%m/%Y").read([*rows, {"since": text}])


def test_a_schema_without_columns_takes_empty_rows():
    assert len(Schema.of([]).read([{}, {}, {}])) == 3


def test_a_frame_is_taken_by_its_columns_names_whatever_else_it_has():
    frame = pd.DataFrame([ROW, ROW | {"price": None}]).assign(more=1)[
        ["more", "city", "asked", "price", "member", "age"]
    ]
    table = SCHEMA.of_frame(frame)
    assert table.frame().columns.tolist() == [column.name for column in SCHEMA.columns]
    assert np.isnan(table.frame().price).tolist() == [False, True]


@pytest.mark.parametrize(("column", "dtype"), [("age", "Int64"), ("price", "Float64")])
def test_a_frame_may_have_gaps_in_columns_of_nullable_numbers(column, dtype):
    frame = pd.DataFrame([ROW, ROW]).astype({column: dtype})
    frame.loc[1, column] = pd.NA
    assert SCHEMA.of_frame(frame).frame()[column].isna().tolist() == [False, True]


def test_a_frame_that_lacks_columns_is_refused_by_their_names():
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.of_frame(pd.DataFrame([ROW]).drop(columns=["age", "member"]))
    assert [told["column"] for told in refused.value.about["problems"]] == ["age", "member"]


@pytest.mark.parametrize(
    ("column", "values"), [("age", ["1", "2"]), ("price", [1.0, np.inf]), ("city", [1, 2]), ("member", [0, 1])]
)
def test_a_frame_with_values_of_another_kind_is_refused_by_row_and_column(column, values):
    with pytest.raises(InvalidRows) as refused:
        SCHEMA.of_frame(pd.DataFrame([ROW, ROW]).assign(**{column: values}))
    assert {told["column"] for told in refused.value.about["problems"]} == {column}


def test_tables_are_joined_in_order():
    tables = [SCHEMA.read([ROW | {"age": age, "city": str(age)}]) for age in (1, 2, 3)]
    frame = join(tables).frame()
    assert frame.age.tolist() == [1, 2, 3]
    assert frame.city.tolist() == ["1", "2", "3"]


def test_rows_are_checked_without_pandas_or_the_machine_learning():
    code = (
        "import sys, workbench.predictor.schema as s; s.Schema.of([{'name': 'a', 'dtype': 'int64'}]).read([{'a': 1}]);"
    )
    heavy = {"pandas", "sklearn", "scipy", "pycaret", "numba", "lightgbm"}
    told = subprocess.check_output([sys.executable, "-c", f"{code} print(*sys.modules)"], text=True)
    assert heavy & set(told.split()) == set()


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
)
ANYTHING = (
    st.dictionaries(st.sampled_from([*ROW, "town"]), VALUES)
    | st.fixed_dictionaries(dict.fromkeys(ROW, VALUES))
    | VALUES
)


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(ANYTHING, max_size=4))
def test_whatever_the_rows_are_they_become_a_table_or_a_refusal(rows):
    try:
        table = SCHEMA.read(rows)
    except BadRequest as refused:
        json.dumps(refused.as_problem())
    else:
        assert len(table.frame()) == len(rows)
