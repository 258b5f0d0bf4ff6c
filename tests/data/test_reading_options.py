"""How a table is read can be changed after it came: another sheet, member, delimiter, encoding, header row."""

from __future__ import annotations

import io
import sqlite3
import zipfile

import pytest
import xlsxwriter

from workbench.data.options import options_of
from workbench.errors import BadRequest

YEARS = {
    "2025": [["zip", "n"], ["00501", 1]],
    "2026": [["The year 2026", ""], ["zip", "m"], ["00502", 2], ["00503", 3]],
}


@pytest.fixture
def book(sources):
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        for name, rows in YEARS.items():
            sheet = workbook.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return sources.upload(io.BytesIO(made.getvalue()), "book")


@pytest.fixture
def archive(sources):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.csv", "x;y\n1;2\n")
        archive.writestr("b.csv", "z\n3\n4\n")
    return sources.upload(io.BytesIO(made.getvalue()), "archive", member="a.csv")


def told(source):
    return {option.name: (option.value, option.is_asked) for option in options_of(source)}


def choices(source, name):
    return next(option.choices for option in options_of(source) if option.name == name)


def refused(sources, name, **options):
    """Give what was refused; the version that there was is the only one afterwards."""
    with pytest.raises(BadRequest) as caught:
        sources.retype(name, **options)
    assert [source.version for source in sources.versions(name)] == [1]
    return caught.value


def test_another_sheet_is_read_from_what_came(sources, book):
    assert told(book) == {"sheet": ("2025", False), "header_row": (1, False)}
    assert choices(book, "sheet") == ("2025", "2026")
    now = sources.retype("book", sheet="2026")
    assert (now.version, now.column_names, now.row_count) == (2, ("zip", "m"), 2)
    assert told(now) == {"sheet": ("2026", True), "header_row": (2, False)}


def test_a_number_names_a_sheet_too(sources, book):
    assert sources.retype("book", sheet=2026).format["sheet"] == "2026"


def test_another_row_is_the_header_and_not_of_another_sheet(sources, book):
    now = sources.retype("book", sheet="2026", header_row=3)
    assert now.column_names == ("00502", "2")
    assert sources.retype("book", sheet="2025").column_names == ("zip", "n")


def test_another_member_of_an_archive_is_read(sources, archive):
    assert choices(archive, "member") == ("a.csv", "b.csv")
    now = sources.retype("archive", member="b.csv")
    assert (now.version, now.column_names, now.row_count) == (2, ("z",), 2)


def test_an_archive_of_several_tables_is_refused_with_what_is_in_it(sources, archive):
    raw = sources._shelf.raw(archive).read_bytes()
    with pytest.raises(BadRequest) as caught:
        sources.upload(io.BytesIO(raw), "again")
    assert caught.value.about["members"] == ["a.csv", "b.csv"]


def test_another_delimiter_and_encoding_are_taken_and_taken_back(sources):
    first = sources.upload(io.BytesIO("größe;n,m\nä;1,5\nb;2,6\n".encode("cp1252")), "t", delimiter=";")
    assert told(first) == {"encoding": ("latin-1", False), "delimiter": ("semicolon", True)}
    other = sources.retype("t", delimiter=",", encoding="cp1252")
    assert other.column_names == ("größe;n", "m")
    assert told(other) == {"encoding": ("cp1252", True), "delimiter": ("comma", True)}
    again = sources.retype("t", delimiter=None)
    assert again.column_names == ("größe", "n,m")
    assert told(again) == {"encoding": ("cp1252", True), "delimiter": ("semicolon", False)}


def test_what_was_said_of_columns_holds_for_those_that_are_still_there(sources):
    sources.upload(io.BytesIO(b"zip;n|a\n00501;1|2\n"), "t", kinds={"zip": "text", "n|a": "text"})
    now = sources.retype("t", {"zip": "text"}, delimiter=";", encoding="ascii")
    assert now.format["kinds"] == {"zip": "text", "n|a": "text"}
    gone = sources.retype("t", delimiter="|")
    assert gone.column_names == ("zip;n", "a")
    assert "kinds" not in gone.format


