"""Rows that do not all have as many values as the header has names, made a table that does.

No parser tells all of it: pandas cuts a row that is too long, in silence, where it comes first in a chunk.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.data.formats.layout import Layout
from workbench.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Rows:
    """What a walk over all rows found.

    Attributes
    ----------
    short
        Rows with fewer values than the header has names.
    first_short
        Line of the first of them, from 1; None where there is none.
    """

    short: int
    first_short: int | None

    def __str__(self) -> str:
        if self.short == 1:
            return f"Line {self.first_short} has fewer values than the header has names; the rest was taken as missing."
        return (
            f"{self.short:,} rows have fewer values than the header has names, the first at line {self.first_short}; "
            "the rest was taken as missing."
        )


def tidy(path: Path, file: str, layout: Layout, to: Path, cell_characters: int) -> Rows:
    """Write all rows anew, as UTF-8 with commas and without the header: blank lines left out, short rows filled up.

    Parameters
    ----------
    cell_characters
        Most characters of a cell.

    Raises
    ------
    BadRequest
        ``data.ragged`` for a row with more values than the header has names, ``data.parse_failed`` for a cell without
        an end.
    """
    width = len(layout.names)
    short, first_short, line, end = 0, None, 1, 0
    is_header = layout.header_bytes > 0
    with (
        _cells_up_to(cell_characters),
        path.open(encoding=layout.encoding, newline="") as stream,
        to.open("w", encoding="utf-8", newline="") as tidied,
    ):
        reader = csv.reader(stream, delimiter=layout.delimiter)
        writer = csv.writer(tidied, quoting=csv.QUOTE_ALL)
        try:
            for row in reader:
                line, end = end + 1, reader.line_num
                # An empty value in quotes is a row of one value.
                if not row or (len(row) == 1 and row[0] and not row[0].strip(" \t\v\f")):
                    continue
                if is_header:
                    is_header = False
                    continue
                if len(row) > width:
                    raise BadRequest("data.ragged", _too_long(file, line, len(row), width))
                if len(row) < width:
                    short += 1
                    first_short = first_short or line
                writer.writerow(row + [""] * (width - len(row)))
        except csv.Error as error:
            raise BadRequest(
                "data.parse_failed",
                f"{file} cannot be read: the row that begins at line {end + 1:,} has a cell of more than "
                f"{cell_characters:,} characters; a quote may have been left open.",
            ) from error
    return Rows(short, first_short)


@contextmanager
def _cells_up_to(characters: int) -> Iterator[None]:
    """Have this process's CSV readers take longer cells for a while."""
    before = csv.field_size_limit(characters)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def last_line(path: Path, layout: Layout) -> int:
    """Return the line at which the last row begins, from 1; a cell that is too long to be one ends the walk."""
    begun, end = 1, 0
    with path.open(encoding=layout.encoding, newline="") as stream, suppress(csv.Error):
        reader = csv.reader(stream, delimiter=layout.delimiter)
        for _ in reader:
            begun, end = end + 1, reader.line_num
        return begun
    return end + 1


def _too_long(file: str, line: int, found: int, width: int) -> str:
    names = "1 column" if width == 1 else f"{width:,} columns"
    return f"Line {line:,} of {file} has {found:,} values, but its header names {names}."
