"""JSON: lists of records, and a record a line."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from tests.data.reading import columns, refused, whole


def test_a_record_a_line_is_a_row(open_bytes):
    reader = open_bytes('{"a": 1, "b": "x"}\n\n{"b": null, "a": 2}\r\n', "t.jsonl")
    assert columns(reader) == {"a": [1, 2], "b": ["x", None]}
    assert reader.format == {"type": "json-lines"}


def test_a_list_of_records_is_a_table_however_it_is_laid_out(open_bytes):
    rows = [{"a": 1, "b": "x, ]"}, {"a": 2, "b": None}]
    for text in (json.dumps(rows), json.dumps(rows, indent=2), "\ufeff " + json.dumps(rows)):
        reader = open_bytes(text, "t.json")
        assert columns(reader) == {"a": [1, 2], "b": ["x, ]", None]}
        assert reader.format == {"type": "json"}


def test_json_is_known_by_its_content_under_any_name(open_bytes):
    assert columns(open_bytes('  [{"a": 1}]', "photo.csv")) == {"a": [1]}


def test_json_in_utf16_is_read(open_bytes):
    assert columns(open_bytes('[{"ä": "é"}]'.encode("utf-16"), "t.json")) == {"ä": ["é"]}


def test_a_name_that_comes_late_is_a_column_with_gaps_before(open_bytes):
    rows = [{"a": at} for at in range(9000)] + [{"a": 0, "late": True}]
    read = columns(open_bytes("\n".join(map(json.dumps, rows))))
    assert read["late"] == [None] * 9000 + [True]


def test_numbers_that_become_fractions_late_are_floats(open_bytes):
    rows = [{"a": at} for at in range(9000)] + [{"a": 0.5}]
    read = whole(open_bytes("\n".join(map(json.dumps, rows))))
    assert read.schema.field("a").type == pa.float64()
    assert read["a"].to_pylist()[-2:] == [8999.0, 0.5]


def test_a_column_of_several_kinds_is_text_as_it_is_written_and_says_so(open_bytes):
    reader = open_bytes('[{"a": 1}, {"a": "x"}, {"a": true}, {"a": 2.50}, {"a": [1]}, {"a": null}]')
    assert columns(reader)["a"] == ["1", "x", "True", "2.5", "[1]", None]
    assert reader.notices == (
        "Column a holds values of several kinds (nested values, numbers, text, truths); it is read as text.",
    )


def test_whole_numbers_beyond_64_bits_lose_no_digit(open_bytes):
    big = 2**70
    assert columns(open_bytes(f'[{{"a": {big}, "b": {2**64 - 1}}}, {{"a": 1, "b": 1}}]')) == {
        "a": [str(big), "1"],
        "b": [2**64 - 1, 1],
    }


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_whole_number_of_any_length_keeps_its_digits(open_bytes, sign):
    long = sign + "9" * 5000
    assert columns(open_bytes(f'[{{"a": {long}, "b": [{long}]}}, {{"a": 1, "b": null}}]')) == {
        "a": [long, "1"],
        "b": [f'["{long}"]', None],
    }


def test_half_a_character_is_replaced_and_said(open_bytes):
    reader = open_bytes(r'[{"a": "x\ud83d", "b": ["\ude00"], "c": "\ud83d\ude00"}, {"a": "y"}]')
    assert columns(reader) == {"a": ["x\ufffd", "y"], "b": ['["\ufffd"]', None], "c": ["\U0001f600", None]}
    assert reader.notices == (
        "Halves of characters in column a were replaced: alone they are no text.",
        "Column b holds nested values; it is read as JSON text. "
        "Halves of characters in column b were replaced: alone they are no text.",
    )


def test_half_a_character_in_a_name_is_replaced_and_said(open_bytes):
    reader = open_bytes(r'[{"\ud83d": "x", "\ude00": 1}, {"\ude00": 2}]')
    assert columns(reader) == {"\ufffd": ["x", None], "\ufffd.1": [1, 2]}
    assert "Halves of characters in the column names were replaced: alone they are no text." in reader.notices


def test_nested_values_are_json_text(open_bytes):
    reader = open_bytes('[{"a": {"x": [1, "é"]}}]')
    assert columns(reader)["a"] == ['{"x": [1, "é"]}']
    assert reader.notices == ("Column a holds nested values; it is read as JSON text.",)


def test_texts_stay_texts_and_empty_ones_are_gaps(open_bytes):
    assert columns(open_bytes('[{"a": "1", "b": "2020-01-01"}, {"a": "", "b": "NA"}]')) == {
        "a": ["1", None],
        "b": ["2020-01-01", "NA"],
    }


def test_records_longer_than_a_block_are_read(open_bytes):
    long = "x" * 3_000_000
    assert columns(open_bytes(json.dumps([{"a": long}, {"a": "y"}])))["a"] == [long, "y"]


def test_kinds_that_are_asked_for_hold_for_json(open_bytes):
    reader = open_bytes('[{"a": 7, "b": "3"}]', kinds={"a": "text", "b": "number"})
    assert columns(reader) == {"a": ["7"], "b": [3]}


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[1, 2]", "data.not_a_table", "its value number 1 is no record"),
        ('[{"a": 1}, 5]', "data.not_a_table", "its value number 2 is no record"),
        ('{"data": [{"a": 1}]}', "data.not_a_table", "holds one JSON object with a list in it"),
        ("[]", "data.no_rows", "holds no record"),
        ('[{"a": 1}\n', "data.parse_failed", "it ends before its list does (line 2)"),
        ('{"a": 1}\n{"a": 2\n', "data.parse_failed", "(line 3)"),
        ('[{"a": 1}]\nrest', "data.parse_failed", "there is more after its end (line 2)"),
        ('[{"a": ' + "[" * 100_000, "data.parse_failed", "it is nested too deeply"),
        ('{"a": "never closed\n', "data.parse_failed", "t.json cannot be read as JSON"),
    ],
)
def test_what_is_no_table_of_records_is_refused_in_a_sentence(open_bytes, text, code, said):
    error = refused(lambda: whole(open_bytes(text, "t.json")))
    assert error.code == code
    assert said in error.message


def test_json_that_is_no_utf8_is_refused(open_bytes):
    assert "it is not UTF-8" in refused(lambda: open_bytes(b'[{"a": "\xff"}]', "t.json")).message


def test_a_record_with_a_name_a_value_is_refused_by_the_limit_of_columns(open_bytes):
    wide = {f"user-{at}": at for at in range(50)}
    assert refused(lambda: open_bytes(json.dumps([wide]), limits={"columns": 10})).code == "data.columns_too_many"


def test_a_value_that_never_ends_is_refused_before_memory_fills(open_bytes):
    error = refused(lambda: open_bytes('[{"a": "' + "x" * 9_000_000, limits={"row_bytes": 1 << 20}))
    assert error.code == "data.parse_failed"
