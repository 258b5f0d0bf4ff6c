"""How a text table is laid out: delimiter, header, and whether every row fits the header."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import BadRequest

if TYPE_CHECKING:
    import pandas as pd

# Later ones win a tie: a semicolon that stands in every row is rarely part of the text, a comma may well be.
_DELIMITERS = ",|;\t"
_SAMPLE_CHARACTERS = 256 * 1024
_SAMPLE_ROWS = 1000
_NAMED_IN_A_NOTICE = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file, in full: the same options for preview, profile and run."""

    encoding: str
    delimiter: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any], names: Sequence[str]) -> Layout:
        """Rebuild the layout from what `as_dict` gave and the column names."""
        return cls(stored["encoding"], stored["delimiter"], tuple(names))

    def as_dict(self) -> dict[str, Any]:
        return {"type": "csv", "encoding": self.encoding, "delimiter": self.delimiter}

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for ``pandas.read_csv``."""
        return {
            "encoding": self.encoding,
            "sep": self.delimiter,
            "header": 0,
            "names": list(self.names),
            # Without it, pandas takes the first column of some malformed files for row labels.
            "index_col": False,
            "engine": "c",
            # With it, a column's type could differ from one stretch of the file to the next.
            "low_memory": False,
        } | _exact()

    def told(self, path: Path | None) -> dict[str, Any]:
        """Arguments other than defaults by which a plain ``pandas.read_csv`` of a checked file gives the same frame.

        Parameters
        ----------
        path
            The file; None where it is not there, and the column names are told to be safe.
        """
        told: dict[str, Any] = {}
        if self.encoding != "utf-8":
            told["encoding"] = self.encoding
        if self.delimiter != ",":
            told["sep"] = self.delimiter
        if path is None or _header(path, path.name, self.encoding, self.delimiter) != list(self.names):
            told |= {"header": 0, "names": list(self.names)}
        return told | {"float_precision": "round_trip", "low_memory": False}

    def read(self, path: Path, **more: Any) -> pd.DataFrame:
        """Read the file into a frame, as ``pandas.read_csv`` does, each number to the float64 that is nearest to it."""
        import pandas as pd

        frame: pd.DataFrame = pd.read_csv(path, **(self.options | more))
        return frame

    def chunks(self, path: Path, rows: int, **more: Any) -> Iterator[pd.DataFrame]:
        """Read the file a number of rows at a time."""
        import pandas as pd

        with pd.read_csv(path, chunksize=rows, **(self.options | more)) as reader:
            yield from reader


def _exact() -> dict[str, Any]:
    import pandas as pd

    # Before 3.1, pandas by itself may miss the last digit, and not the same way in every version; since then, it does
    # not, and the option is on its way out.
    before = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
    return {"float_precision": "round_trip"} if before else {}


def find(path: Path, file: str, encoding: str, column_limit: int) -> tuple[Layout, list[str]]:
    """Find delimiter and column names, and say what had to be repaired.

    Raises
    ------
    BadRequest
        ``data.empty`` when there is nothing but white space, ``data.columns_too_many`` over the limit.
    """
    delimiter = _delimiter(path, encoding)
    header = _header(path, file, encoding, delimiter)
    if len(header) > column_limit:
        raise BadRequest(
            "data.columns_too_many",
            f"{file} has {len(header):,} columns; the limit is {column_limit:,} (WORKBENCH_COLUMN_LIMIT).",
        )
    names, notices = repair(header)
    return Layout(encoding, delimiter, tuple(names)), notices


def _delimiter(path: Path, encoding: str) -> str:
    """Take the delimiter that splits the most rows into as many fields as the header has."""
    with path.open(encoding=encoding, newline="") as stream:
        sample = stream.read(_SAMPLE_CHARACTERS)
    best: tuple[float, int] = (0.0, 0)
    chosen = ","
    for delimiter in _DELIMITERS:
        widths = _widths(sample, delimiter)
        if not widths or widths[0] < 2:
            continue
        fit = round(sum(width == widths[0] for width in widths) / len(widths), 1)
        if (fit, widths[0]) >= best:
            best, chosen = (fit, widths[0]), delimiter
    return chosen


def _widths(sample: str, delimiter: str) -> list[int]:
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row in islice(rows, _SAMPLE_ROWS) if any(field.strip() for field in row)]
    except csv.Error:
        return []
    cut = len(sample) == _SAMPLE_CHARACTERS and len(widths) > 1
    return widths[:-1] if cut else widths


def _header(path: Path, file: str, encoding: str, delimiter: str) -> list[str]:
    import pandas as pd

    try:
        first = pd.read_csv(
            path, sep=delimiter, encoding=encoding, header=None, nrows=1, dtype=str, na_filter=False, engine="c"
        )
    except pd.errors.EmptyDataError as error:
        raise BadRequest("data.empty", f"{file} is empty.") from error
    return [str(name) for name in first.iloc[0]]


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
