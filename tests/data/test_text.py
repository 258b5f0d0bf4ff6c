"""How a table is read: what is decided, what is repaired, and that both are said."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from workbench.data.formats.layout import repair
from workbench.data.formats.reader import Limits
from workbench.data.formats.text import TextReader
from workbench.data.ingest import table
from workbench.data.source import Column


@dataclass
class Parsed:
    names: list[str]
    format: dict[str, str]
    row_count: int
    columns: tuple[Column, ...]
    notices: tuple[str, ...]


@pytest.fixture
def parse(written, tmp_path):
    def parse(content: str | bytes) -> Parsed:
        reader = TextReader(written(content), "table.csv", Limits(tmp_path))
        made = table.write(reader, tmp_path / "table.parquet", lambda _: None)
        return Parsed(reader.schema.names, reader.format, made.row_count, made.columns, tuple(reader.notices))

    return parse


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("latin-1", "latin-1")],
)
def test_the_encoding_is_found(parse, encoding, found):
    parsed = parse("größe,n\nä,1\nß,2\n".encode(encoding))
    assert parsed.format["encoding"] == found
    assert parsed.names == ["größe", "n"]
    assert dict(parsed.columns[0].top) == {"ä": 1, "ß": 1}


def test_big_endian_utf16_is_read(parse):
    assert parse(b"\xfe\xff" + "é,b\n1,2\n".encode("utf-16-be")).names == ["é", "b"]


def test_latin1_is_said(parse):
    assert parse("é,b\n1,2\n".encode("latin-1")).notices == ("table.csv is not UTF-8; it was read as Latin-1.",)


def test_latin1_late_in_a_large_file_is_noticed(parse):
    parsed = parse(b"a,b\n" + b"1,x\n" * 400_000 + b"2,\xe9\n")
    assert parsed.format["encoding"] == "latin-1"
    assert parsed.row_count == 400_001


def test_a_character_across_the_border_of_two_blocks_is_whole(parse):
    content = "a,b\n" + "1,é\n" * 300_000
    assert parse(content).format["encoding"] == "utf-8"
    assert parse("x" + content).format["encoding"] == "utf-8"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_sniffed(parse, delimiter):
    rows = [["a", "b", "c"], ["1", '"x, y; z|w\tv"', "3"], ["4", "y", "6"]]
    parsed = parse("\n".join(delimiter.join(row) for row in rows))
    assert parsed.format["delimiter"] == delimiter
    assert parsed.names == ["a", "b", "c"]


def test_decimal_commas_do_not_pass_for_delimiters(parse):
    parsed = parse("size;weight\n1,5;2,5\n3,5;4,5\n")
    assert parsed.names == ["size", "weight"]


def test_commas_in_text_do_not_pass_for_delimiters(parse):
    assert parse("a|b\nx, y|1\nz, w, v|2\n").format["delimiter"] == "|"


def test_a_table_of_one_column_is_read_and_said(parse):
    parsed = parse("value\n1\n2\n")
    assert parsed.row_count == 2
    assert parsed.notices == ("table.csv has one column: value.",)


def test_rows_are_counted_by_the_parser(parse):
    assert parse('a,b\n1,"two\nlines"\n\n2,"three\r\n\nlines"\n').row_count == 2


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_understood(parse, ending):
    parsed = parse(ending.join(["a,b", "1,x", "2,y", ""]))
    assert (parsed.row_count, parsed.names) == (2, ["a", "b"])
    assert [name for name, _ in parsed.columns[1].top] == ["x", "y"]


def test_short_rows_are_said(parse):
    assert parse("a,b\n1\n2,3\n").notices == (
        "Line 2 has fewer values than the header has names; the rest was taken as missing.",
    )
    assert parse("a,b\n1,2\n1\n2\n").notices == (
        "2 rows have fewer values than the header has names, the first at line 3; the rest was taken as missing.",
    )


def test_blank_lines_before_the_header_are_passed_over(parse):
    parsed = parse("\n\n  \na,b\n1,2\n")
    assert (parsed.row_count, parsed.names) == (1, ["a", "b"])


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["a", "a", "a"], ["a", "a.1", "a.2"]),
        (["a", "a", "a.1"], ["a", "a.2", "a.1"]),
        (["", "b", ""], ["column_1", "b", "column_3"]),
        (["column_2", ""], ["column_2", "column_2.1"]),
        ([" a ", "b\r\nc", "\ufeffd", "e\x00\x07"], ["a", "b c", "d", "e"]),
        ([" a", "a"], ["a", "a.1"]),
        (["\t", "\u200b"], ["column_1", "column_2"]),
    ],
)
def test_header_names_are_repaired(header, names):
    assert repair(header)[0] == names


def test_a_clean_header_needs_no_notice():
    assert repair(["a", "b c", "ü"]) == (["a", "b c", "ü"], [])


def test_header_repairs_are_said(parse):
    assert parse("a,, b ,a\n1,2,3,4\n").notices == (
        "Spaces or control characters were taken out of column names: b.",
        "Columns without a name were named: column_2.",
        "Repeated column names were numbered: a → a.1.",
    )


def test_numbered_names_are_those_of_pandas(parse, written):
    content = "a,b,a,b,a\n1,2,3,4,5\n"
    assert list(parse(content).names) == list(pd.read_csv(written(content)).columns)
