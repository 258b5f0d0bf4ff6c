"""Input that cannot be a table: one clear sentence, and neither row nor file."""

from __future__ import annotations

import os

import pytest

from workbench.errors import BadRequest

pytestmark = pytest.mark.usefixtures("leaves_nothing")


def refusal(sources, path) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        sources.upload(path)
    return caught.value


@pytest.mark.parametrize("content", ["", "\n", "  \r\n\t\n", "\ufeff", "\ufeff\n"])
def test_an_empty_file_is_refused(sources, written, content):
    error = refusal(sources, written(content))
    assert (error.code, error.message) == ("data.empty", "table.csv is empty.")


@pytest.mark.parametrize("content", ["a,b,c", "a,b,c\n", "a,b,c\n\n  \n"])
def test_a_header_without_rows_is_refused(sources, written, content):
    error = refusal(sources, written(content))
    assert (error.code, error.message) == ("data.no_rows", "table.csv has a header but no rows.")


@pytest.mark.parametrize(
    ("head", "looks"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<!DOCTYPE html><html>", "a web page"),
    ],
)
def test_another_kind_of_file_is_named_for_what_it_is(sources, written, head, looks):
    error = refusal(sources, written(head, "photo.csv"))
    assert error.code == "data.not_a_table"
    assert error.message == f"photo.csv is not a text table (it looks like {looks})."


def test_binary_data_is_refused_wherever_it_begins(sources, written):
    late = b"a,b\n" + b"1,2\n" * 600_000 + b"1,\x00\n"
    for content in (late, bytes(range(1, 32)) * 20):
        error = refusal(sources, written(content, "data.csv"))
        assert error.code == "data.not_a_table"
        assert error.message == "data.csv is not a text table (it holds binary data)."


def test_a_file_that_only_begins_as_utf16_is_refused(sources, written):
    assert refusal(sources, written(b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8\x01")).code == "data.not_a_table"


def test_a_row_longer_than_the_header_is_named_by_line_and_counts(sources, written):
    error = refusal(sources, written('a,b\n1,"x\ny"\n\n3,4,5\n'))
    assert error.code == "data.ragged"
    assert error.message == "Line 5 of table.csv has 3 values, but its header names 2 columns."


def test_a_first_row_longer_than_the_header_is_not_taken_for_row_labels(sources, written):
    assert refusal(sources, written("a,b\n1,2,3\n4,5,6\n")).code == "data.ragged"


def test_a_long_row_is_found_where_pandas_starts_a_chunk(sources, written):
    error = refusal(sources, written("a,b\n" + "1,2\n" * 50_000 + "1,2,3\n"))
    assert error.message == "Line 50,002 of table.csv has 3 values, but its header names 2 columns."


def test_a_quote_left_open_is_named_by_line(sources, written):
    error = refusal(sources, written('a,b\n1,2\n3,"4\n5,6\n'))
    assert error.code == "data.parse_failed"
    assert error.message == "table.csv cannot be read: a quote opened in the row at line 3 is never closed."


def test_a_quote_left_open_in_the_header_is_refused(sources, written):
    assert refusal(sources, written('a,"b\n1,2\n')).code == "data.parse_failed"


def test_a_quote_that_swallows_a_large_file_is_refused_before_memory_fills(sources, written):
    error = refusal(sources, written('a,b\n1,"2\n' + "3,4\n" * 100_000))
    assert error.code == "data.parse_failed"
    assert error.message == "table.csv cannot be read: a quote opened in the row at line 2 is never closed."


def test_too_many_columns_are_refused_with_the_limit_and_its_setting(sources, written):
    header = ",".join(f"c{number}" for number in range(3000))
    error = refusal(sources, written(f"{header}\n{','.join('1' * 3000)}\n", "wide.csv"))
    assert error.code == "data.columns_too_many"
    assert error.message == "wide.csv has 3,000 columns; the limit is 2,000 (WORKBENCH_COLUMN_LIMIT)."


def test_a_file_that_is_not_there_is_named(sources, tmp_path):
    error = refusal(sources, tmp_path / "nowhere.csv")
    assert error.code == "data.file_missing"
    assert str(tmp_path / "nowhere.csv") in error.message


def test_a_folder_is_refused(sources, tmp_path):
    assert refusal(sources, tmp_path).code == "data.file_missing"


def test_what_is_no_file_is_refused_before_anybody_waits_for_it(sources, tmp_path):
    (tmp_path / "parts").mkdir()
    pipe = tmp_path / "parts" / "pipe.csv"
    os.mkfifo(pipe)
    for bring, what in ((sources.upload, pipe), (sources.add, pipe), (sources.test, pipe), (sources.add, pipe.parent)):
        with pytest.raises(BadRequest) as caught:
            bring(what)
        assert caught.value.code == "data.file_missing"
        assert caught.value.message == f"{pipe} cannot be read: it is a pipe, not a file."
    with pytest.raises(BadRequest, match="it is a device, not a file"):
        sources.upload("/dev/zero")
