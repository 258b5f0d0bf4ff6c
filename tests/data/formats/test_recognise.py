"""What a file is, by how its bytes begin."""

from __future__ import annotations

import pytest

from tests.data.reading import columns, refused


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PARE", "an encrypted Parquet file"),
        (b"FEA1", "a Feather file of the first version"),
        (b"ORC", "an ORC file"),
        (b"Obj\x01", "an Avro file"),
        (b"\x80\x04\x95\x00", "a pickle"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"a" * 257 + b"ustar", "a tar archive"),
    ],
)
def test_a_table_in_a_format_that_is_not_read_is_named_for_what_it_is(open_bytes, head, what):
    error = refused(lambda: open_bytes(head + bytes(600), "t.csv"))
    assert error.code == "data.not_a_table"
    assert error.message == f"t.csv is {what}, which is not read."


@pytest.mark.parametrize(
    ("content", "scheme"),
    [(b"SQLite format 3\0" + bytes(100), "sqlite"), (bytes(8) + b"DUCK" + bytes(100), "duckdb")],
)
def test_a_database_is_to_be_named_as_a_source_of_its_own(open_bytes, content, scheme):
    error = refused(lambda: open_bytes(content, "shop.db"))
    assert error.code == "data.not_a_table"
    assert error.hint == f"Name it as a SQL source: {scheme}:///shop.db, and a table or a query."


def test_text_is_text_under_the_name_of_another_format(open_bytes):
    for name in ("t.xls", "t.parquet", "t.zip", "t"):
        assert columns(open_bytes("a,b\n1,x\n", name)) == {"a": [1], "b": ["x"]}


def test_what_its_name_says_is_json_is_read_as_json(open_bytes):
    assert refused(lambda: open_bytes("a,b\n1,2\n", "t.json")).message.startswith("t.json cannot be read as JSON")


def test_an_option_that_nothing_would_heed_is_refused(open_bytes):
    error = refused(lambda: open_bytes("a,b\n1,2\n", "t.csv", sheet="One"))
    assert (error.code, error.message) == ("data.unknown_option", "t.csv takes no option sheet.")
    assert error.hint == "Valid: delimiter, encoding."


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.parquet", "t.xlsx"])
def test_an_empty_file_is_empty_whatever_its_name(open_bytes, name):
    assert refused(lambda: open_bytes(b"", name)).code == "data.empty"
