"""Workbooks: .xlsx as a library writes them, an old .xls, and .ods by hand."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from tests.data.reading import columns, refused, whole

OLD = Path(__file__).with_name("old.xls")


def workbook(sheets: dict[str, list[list]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return made.getvalue()


def opendocument(rows: str) -> bytes:
    made, namespace = io.BytesIO(), "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{namespace}:office:1.0" xmlns:table="{namespace}:table:1.0" '
        f'xmlns:text="{namespace}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return made.getvalue()


def row(*values: float, repeated: int = 1) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
        "</table:table-cell>"
        for value in values
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'


def test_cells_keep_the_types_that_they_have(open_bytes):
    day, moment = dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, 10, 30)
    rows = [["id", "part", "word", "code", "yes", "day", "at"], [1, 0.5, "x", "007", True, day, moment], [2, 3]]
    reader = open_bytes(workbook({"S": rows}), "t.xlsx")
    assert columns(reader) == {
        "id": [1, 2],
        "part": [0.5, 3.0],
        "word": ["x", None],
        "code": ["007", None],
        "yes": [True, None],
        "day": ["2020-01-02", None],
        "at": ["2020-01-02 10:30:00", None],
    }
    assert list(reader.dates) == ["day", "at"]
    assert reader.format == {"type": "workbook", "sheet": "S", "header_row": 1}
    assert reader.notices == ()


def test_an_old_workbook_is_read(open_bytes):
    reader = open_bytes(OLD.read_bytes(), "old.xls")
    assert columns(reader) == {
        "city": ["Rome", "Oslo", None],
        "size": [1.0, 2.5, 3.0],
        "since": ["2020-01-02", "2020-03-04", None],
    }


def test_an_opendocument_sheet_is_read_however_many_empty_rows_it_ends_with(open_bytes):
    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    assert columns(open_bytes(opendocument(row(7, 8) + row(1, 2.5) + empty), "t.ods")) == {"7": [1], "8": [2.5]}


def test_the_first_sheet_with_anything_on_it_is_read_and_the_others_are_named(open_bytes):
    made = workbook({"Empty": [], "One": [["a"], [1]], "Two": [["b"], [2]]})
    reader = open_bytes(made, "t.xlsx")
    assert columns(reader) == {"a": [1]}
    assert reader.notices == ("Of t.xlsx, the sheet One was read; there are others: Empty, Two.",)
    assert columns(open_bytes(made, "t.xlsx", sheet="Two")) == {"b": [2]}


def test_a_sheet_that_there_is_not_names_the_nearest(open_bytes):
    error = refused(lambda: open_bytes(workbook({"Sales": [["a"], [1]]}), "t.xlsx", sheet="sales"))
    assert (error.code, error.message) == ("data.unknown_option", "t.xlsx has no sheet 'sales'.")
    assert error.hint == "Did you mean Sales? Valid: Sales."


def test_a_title_above_the_header_is_passed_over_and_told(open_bytes):
    rows = [["Sales of the year"], [], ["city", "size", "since"], ["Rome", 1, 2], ["Oslo", 3, 4]]
    reader = open_bytes(workbook({"S": rows}), "t.xlsx")
    assert columns(reader) == {"city": ["Rome", "Oslo"], "size": [1, 3], "since": [2, 4]}
    assert reader.notices == ("The header was found in row 3; what is above it was left out.",)


@pytest.mark.parametrize("asked", [1, "1"])
def test_the_row_of_the_header_can_be_said(open_bytes, asked):
    rows = [["only"], ["a", "b", "c"], [1, 2, 3]]
    reader = open_bytes(workbook({"S": rows}), "t.xlsx", header_row=asked)
    assert reader.schema.names == ["only", "column_2", "column_3"]
    error = refused(lambda: open_bytes(workbook({"S": rows}), "t.xlsx", header_row=9))
    assert error.message == "The header of t.xlsx cannot be in row 9: its sheet has 3 rows, the first of which is 1."


def test_empty_rows_and_columns_are_left_out_and_counted(open_bytes):
    rows = [["a", None, "b", None], [1, None, None, None], [], [2, None, None, "x"]]
    reader = open_bytes(workbook({"S": rows}), "t.xlsx")
    assert columns(reader) == {"a": [1, 2], "b": [None, None], "column_3": [None, "x"]}
    assert reader.notices[:2] == ("Empty columns were left out: 1.", "Empty rows were left out: 1.")


def test_a_table_may_begin_anywhere_on_its_sheet(open_bytes):
    rows = [[], [], [None, None, "a", "b"], [None, None, 1, "x"]]
    reader = open_bytes(workbook({"S": rows}), "t.xlsx")
    assert columns(reader) == {"a": [1], "b": ["x"]}
    assert reader.format["header_row"] == 3


def test_numbers_beside_text_are_text_without_a_needless_fraction(open_bytes):
    reader = open_bytes(workbook({"S": [["a"], [5], ["x"], [2.5], [True], [dt.datetime(2020, 1, 2)]]}), "t.xlsx")
    assert columns(reader)["a"] == ["5", "x", "2.5", "True", "2020-01-02"]
    assert "is read as text" in reader.notices[0]


def test_numbers_beside_words_for_a_gap_stay_numbers(open_bytes):
    rows = [["a", "b"], [1, "NA"], ["NA", "x"], ["n/a", "y"]]
    assert columns(open_bytes(workbook({"S": rows}), "t.xlsx")) == {"a": [1, None, None], "b": ["NA", "x", "y"]}


def test_a_text_far_down_makes_the_column_text_from_its_start(open_bytes, monkeypatch):
    monkeypatch.setattr("workbench.data.formats.workbook._STRETCH_CELLS", 10)
    rows = [["a"], *([at] for at in range(50)), ["end"]]
    assert columns(open_bytes(workbook({"S": rows}), "t.xlsx"))["a"] == [*map(str, range(50)), "end"]


@pytest.mark.parametrize(
    ("sheets", "code"), [({"S": []}, "data.empty"), ({"S": [[" "]]}, "data.empty"), ({"A": [], "B": []}, "data.empty")]
)
def test_a_workbook_with_nothing_in_it_is_refused(open_bytes, sheets, code):
    assert refused(lambda: open_bytes(workbook(sheets), "t.xlsx")).code == code


def test_a_header_alone_gives_no_rows(open_bytes):
    assert whole(open_bytes(workbook({"S": [["a", "b"]]}), "t.xlsx")).num_rows == 0


@pytest.mark.parametrize("kept", [0.5, 0.95])
@pytest.mark.parametrize("made", [workbook({"S": [["a"], [1]]}), OLD.read_bytes()], ids=["xlsx", "xls"])
def test_a_workbook_that_was_cut_is_refused_in_a_sentence(open_bytes, made, kept):
    error = refused(lambda: whole(open_bytes(made[: int(len(made) * kept)], "t.xlsx")))
    assert error.code == "data.parse_failed"
    assert "\n" not in error.message


def test_a_value_far_away_from_the_table_is_refused_before_memory_fills(open_bytes):
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write(1_048_575, 16_383, 1)
    error = refused(lambda: open_bytes(made.getvalue(), "t.xlsx"))
    assert error.code == "data.too_large"
    assert error.message == ("t.xlsx has a sheet of 1,048,576 rows by 16,384 columns, more than 100,000,000 cells.")


def test_an_old_workbook_with_a_value_far_away_is_refused_and_nothing_dies_of_it(open_bytes):
    made, cell = bytearray(OLD.read_bytes()), b"\x7e\x02\x0a\x00"
    at = made.index(cell) + len(cell)
    made[at : at + 4] = b"\xff\xff\xff\xff"  # Row and column of a number.
    error = refused(lambda: open_bytes(bytes(made), "old.xls"))
    assert error.message == "old.xls cannot be read as a workbook: it is damaged."


def test_a_cell_that_is_repeated_without_end_is_refused(open_bytes):
    made = opendocument(f'<table:table-row table:number-rows-repeated="1048576">{_WIDE}</table:table-row>')
    assert refused(lambda: open_bytes(made, "t.ods")).code == "data.parse_failed"


def test_a_workbook_that_unpacks_to_a_bomb_is_refused(open_bytes):
    made = io.BytesIO(workbook({"S": [["a"], [1]]}))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.bin", b"0" * (70 << 20))
    assert refused(lambda: open_bytes(made.getvalue(), "t.xlsx")).code == "data.too_large"


def test_binary_workbooks_are_named_for_what_they_are(open_bytes):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    assert "a binary Excel workbook (xlsb)" in refused(lambda: open_bytes(made.getvalue(), "t.xlsb")).message


def test_a_workbook_is_read_without_pandas_being_loaded():
    code = "import workbench.data.formats.workbook, sys; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


_WIDE = (
    '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1">'
    "<text:p>1</text:p></table:table-cell>"
)
