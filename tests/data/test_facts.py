"""What is known of each column, however the table falls into blocks."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from workbench.data.formats.reader import Limits
from workbench.data.formats.text import TextReader
from workbench.data.ingest import table
from workbench.data.ingest.facts import MOST_DISTINCT
from workbench.data.source import Column


@pytest.fixture
def facts(written, tmp_path):
    """Ingest a table of one column `a` and another, a few rows a block, or a hundredth of many."""

    def facts(*values: str) -> Column:
        path = written("\n".join(["a,b", *(f"{value},1" for value in values)]))
        limits = Limits(tmp_path, block_bytes=max(32, path.stat().st_size // 100))
        reader = TextReader(path, "table.csv", limits)
        made = table.write(reader, tmp_path / "table.parquet", lambda _: None)
        assert made.row_count == len(values)
        return made.columns[0]

    return facts


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "3"], "number"),
        (["1", "2", "3.5"], "number"),
        (["1", "2", "", ""], "number"),
        (["", "", "", ""], "number"),
        (["", "", "x", "y"], "text"),
        (["1", "2", "x", "y"], "text"),
        (["True", "False", "True", "True"], "bool"),
        (["True", "", "False", "True"], "bool"),
        (["", "", "True", "False"], "bool"),
        (["True", "False", "1", "0"], "text"),
        (["True", "False", "x", "y"], "text"),
        (["18446744073709551615", "1", "2", "3"], "number"),
        (["18446744073709551615", "1", "-2", "3"], "text"),
        (["18446744073709551615", "1", "", "3"], "text"),
        (["2024-01-31", "2024-02-29", "2024-03-01T12:30:00"], "date"),
        (["1949-01", "1949-02", "", "1949-03"], "date"),
        (["2024-01-31", "2024-02-30", "2024-03-01"], "text"),
        (["2024-01-31", "2024-02-01", "soon"], "text"),
    ],
)
def test_a_columns_kind_is_that_of_a_whole_read(facts, written, values, kind):
    assert facts(*values).kind == kind
    frame = pd.read_csv(written("\n".join(["a,b", *(f"{value},1" for value in values)])), low_memory=False)
    is_bool = frame["a"].dropna().map(lambda value: isinstance(value, bool)).all()
    whole = "number" if frame["a"].dtype.kind in "iuf" else "bool" if is_bool else "text"
    assert whole == ("text" if kind == "date" else kind)


def test_numbers_are_measured(facts):
    column = facts("1", "2", "", "4", "4")
    assert (column.missing, column.distinct, column.integral) == (1, 3, True)
    assert (column.minimum, column.maximum, column.mean) == (1.0, 4.0, 2.75)
    assert column.top[0] == ("4", 2)
    assert column.rarest == 1


def test_a_fraction_anywhere_ends_whole_numbers(facts):
    column = facts("1", "2", "3", "4.5")
    assert not column.integral
    assert column.maximum == 4.5


def test_infinite_values_do_not_spoil_the_measures(facts):
    column = facts("1", "inf", "3", "-inf")
    assert (column.minimum, column.maximum, column.mean) == (1.0, 3.0, 2.0)
    json.dumps(column.as_dict(), allow_nan=False)


def test_text_that_begins_as_numbers_is_counted_as_written(facts):
    column = facts("01", "1", "x", "1")
    assert dict(column.top) == {"1": 2, "01": 1, "x": 1}


def test_the_five_most_frequent_values_are_kept(facts):
    column = facts(*"aaaabbbccddefg")
    assert [pair[0] for pair in column.top[:4]] == ["a", "b", "c", "d"]
    assert len(column.top) == 5
    assert column.distinct == 7


def test_all_missing_has_no_measures(facts):
    column = facts("", "", "")
    assert (column.missing, column.distinct, column.minimum, column.top, column.rarest) == (3, 0, None, (), None)


def test_distinct_values_are_exact_up_to_a_cap_and_then_said_to_be_more(facts):
    for rows, exact in ((MOST_DISTINCT, True), (MOST_DISTINCT + 1, False)):
        column = facts(*(f"id{number}" for number in range(rows)))
        assert (column.distinct, column.distinct_exact) == (MOST_DISTINCT, exact)
        assert (column.rarest is None) == (not exact)
        assert column.unique


def test_the_most_frequent_values_are_counted_to_the_end_where_there_are_too_many(facts):
    column = facts(*(f"id{number % 15_000}" if number % 2 else "often" for number in range(30_000)))
    assert column.top[0] == ("often", 15_000)
    assert not column.unique


def test_facts_survive_json(facts):
    for column in (facts("1", "", "3.5"), facts("x", "y", "x"), facts("True", "False")):
        assert Column.of(json.loads(json.dumps(column.as_dict(), allow_nan=False))) == column
