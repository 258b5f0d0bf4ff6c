"""Where a stretch of a text table may end: line breaks stand in quotes, and quotes where no value begins."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from tests.data.reading import columns, refused, whole
from workbench.data.formats.stream import WINDOW

SMALL = {"block_bytes": 512, "row_bytes": 2048}


def by_pandas(content: str) -> dict[str, list[object]]:
    return pd.read_csv(io.StringIO(content)).to_dict("list")


def of_rows(header: str, row: str, count: int = 300) -> str:
    return header + "\n" + "".join(row.format(number=number) + "\n" for number in range(count))


TABLES = {
    "lines in a cell": of_rows("id,address,price", '{number},"12 Long Street\n1000 Town",0.5'),
    "a title and a body of lines": of_rows("title,body", '"Title\n{number}","One ""quoted"" line,\n\nand another"'),
    "quotes where no value begins": of_rows("id,pipe", '{number},5" pipe').replace("100,5", '100,"a\nb" 5'),
    "odd quotes and lines in cells": of_rows("pipe,note,id", '5" pipe,"two\nlines",{number}'),
    "quotes alone in quotes": of_rows("a,b", '"{number}\n""","""\n"'),
    "a long row among short ones": of_rows("a,b", "{number},x")
    + "0,"
    + "y" * 2000
    + "\n"
    + of_rows("1,x", "2,{number}"),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_that_stretches_end_in_are_those_of_pandas(open_bytes, name):
    content = TABLES[name]
    assert columns(open_bytes(content, "t.csv", limits=SMALL)) == by_pandas(content)


def test_line_ends_of_old_are_found_among_breaks_in_cells(open_bytes):
    content = of_rows("a,b", '{number},"two\n\nlines"').replace("\n\n", "\0").replace("\n", "\r").replace("\0", "\n")
    assert columns(open_bytes(content, "t.csv", limits=SMALL)) == {"a": list(range(300)), "b": ["two\nlines"] * 300}


def test_a_row_that_goes_on_for_too_long_is_refused(open_bytes):
    content = of_rows("a,b", "{number},x") + '0,"' + "y\n" * 4000
    error = refused(lambda: whole(open_bytes(content, "t.csv", limits=SMALL)))
    assert error.code == "data.parse_failed"
    assert "a quote may have been left open" in error.message


def test_many_columns_that_change_late_are_read_whatever_else_has_to_be_mended(open_bytes):
    names = [f"c{number}" for number in range(40)]
    plain = ",".join(["1"] * 40) + "\n"
    halves = "".join(",".join("2.5" if place == column else "1" for place in range(40)) + "\n" for column in range(40))
    content = ",".join(names) + "\n" + plain * 100 + halves + plain * 100 + "1,2\n"
    read = columns(open_bytes(content, "t.csv", limits={"block_bytes": 4096}))
    assert {name: read[name].count(2.5) for name in names} == dict.fromkeys(names, 1)


def test_a_short_row_before_bytes_that_are_no_utf8_hides_neither(open_bytes):
    reader = open_bytes(b"a,b\n1\n" + b"1,x\n" * 300 + "1,é\n".encode("latin-1"), "t.csv", limits=SMALL)
    assert columns(reader)["b"][0] is None
    assert columns(reader)["b"][-1] == "é"
    assert reader.notices == [
        "t.csv is not UTF-8; it was read as Latin-1.",
        "Line 2 has fewer values than the header has names; the rest was taken as missing.",
    ]


def test_a_plus_at_the_end_of_a_window_is_seen(open_bytes):
    before = "a\n11\n"
    content = before + "1\n" * ((WINDOW - len(before) - 1) // 2) + "+1\n1\n"
    assert content.index("+") == WINDOW - 1
    assert {type(value) for value in columns(open_bytes(content, "t.csv"))["a"]} == {int}


def test_an_empty_value_in_quotes_is_a_row(open_bytes):
    assert columns(open_bytes('a,b\n1,x\n""\n', "t.csv"))["b"] == ["x", None]


def test_blanks_at_the_very_end_are_no_row(open_bytes):
    assert columns(open_bytes("a\n1\n  ", "t.csv")) == {"a": [1]}


def test_a_long_cell_is_read_beside_a_short_row(open_bytes):
    assert len(columns(open_bytes(f"a,b\n{'x' * 200_000},1\n2\n", "t.csv"))["a"][0]) == 200_000


def test_gaps_beside_numbers_too_large_are_spelt_as_pandas_spells_them(open_bytes):
    content = "a\n18446744073709551615\nNA\n1\n"
    read = columns(open_bytes(content, "t.csv"))
    assert read == by_pandas(content) == {"a": ["18446744073709551615", "NA", "1"]}
