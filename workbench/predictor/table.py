"""Checked rows, column by column, as the pipeline is given them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.dates import read_date

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]
ColumnKind = Literal["number", "text", "bool", "date"]
NUMERIC: frozenset[ColumnKind] = frozenset({"number", "bool"})
"""Kinds that a table holds as numbers."""
WHOLE_MOST = 2**53
"""Below it a float64 is a whole number exactly where the number itself was."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a pipeline takes.

    Attributes
    ----------
    kind
        ``date`` is for texts that the pipeline reads as dates.
    dtype
        What pandas held it as in the table that the pipeline was fitted on.
    pattern
        How its dates are written, as for ``strptime``; None: that was not learned, or they are written in several ways.
    """

    name: str
    kind: ColumnKind
    dtype: str
    pattern: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows that have passed a schema.

    Attributes
    ----------
    columns
        In the schema's order.
    numbers
        Numbers and truth values, float64, a row of it each column and a column each row; NaN where a value is missing.
    texts
        Texts and dates, a sequence each column; None where a value is missing.
    rows
        How many rows there are.
    """

    columns: tuple[Column, ...]
    numbers: Array
    texts: tuple[Sequence[str | None], ...]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: Sequence[int] | Array) -> Table:
        """Return some of the rows, by their places."""
        texts = tuple([column[row] for row in rows] for column in self.texts)
        return Table(self.columns, self.numbers[:, rows], texts, len(rows))

    def whole(self) -> Array:
        """Return whether each row has no gap."""
        found: Array = ~np.isnan(self.numbers).any(axis=0)
        for column in self.texts:
            found &= [text is not None for text in column]
        return found

    def frame(self) -> pd.DataFrame:
        """Make the frame that the pipeline itself takes, under a fresh RangeIndex.

        Returns
        -------
        DataFrame
            Columns in the schema's order. Whole numbers are int64 where the column was and no value is missing, truth
            values bool likewise, all other numbers float64; the rest is of dtype object, with NaN for what is missing.
        """
        import pandas as pd

        numbers, texts = iter(self.numbers), iter(self.texts)
        held = {
            column.name: _number(column, next(numbers)) if column.kind in NUMERIC else _text(column, next(texts))
            for column in self.columns
        }
        return pd.DataFrame(held, index=pd.RangeIndex(self.rows))


def join(tables: Sequence[Table]) -> Table:
    """Put the rows of tables of one schema one after another."""
    numbers = np.concatenate([table.numbers for table in tables], axis=1)
    beside = zip(*(table.texts for table in tables), strict=True)
    texts = tuple([text for column in columns for text in column] for columns in beside)
    return Table(tables[0].columns, numbers, texts, sum(map(len, tables)))


def _number(column: Column, values: Array) -> Array:
    missing = np.isnan(values)
    if column.kind == "bool":
        if column.dtype == "bool" and not missing.any():
            return values.astype(bool)
        held = values.astype(bool).astype(object)
        held[missing] = np.nan
        return held
    is_whole = column.dtype.lower().startswith(("int", "uint"))
    if is_whole and not missing.any() and (values == np.trunc(values)).all() and (abs(values) < WHOLE_MOST).all():
        return values.astype(np.int64)
    return values


def _text(column: Column, values: Sequence[str | None]) -> Any:
    held = np.empty(len(values), dtype=object)
    held[:] = [np.nan if value is None else value for value in values]
    if column.dtype.startswith("datetime64"):
        import pandas as pd

        return pd.to_datetime(
            pd.Series([None if value is None else read_date(value, column.pattern) for value in values])
        )
    return held
