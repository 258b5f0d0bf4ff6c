"""Whether every row fits the header.

pandas alone would not tell: it cuts a row that is too long, in silence, where it comes first in a chunk.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from workbench.data.layout import Layout
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
    last
        Line at which the last row begins, from 1.
    """

    short: int
    first_short: int | None
    last: int


def check(path: Path, file: str, layout: Layout) -> Rows:
    """Walk over all rows, quoted line breaks respected.

    Raises
    ------
    BadRequest
        ``data.ragged`` for a row with more values than the header has names, ``data.parse_failed`` for a cell without
        an end.
    """
    width = len(layout.names)
    short, first_short, line, end = 0, None, 1, 0
    with path.open(encoding=layout.encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=layout.delimiter)
        try:
            for row in reader:
                line, end = end + 1, reader.line_num
                if len(row) == width:
                    continue
                if len(row) > width:
                    raise BadRequest("data.ragged", _too_long(file, line, len(row), width))
                if len(row) > 1 or (row and row[0].strip()):
                    short += 1
                    first_short = first_short or line
        except csv.Error as error:
            raise BadRequest(
                "data.parse_failed",
                f"{file} cannot be read: the row that begins at line {end + 1:,} has a cell of more than "
                f"{csv.field_size_limit():,} characters; a quote may have been left open.",
            ) from error
    return Rows(short, first_short, line)


def _too_long(file: str, line: int, found: int, width: int) -> str:
    names = "1 column" if width == 1 else f"{width:,} columns"
    return f"Line {line:,} of {file} has {found:,} values, but its header names {names}."
