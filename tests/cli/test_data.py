"""``workbench data``: what is added, shown and removed."""

from __future__ import annotations

import json

import pytest
import xlsxwriter

TABLE = "city,income,buys\nRome,10,yes\nOslo,,no\nBern,30,yes\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "shoppers.csv"
    path.write_text(TABLE)
    return path


def test_a_file_is_added_under_its_name(fresh, table):
    said = fresh("data", "add", table)
    assert (said.code, said.out, said.err) == (0, "shoppers: 3 rows × 3 columns\n", "")


def test_a_file_is_added_under_a_name_of_ones_own_and_told_as_json(fresh, table):
    said = fresh("data", "add", table, "--name", "my shoppers", "--json")
    assert said.code == 0
    assert (said.document["name"], said.document["kind"], said.document["row_count"]) == ("my shoppers", "upload", 3)
    assert [column["name"] for column in said.document["columns"]] == ["city", "income", "buys"]
    assert fresh("data", "list", "--json").document == [said.document]


def test_what_is_listed_and_shown_is_what_was_added(fresh, table):
    fresh("data", "add", table)
    listed = fresh("data", "list").out.splitlines()
    assert listed[0].split()[:4] == ["name", "kind", "rows", "columns"]
    assert listed[1].split()[:4] == ["shoppers", "upload", "3", "3"]
    shown = fresh("data", "show", "shoppers")
    assert [line.split()[:4] for line in shown.out.splitlines()[1:4]] == [
        ["city", "text", "0", "3"],
        ["income", "number", "1", "2"],
        ["buys", "text", "0", "2"],
    ]


def test_how_a_table_was_read_is_shown_and_can_be_changed(fresh, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b;c\n1,5;2\n")
    fresh("data", "add", path)
    assert fresh("data", "show", "t").out.splitlines()[-2:] == ["encoding=utf-8", "delimiter=semicolon"]
    said = fresh("data", "retype", "t", "--option", "delimiter=comma", "--kind", "a=text")
    assert (said.code, said.out) == (0, "t (version 2): 1 rows × 2 columns\n")
    back = fresh("data", "retype", "t", "--option", "delimiter=none", "--json").document
    assert ([column["name"] for column in back["columns"]], back["format"]["delimiter"]) == (["a,b", "c"], ";")
    fresh("data", "retype", "t", "--option", "delimiter=;;").refuses("cannot be ';;'")
    fresh("data", "retype", "t").refuses("Say what is to be otherwise")


def test_the_sheets_of_a_workbook_are_shown(fresh, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for name in ("2025", "2026"):
            book.add_worksheet(name).write_column(0, 0, ["a", int(name)])
    fresh("data", "add", tmp_path / "book.xlsx")
    assert fresh("data", "show", "book").out.splitlines()[-2:] == ["sheet=2025, or 2026", "header_row=1"]


@pytest.mark.parametrize("in_place", [(), ("--in-place",)], ids=["copied", "in place"])
def test_a_file_of_a_taken_name_may_be_its_next_version(fresh, table, in_place):
    fresh("data", "add", table)
    fresh("data", "add", table, *in_place).refuses('There is a data source named "shoppers" already')
    table.write_text(TABLE + "Kiel,5,no\n")
    said = fresh("data", "add", table, "--follows", "shoppers", *in_place)
    assert (said.code, said.out) == (0, "shoppers (version 2): 4 rows × 3 columns\n")


def test_markup_in_a_table_is_shown_as_it_is(fresh, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("[red]a,b\n[bold]x,1\n[/]y,2\n")
    fresh("data", "add", path, "--name", "[blue]t")
    assert "[blue]t" in fresh("data", "list").out
    shown = fresh("data", "show", "[blue]t")
    assert shown.code == 0
    assert "[red]a" in shown.out
    assert "[bold]x" in shown.out


def test_samples_are_listed_and_added(fresh):
    assert "breast_cancer" in fresh("data", "sample").out
    listed = {sample["name"]: sample for sample in fresh("data", "sample", "--json").document}
    assert (listed["iris"]["rows"], listed["iris"]["target"]) == (150, "species")
    assert fresh("data", "sample", "iris").out == "iris: 150 rows × 5 columns\n"


def test_a_source_is_removed(fresh, table):
    fresh("data", "add", table)
    assert fresh("data", "remove", "shoppers").code == 0
    fresh("data", "show", "shoppers").refuses('There is no data source "shoppers"')


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("größe,n\nä,1\nß,2\n".encode("latin-1"), "not UTF-8; it was read as Latin-1"),
        (b"a,a,b\n1,2,3\n4,5,6\n", "Repeated column names were numbered: a → a.1."),
        (b"a\n1\n2\n", "has one column: a."),
    ],
)
def test_what_was_repaired_or_is_odd_is_noted_in_a_sentence(fresh, tmp_path, content, note):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    said = fresh("data", "add", path)
    assert (said.code, said.err) == (0, "")
    first, second = said.out.splitlines()
    assert first.startswith("odd: 2 rows × ")
    assert second.startswith("note: ")
    assert note in second


def test_an_error_is_one_json_document_where_json_is_asked_for(fresh):
    said = fresh("data", "show", "nothing", "--json")
    said.refuses('There is no data source "nothing".')
    assert json.loads(said.out)["error"]["code"] == "data.not_found"
