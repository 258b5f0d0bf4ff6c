"""How a text table is laid out: delimiter, header, and whether every row fits the header."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from workbench.data.formats.reader import MIB, Limits
from workbench.errors import BadRequest
from workbench.plain import shown

# Later ones win a tie: a semicolon that stands in every row is rarely part of the text, a comma may well be.
_DELIMITERS = ",|;\t"
DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""What may be said for a delimiter that is hard to type."""
_SAMPLE_CHARACTERS = 256 * 1024
_SAMPLE_ROWS = 1000
_NAMED_IN_A_NOTICE = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a text table.

    Attributes
    ----------
    encoding
        ``utf-8``, ``utf-8-sig``, ``utf-16`` or ``latin-1``.
    names
        Clean and distinct, whatever the header says.
    header_bytes
        Bytes up to the first row, in UTF-8.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    header_bytes: int

    def as_dict(self) -> dict[str, Any]:
        return {"type": "csv", "encoding": self.encoding, "delimiter": self.delimiter}


def find(path: Path, file: str, encoding: str, limits: Limits, delimiter: Any = None) -> tuple[Layout, list[str]]:
    """Find delimiter and column names, and say what had to be repaired.

    Parameters
    ----------
    delimiter
        The delimiter where the user named it: one character, or a word for it.

    Raises
    ------
    BadRequest
        ``data.empty`` when there is nothing but white space, ``data.columns_too_many`` over the limit,
        ``data.parse_failed`` when the header has no end, ``data.unknown_option`` when `delimiter` cannot be one.
    """
    said = None if delimiter is None else _named(delimiter, file)
    with path.open("rb") as raw:
        decoder = codecs.getincrementaldecoder(encoding)()
        head = decoder.decode(raw.read(limits.row_bytes))
        is_whole = not raw.read(1)
    delimiter = said or _delimiter(head, is_whole=is_whole)
    header, characters = _header(head, file, delimiter, limits, is_whole=is_whole)
    if len(header) > limits.columns:
        raise BadRequest(
            "data.columns_too_many",
            f"{file} has {len(header):,} columns; the limit is {limits.columns:,} (WORKBENCH_COLUMN_LIMIT).",
        )
    names, notices = repair(header)
    return Layout(encoding, delimiter, tuple(names), len(head[:characters].encode())), notices


def _named(said: Any, file: str) -> str:
    one = DELIMITER_WORDS.get(str(said).lower(), said)
    if not (
        isinstance(one, str) and len(one) == 1 and one.isascii() and (one.isprintable() or one == "\t") and one != '"'
    ):
        raise BadRequest(
            "data.unknown_option",
            f"The delimiter of {file} cannot be {shown(said)}: it is one ASCII character, and not the quote.",
            hint=f"Say one such as ; or a word: {', '.join(DELIMITER_WORDS)}.",
            option="delimiter",
        )
    return one


def _delimiter(head: str, *, is_whole: bool) -> str:
    """Take the delimiter that splits the most rows into as many fields as the header has."""
    sample = head[:_SAMPLE_CHARACTERS]
    is_cut = not is_whole or len(sample) < len(head)
    best: tuple[float, int] = (0.0, 0)
    chosen = ","
    for delimiter in _DELIMITERS:
        widths = _widths(sample, delimiter, is_cut=is_cut)
        if not widths or widths[0] < 2:
            continue
        fit = round(sum(width == widths[0] for width in widths) / len(widths), 1)
        if (fit, widths[0]) >= best:
            best, chosen = (fit, widths[0]), delimiter
    return chosen


def _widths(sample: str, delimiter: str, *, is_cut: bool) -> list[int]:
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row in islice(rows, _SAMPLE_ROWS) if any(field.strip() for field in row)]
    except csv.Error:
        return []
    return widths[:-1] if is_cut and len(widths) > 1 else widths


def _header(head: str, file: str, delimiter: str, limits: Limits, *, is_whole: bool) -> tuple[list[str], int]:
    """Return the first row that is not blank, and how many characters there are up to its end."""
    lines = io.StringIO(head, newline="").readlines()
    blank = sum(1 for _ in takewhile(_is_blank, lines))
    if blank == len(lines):
        raise BadRequest("data.empty", f"{file} is empty.")
    reader = csv.reader(lines[blank:], delimiter=delimiter)
    try:
        header = next(reader)
    except csv.Error:
        header = []
    used = blank + reader.line_num
    is_open = used == len(lines) and (not is_whole or "".join(lines[blank:]).count('"') % 2 == 1)
    if not header or is_open:
        raise BadRequest(
            "data.parse_failed",
            f"{file} cannot be read: its header does not end within {limits.row_bytes // MIB} MiB; a quote may have "
            "been left open.",
        )
    return header, sum(len(line) for line in lines[:used])


def _is_blank(line: str) -> bool:
    return not line.strip(" \t\v\f\r\n")


def repair(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give every column a clean name of its own, and say what was changed.

    >>> repair(["a", "", "a"])[0]
    ['a', 'column_2', 'a.1']
    """
    cleaned = [_clean(name) for name in header]
    tidied = [name for name, was in zip(cleaned, header, strict=True) if name and name != was]
    unnamed = [f"column_{place}" for place, name in enumerate(cleaned, 1) if not name]
    filled = [name or f"column_{place}" for place, name in enumerate(cleaned, 1)]
    names = _distinct(filled)
    numbered = [f"{was} → {name}" for name, was in zip(names, filled, strict=True) if name != was]
    notices = []
    if tidied:
        notices.append(f"Spaces or control characters were taken out of column names: {_some(tidied)}.")
    if unnamed:
        notices.append(f"Columns without a name were named: {_some(unnamed)}.")
    if numbered:
        notices.append(f"Repeated column names were numbered: {_some(numbered)}.")
    return names, notices


def _clean(name: str) -> str:
    name = re.sub(r"[\t\r\n\v\f]+", " ", name)
    # Cc are control characters; Cf are marks without a shape, such as a stray byte-order mark.
    return "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf")).strip()


def _distinct(names: Sequence[str]) -> list[str]:
    taken = set(names)
    seen: set[str] = set()
    result = []
    for name in names:
        unique, number = name, 0
        while unique in seen or (number and unique in taken):
            number += 1
            unique = f"{name}.{number}"
        seen.add(unique)
        result.append(unique)
    return result


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_IN_A_NOTICE
    return ", ".join(names[:_NAMED_IN_A_NOTICE]) + (f", and {more} more" if more > 0 else "")
