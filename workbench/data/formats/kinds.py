"""What ``pandas.read_csv`` makes of texts: gaps, numbers, truths. Where it is not plain, pandas itself decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from workbench.data.arrays import plain

if TYPE_CHECKING:
    import pandas as pd

NA_TEXTS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Texts that are gaps, as ``pandas.read_csv`` documents them under `na_values`."""
TRUTHS, FALSEHOODS = ("True", "TRUE", "true"), ("False", "FALSE", "false")
_LIKE_A_NUMBER = (
    r"^(?:\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*|\s*[+-]?(?i:inf|infinity|nan)\s*"
    r"|True|TRUE|true|False|FALSE|false)$"
)
"""Every text of which pandas could make a number or a truth; any other one makes a column text."""
_BEYOND_INT64 = 2.0**63
_LOOKED_AT_FIRST = 64


@dataclass(slots=True)
class Seen:
    """What was seen of a column so far: whether Arrow and pandas may think differently of it.

    Attributes
    ----------
    is_text
        Whether some text is neither a number nor a truth.
    is_odd
        Whether a number is too large for 64 bits, infinite, or none and yet no gap: pandas may spell it otherwise.
    is_whole
        Whether all are floats without a fraction: they may be whole numbers with a plus sign.
    is_integer, is_float
        What Arrow took it for; whole numbers may be hexadecimal.
    """

    is_text: bool = False
    is_odd: bool = False
    is_whole: bool = False
    is_integer: bool = False
    is_float: bool = False
    has_values: bool = False

    def see(self, column: pa.Array) -> None:
        """Look at the next stretch of the column."""
        if self.is_text or self.is_odd or column.null_count == len(column):
            return
        first, self.has_values = not self.has_values, True
        if pa.types.is_floating(column.type):
            self._see_floats(column, first=first)
        elif pa.types.is_integer(column.type):
            self.is_integer = True
        elif pa.types.is_boolean(column.type):
            self.is_text = True
        else:
            texts = column.dictionary if pa.types.is_dictionary(column.type) else column
            self.is_text = not (_all_like_numbers(texts[:_LOOKED_AT_FIRST]) and _all_like_numbers(texts))

    def may_differ(self, *, has_plus: bool, has_hex: bool) -> bool:
        """Whether pandas has to decide, once the whole column was seen.

        Parameters
        ----------
        has_plus, has_hex
            Whether somewhere in the table something looked like a number with a plus sign, or a hexadecimal one.
        """
        if self.is_text or not self.has_values:
            return False
        if self.is_integer:
            return has_hex
        return self.is_odd or not self.is_float or (self.is_whole and has_plus)

    def _see_floats(self, column: pa.Array, *, first: bool) -> None:
        self.is_float = True
        numbers = plain(column.drop_null())
        self.is_odd = not (numbers.min() > -_BEYOND_INT64 and numbers.max() < _BEYOND_INT64)
        if first or self.is_whole:
            self.is_whole = bool((np.floor(numbers) == numbers).all())


_SPELLINGS = (
    # Of more digits some may not fit into 64 bits.
    (pa.int64(), r"^\s*-?\d{1,18}\s*$"),
    (pa.float64(), r"^\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf|infinity|nan))\s*$"),
    (pa.bool_(), r"^(?:True|TRUE|true|False|FALSE|false)$"),
)


@dataclass(slots=True)
class Spelling:
    """What the texts of a column can be read as, by how all of them are spelt."""

    _left: list[tuple[pa.DataType, str]] = field(default_factory=lambda: list(_SPELLINGS))
    _has_values: bool = False

    def see(self, texts: pa.Array) -> None:
        """Look at the next stretch of the column."""
        if texts.null_count == len(texts):
            return
        self._has_values = True
        self._left = [
            (kind, spelt)
            for kind, spelt in self._left
            if compute.all(compute.match_substring_regex(texts, spelt)).as_py()
        ]

    @property
    def kind(self) -> pa.DataType | None:
        """The narrowest type; null where there was no value at all, None where it is text."""
        if not self._has_values:
            return pa.null()
        return self._left[0][0] if self._left else None


def _all_like_numbers(texts: pa.Array) -> bool:
    return bool(compute.all(compute.match_substring_regex(texts, _LIKE_A_NUMBER)).as_py())


def as_pandas_reads(tables: Iterable[pa.Table], work: Path) -> dict[str, pa.Array]:
    """Read columns of text as ``pandas.read_csv`` does.

    Parameters
    ----------
    tables
        The columns a stretch at a time, each value as it is spelt, gaps too: where a number is too large, pandas keeps
        them so.
    work
        Folder in which they are written for pandas.

    Returns
    -------
    dict
        Column → its values: int64, uint64, float64, bool, or string.
    """
    import pandas as pd

    path = work / "odd.csv"
    names: list[str] = []
    with path.open("wb") as to:
        for table in tables:
            names = table.column_names
            csv.write_csv(table, to, csv.WriteOptions(include_header=False))
    # A row of one column that is a gap is an empty line.
    read: dict[str, Any] = {"header": None, "names": names, "index_col": False, "skip_blank_lines": False}
    frame = pd.read_csv(path, engine="c", low_memory=False, **read, **exact())
    path.unlink()
    return {name: _column(frame[name]) for name in names}


def exact() -> dict[str, Any]:
    """Return the option by which this pandas reads each number as the float64 that is nearest to it."""
    import pandas as pd

    # Before 3.1, pandas by itself may miss the last digit, and not the same way in every version; since then, it does
    # not, and the option is on its way out.
    before = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
    return {"float_precision": "round_trip"} if before else {}


def _column(values: pd.Series[Any]) -> pa.Array:
    if values.dtype.kind in "iufb":
        return pa.array(values.to_numpy(), from_pandas=True)
    found = values.dropna()
    if all(isinstance(value, bool) for value in found):
        return pa.array(values.to_numpy(), type=pa.bool_(), from_pandas=True)
    # Whole numbers of more than 64 bits are Python's own in a newer pandas, and text in an older one.
    return pa.array(values.astype(object).map(str, na_action="ignore").to_numpy(), type=pa.string(), from_pandas=True)
