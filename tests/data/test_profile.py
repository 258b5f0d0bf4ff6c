"""What is known of each column, however the file falls into chunks."""

from __future__ import annotations

import json

import pytest

from workbench.data import profile as profile_module
from workbench.data.layout import Layout
from workbench.data.source import Column
from workbench.data.tally import MOST_DISTINCT


@pytest.fixture
def profile(written):
    """Profile a table of one column `a`, two rows a chunk."""

    def profile(*values: str) -> Column:
        path = written("\n".join(["a,b", *(f"{value},1" for value in values)]))
        rows, columns = profile_module.profile(path, Layout("utf-8", ",", ("a", "b")), chunk_rows=2)
        assert rows == len(values)
        return columns[0]

    return profile


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
def test_a_columns_kind_is_that_of_a_whole_read(profile, written, values, kind):
    assert profile(*values).kind == kind
    frame = Layout("utf-8", ",", ("a", "b")).read(written("\n".join(["a,b", *(f"{value},1" for value in values)])))
    is_bool = frame["a"].dropna().map(lambda value: isinstance(value, bool)).all()
    whole = "number" if frame["a"].dtype.kind in "iuf" else "bool" if is_bool else "text"
    assert whole == ("text" if kind == "date" else kind)


def test_numbers_are_measured(profile):
    column = profile("1", "2", "", "4", "4")
    assert (column.missing, column.distinct, column.integral) == (1, 3, True)
    assert (column.minimum, column.maximum, column.mean) == (1.0, 4.0, 2.75)
    assert column.top[0] == ("4", 2)
    assert column.rarest == 1


def test_a_fraction_anywhere_ends_whole_numbers(profile):
    column = profile("1", "2", "3", "4.5")
    assert not column.integral
    assert column.maximum == 4.5


def test_infinite_values_do_not_spoil_the_measures(profile):
    column = profile("1", "inf", "3", "-inf")
    assert (column.minimum, column.maximum, column.mean) == (1.0, 3.0, 2.0)
    json.dumps(column.as_dict(), allow_nan=False)


def test_text_that_begins_as_numbers_is_counted_as_written(profile):
    column = profile("01", "1", "x", "1")
    assert dict(column.top) == {"1": 2, "01": 1, "x": 1}


def test_the_five_most_frequent_values_are_kept(profile):
    column = profile(*"aaaabbbccddefg")
    assert [pair[0] for pair in column.top[:4]] == ["a", "b", "c", "d"]
    assert len(column.top) == 5
    assert column.distinct == 7


def test_all_missing_has_no_measures(profile):
    column = profile("", "", "")
    assert (column.missing, column.distinct, column.minimum, column.top, column.rarest) == (3, 0, None, (), None)


def test_distinct_values_are_exact_up_to_a_cap_and_then_said_to_be_more(written):
    layout = Layout("utf-8", ",", ("a", "b"))
    for rows, exact in ((MOST_DISTINCT, True), (MOST_DISTINCT + 1, False)):
        path = written("\n".join(["a,b", *(f"id{number},1" for number in range(rows))]))
        column = profile_module.profile(path, layout)[1][0]
        assert (column.distinct, column.distinct_exact) == (MOST_DISTINCT, exact)
        assert (column.rarest is None) == (not exact)


def test_a_profile_survives_json(profile):
    for column in (profile("1", "", "3.5"), profile("x", "y", "x"), profile("True", "False")):
        assert Column.of(json.loads(json.dumps(column.as_dict(), allow_nan=False))) == column
