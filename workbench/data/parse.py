"""From a file to what is known of it: encoding, layout, rows, columns, and notices of all that was repaired."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.data import encoding, layout, rows
from workbench.data.layout import Layout
from workbench.data.profile import profile
from workbench.data.source import Column
from workbench.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Parsed:
    layout: Layout
    row_count: int
    columns: tuple[Column, ...]
    notices: tuple[str, ...]


def parse(path: Path, file: str, column_limit: int) -> Parsed:
    """Decide how a text table is read, and profile it, in bounded memory.

    Parameters
    ----------
    file
        What the user calls the file, for messages.
    column_limit
        Most columns it may have.

    Raises
    ------
    BadRequest
        ``data.empty``, ``data.no_rows``, ``data.not_a_table``, ``data.columns_too_many``, ``data.ragged`` or
        ``data.parse_failed``, each with a sentence that names the file and the place.
    """
    text = encoding.detect(path, file)
    notices = [f"{file} is not UTF-8; it was read as Latin-1."] if text == "latin-1" else []
    walked: rows.Rows | None = None
    with _parser_errors(file) as failure:
        found, repairs = layout.find(path, file, text, column_limit)
        walked = rows.check(path, file, found)
        failure.last_row = walked.last
        row_count, columns = profile(path, found)
    if row_count == 0:
        raise BadRequest("data.no_rows", f"{file} has a header but no rows.")
    notices += repairs
    if len(columns) == 1:
        notices.append(f"{file} has one column: {found.names[0]}.")
    if walked.short:
        notices.append(_short_rows(walked))
    return Parsed(found, row_count, columns, tuple(notices))


@dataclass(slots=True)
class _Failure:
    last_row: int = 1


@contextmanager
def _parser_errors(file: str) -> Iterator[_Failure]:
    import pandas as pd

    failure = _Failure()
    try:
        yield failure
    except pd.errors.ParserError as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip().splitlines()[0]
        if "inside string" in reason:
            # Only the last row can be left open: it swallows whatever follows.
            reason = f"a quote opened in the row at line {failure.last_row:,} is never closed"
        raise BadRequest("data.parse_failed", f"{file} cannot be read: {reason}.") from error


def _short_rows(walked: rows.Rows) -> str:
    if walked.short == 1:
        return f"Line {walked.first_short} has fewer values than the header has names; the rest was taken as missing."
    return (
        f"{walked.short:,} rows have fewer values than the header has names, the first at line {walked.first_short}; "
        "the rest was taken as missing."
    )