def test_what_was_said_of_a_column_is_taken_back(sources):
    sources.upload(io.BytesIO(b"zip,n\n00501,1\n"), "t", kinds={"zip": "text"})
    assert sources.retype("t", {"zip": None}).column("zip").kind == "number"


def test_nothing_that_is_otherwise_is_no_version(sources, book):
    assert sources.retype("book", {}) == book


@pytest.mark.parametrize(
    ("options", "about"),
    [
        ({"encoding": "nonsense"}, "There is no encoding 'nonsense'"),
        ({"encoding": "base64"}, "There is no encoding 'base64'"),
        ({"encoding": 5}, "There is no encoding 5"),
        ({"encoding": "ascii"}, "is not text in the encoding ascii"),
        ({"encoding": "utf-16"}, "is not text in the encoding utf-16"),
        ({"delimiter": ",,"}, "cannot be ',,'"),
        ({"delimiter": "é"}, "cannot be 'é'"),
        ({"delimiter": '"'}, "and not the quote"),
        ({"delimiter": 3}, "cannot be 3"),
        ({"sheet": "2026"}, "takes no option sheet"),
        ({"colour": "red"}, "takes no option colour"),
    ],
)
def test_an_option_that_cannot_be_is_refused_and_the_version_stays(sources, options, about):
    sources.upload(io.BytesIO("größe,n\n1,2\n".encode()), "t")
    error = refused(sources, "t", **options)
    assert error.code == "data.unknown_option"
    assert about in error.message


@pytest.mark.parametrize(
    ("options", "about"), [({"sheet": "2062"}, "Did you mean 2026"), ({"header_row": 99}, "row 99")]
)
def test_a_sheet_or_a_row_that_is_not_there_is_refused(sources, book, options, about):
    assert about in str(refused(sources, "book", **options))


def test_a_member_that_is_not_there_is_refused(sources, archive):
    assert "holds no file 'c.csv'" in str(refused(sources, "archive", member="c.csv"))


def test_text_that_turns_out_not_to_be_in_the_encoding_that_was_named_is_refused(sources):
    lines = b"a,b\n" + b"1,plain\n" * 600_000
    sources.upload(io.BytesIO(lines + b"2,\xe4\n"), "t")
    assert "does not go on as such" in refused(sources, "t", encoding="utf-8").message


def test_a_byte_order_mark_is_no_part_of_a_name_where_utf_8_is_named(sources):
    assert sources.upload(io.BytesIO("a,b\n1,2\n".encode("utf-8-sig")), "t", encoding="utf8").column_names == ("a", "b")


@pytest.mark.parametrize(
    ("said", "text"), [("tab", "a\tb\n1,5\t2\n"), ("space", "a b\n1,5 2\n"), ("Comma", "a,b\n1;1,2;3\n")]
)
def test_a_delimiter_may_be_named_by_a_word(sources, said, text):
    assert sources.upload(io.BytesIO(text.encode()), "t", delimiter=said).column_names == ("a", "b")


def test_a_table_of_a_place_is_read_otherwise_from_there(sources, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b;c\n1,5;2\n")
    sources.add(path)
    now = sources.retype("t", delimiter=";")
    assert (now.version, now.column_names, now.origin["path"]) == (2, ("a,b", "c"), str(path))


def test_a_database_takes_no_option_of_a_file(sources, tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE orders AS SELECT 1 AS id, 2.5 AS price")
    source = sources.add(f"sqlite:///{tmp_path / 'shop.db'}", table="orders")
    assert options_of(source) == ()
    assert refused(sources, "orders", sheet="2026").code == "data.unknown_option"


def test_what_lies_elsewhere_may_be_the_next_version_of_what_was_uploaded(sources, tmp_path):
    sources.upload(io.BytesIO(b"zip,n\n00501,1\n"), "t", kinds={"zip": "text"})
    path = tmp_path / "other.csv"
    path.write_bytes(b"zip,n\n00501,1\n00502,2\n")
    now = sources.add(path, follows="t")
    assert (now.name, now.version, now.kind, now.column("zip").kind) == ("t", 2, "file", "text")
    assert sources.add(path, follows="t") == now
