"""Workbooks of Excel and of OpenDocument: one sheet of them, with the types of its cells."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.formats import packed
from workbench.data.formats.kinds import NA_TEXTS
from workbench.data.formats.reader import LISTED_MOST, MIB, Asked, Limits
from workbench.data.formats.values import ValuesReader, text_of
from workbench.errors import BadRequest, TooLarge, choices
from workbench.plain import shown

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_MOST_BYTES = 1024 * MIB
"""Of XML: the library holds a sheet in memory, at about twice its size."""
_MOST_CELLS = 100_000_000
"""Of the rectangle around all cells, which the library fills; it holds sheets of OpenDocument to the same."""
_MOST_MEMORY = 4 * 1024 * MIB
_TRY = """
import resource, sys
from python_calamine import CalamineWorkbook
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
book = CalamineWorkbook.from_path(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name)
"""
_STRETCH_CELLS = 256 * 1024
_LOOKED_AT = 100
_COLUMN_OF_CELL = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,7})\d")
_ROW_OF_CELL = re.compile(rb"\sr\s*=\s*[\"'][A-Za-z]{1,7}(\d{1,10})[\"']")
_LONGEST_CELL_NAME = 64
_EXACT = 2.0**53


def workbook(path: Path, called: str, limits: Limits, asked: Asked) -> ValuesReader:
    """Begin to read a sheet of a workbook.

    Parameters
    ----------
    asked
        Options: ``sheet``, the name of one, by default the first that is not empty; ``header_row``, the number of the
        row with the names, from 1, by default the first that is filled as most rows are.

    Raises
    ------
    BadRequest
        ``data.not_a_table`` when there is no such sheet, or a password on it; ``data.empty`` when it is empty,
        ``data.parse_failed`` when it is damaged; whatever `ValuesReader` refuses.
    TooLarge
        ``data.too_large`` when the sheet would not fit into memory.
    """
    _check_size(path, called, limits)
    with _readable(called):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(path)
        sheet = _sheet(book, called, asked.options.get("sheet"))
        table = _Table(sheet, called, asked.options.get("header_row"))
    others = [name for name in book.sheet_names if name != sheet.name]
    notices = (
        [f"Of {called}, the sheet {sheet.name} was read; there are others: {', '.join(others)}."] if others else []
    )
    told: dict[str, Any] = {"type": "workbook", "sheet": sheet.name, "header_row": table.header_row}
    if others:
        told["sheets"] = book.sheet_names[:LISTED_MOST]
    return ValuesReader(
        table.names,
        table.stretches,
        called,
        limits,
        asked,
        format=told,
        notices=[*notices, *table.notices],
        gaps=NA_TEXTS,
    )


class _Table:
    """The table on a sheet: what is under its header, without what is empty."""

    def __init__(self, sheet: CalamineSheet, called: str, header_row: Any) -> None:
        self._sheet = sheet
        self.notices: list[str] = []
        self._skipped = self._find_header(called, header_row)
        self.header_row = self._skipped + 1
        header = next(islice(sheet.iter_rows(), self._skipped, None))
        filled, empty_rows = self._filled()
        self._kept = [at for at, name in enumerate(header) if not _is_empty(name) or filled[at]]
        self.names = [text_of(_value(header[at])) or "" for at in self._kept]
        dropped = len(header) - len(self._kept)
        if dropped:
            self.notices.append(f"Empty columns were left out: {dropped:,}.")
        if empty_rows:
            self.notices.append(f"Empty rows were left out: {empty_rows:,}.")

    def stretches(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Read the columns, a stretch of rows at a time."""
        rows = islice(self._sheet.iter_rows(), self._skipped + 1, None)
        size = max(1, _STRETCH_CELLS // max(1, len(self._kept)))
        while stretch := list(islice(rows, size)):
            filled = [row for row in stretch if not all(map(_is_empty, row))]
            if filled:
                yield [[_value(row[at]) for row in filled] for at in self._kept]

    def _find_header(self, called: str, asked: Any) -> int:
        """Return how many rows come before the header, which may be empty or hold a title."""
        if asked is not None:
            asked = int(asked) if str(asked).isdecimal() else asked
            height = self._sheet.end[0] + 1 if self._sheet.end else 0
            if not (isinstance(asked, int) and 1 <= asked <= height):
                raise BadRequest(
                    "data.unknown_option",
                    f"The header of {called} cannot be in row {shown(asked)}: its sheet has "
                    f"{height:,} rows, the first of which is 1.",
                )
            return asked - 1
        counts = [sum(not _is_empty(cell) for cell in row) for row in islice(self._sheet.iter_rows(), _LOOKED_AT)]
        if not any(counts):
            return self._first_filled(called)
        found = next(at for at, count in enumerate(counts) if count > max(counts) / 2)
        above = sum(count > 0 for count in counts[:found])
        if above:
            self.notices.append(f"The header was found in row {found + 1:,}; what is above it was left out.")
        return found

    def _first_filled(self, called: str) -> int:
        for at, row in enumerate(self._sheet.iter_rows()):
            if not all(map(_is_empty, row)):
                return at
        raise BadRequest("data.empty", f"The sheet {self._sheet.name} of {called} is empty.")

    def _filled(self) -> tuple[list[bool], int]:
        """Find the columns with a value under the header, and count the empty rows before the last filled one."""
        filled = [False] * self._sheet.width
        empty = waiting = 0
        for row in islice(self._sheet.iter_rows(), self._skipped + 1, None):
            there = [not _is_empty(cell) for cell in row]
            if any(there):
                filled = [was or now for was, now in zip(filled, there, strict=True)]
                empty, waiting = empty + waiting, 0
            else:
                waiting += 1
        return filled, empty


def _sheet(book: CalamineWorkbook, called: str, asked: Any) -> CalamineSheet:
    names = book.sheet_names
    if asked is not None:
        asked = str(asked)
        if asked not in names:
            raise BadRequest(
                "data.unknown_option", f"{called} has no sheet {shown(asked)}.", hint=choices(asked, names)
            )
        names = [asked]
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            return sheet
    raise BadRequest("data.empty", f"{called} has no sheet with anything in it.")


def _check_size(path: Path, called: str, limits: Limits) -> None:
    """Refuse what the library would fill the memory with: it does not look before it does."""
    with path.open("rb") as stream:
        is_old = stream.read(2) != b"PK"
    if is_old:
        _try_elsewhere(path, called)
        return
    columns, rows = 1, 1
    tail, last = b"", ""
    for name, chunk in packed.contents(path, called, limits, _MOST_BYTES):
        if not name.startswith("xl/") or name == "xl/sharedStrings.xml":
            continue
        if name != last:
            tail, last, columns, rows = b"", name, 1, 1
        text = tail + chunk
        columns = max(columns, *map(_number, set(_COLUMN_OF_CELL.findall(text))), 1)
        rows = max(rows, *map(int, set(_ROW_OF_CELL.findall(text))), 1)
        tail = text[-_LONGEST_CELL_NAME:]
        if columns * rows > _MOST_CELLS:
            raise TooLarge(
                "data.too_large",
                f"{called} has a sheet of {rows:,} rows by {columns:,} columns, more than {_MOST_CELLS:,} cells.",
                hint="A value may stand far away from the table; delete it, or save the table as CSV.",
            )


def _try_elsewhere(path: Path, called: str) -> None:
    """Have an old workbook opened by a process that may die of it: where a cell is to be is not known beforehand."""
    tried = subprocess.run(
        [sys.executable, "-I", "-c", _TRY, str(path), str(_MOST_MEMORY)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if tried.returncode < 0:
        raise BadRequest("data.parse_failed", f"{called} cannot be read as a workbook: it is damaged.")


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1, which a workbook writes in letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _is_empty(cell: Any) -> bool:
    return cell == "" or (isinstance(cell, str) and not cell.strip())


def _value(cell: Any) -> Any:
    if _is_empty(cell):
        return None
    # A workbook knows no whole numbers.
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT else cell


@contextmanager
def _readable(called: str) -> Iterator[None]:
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise BadRequest(
            "data.not_a_table", f"{called} is protected by a password.", hint="Save it without one first."
        ) from error
    except CalamineError as error:
        reason = (str(error).strip().splitlines() or ["it is damaged"])[0].rstrip(".")
        raise BadRequest("data.parse_failed", f"{called} cannot be read as a workbook: {reason}.") from error
    except BaseException as error:
        # What the library did not foresee comes as no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise BadRequest("data.parse_failed", f"{called} cannot be read as a workbook: it is damaged.") from error
