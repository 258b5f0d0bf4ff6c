"""Columns of dates: tables hold them as text, PyCaret takes them as dates only."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.core.tools.datetimes import (  # type: ignore[attr-defined]
    _guess_datetime_format_for_array,
)
from sklearn.base import BaseEstimator, TransformerMixin

from workbench.dates import read_date
from workbench.errors import BadRequest

_MOVES = ("now", "today")
"""What pandas takes for a date, another one each time."""
_GAPS = frozenset({"", "NaT", "nat", "NAT", "nan", "NaN", "NAN"})
"""Texts that pandas takes for a date that is missing."""


def read_dates(column: pd.Series[Any], called: str = "column") -> pd.Series[Any]:
    """Make dates of the texts of a column as PyCaret would; dates stay as they are, and gaps too.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the first value that is no date, and its row.
    """
    moves = column.isin(_MOVES)
    if moves.any():
        raise _no_date(column, moves, called)
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        wrong = pd.to_datetime(column, errors="coerce").isna() & column.notna()
        raise _no_date(column, wrong, called) from error


def read_learned(column: pd.Series[Any], pattern: str | None, called: str = "column") -> pd.Series[Any]:
    """Make dates of texts by the pattern of the column that was learned from, each whatever stands beside it.

    Raises
    ------
    BadRequest
        As `read_dates`.
    """
    if column.dtype.kind != "O":
        return read_dates(column, called)
    column = column.astype(object)
    dates = {value: _read(value, pattern) for value in column.dropna().unique()}
    wrong = column.map({value: date is None for value, date in dates.items()}).eq(True)
    if wrong.any():
        raise _no_date(column, wrong, called)
    return pd.to_datetime(column.map(dates))


def learn_pattern(column: pd.Series[Any]) -> str | None:
    """Return the pattern by which pandas reads the texts of a column, which is that of the first; None: it has none."""
    if column.dtype.kind != "O":
        return None
    with warnings.catch_warnings():
        # It warns where it finds none; what it does then is well defined.
        warnings.simplefilter("ignore")
        pattern: str | None = _guess_datetime_format_for_array(column.to_numpy(dtype=object))
    return pattern


class Dates(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """First step of a pipeline that takes rows as the table holds them.

    Parameters
    ----------
    columns
        Names of the columns that hold dates as text.
    patterns
        Column → the pattern by which its texts were read when the pipeline was fitted; None for one without any. Where
        there are none at all, pandas guesses anew for every table.
    """

    patterns: Mapping[str, str | None] | None = None
    """None for pipelines that were stored without."""

    def __init__(self, columns: Sequence[str], patterns: Mapping[str, str | None] | None = None) -> None:
        self.columns = columns
        self.patterns = patterns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Dates:  # noqa: ARG002 - every step is fitted so
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        if self.patterns is None:
            return X.assign(**{name: read_dates(X[name]) for name in self.columns})
        return X.assign(**{name: read_learned(X[name], self.patterns[name]) for name in self.columns})


def learn_patterns(table: pd.DataFrame, columns: Sequence[str] | None) -> dict[str, str | None]:
    """Learn of each of these columns that a table has how its dates are written; see `learn_pattern`."""
    return {name: learn_pattern(table[name]) for name in columns or () if name in table}


def taking_text(pipeline: Any, patterns: Mapping[str, str | None]) -> Any:
    """Let a fitted pipeline take dates as text too, written by these patterns, column by column."""
    if patterns:
        pipeline.steps.insert(0, ("dates", Dates(list(patterns), patterns)))
    return pipeline


def with_dates(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table with dates in these columns.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the first value that is no date.
    """
    return frame.assign(**{name: read_dates(frame[name]) for name in columns})


def _read(value: Any, pattern: str | None) -> Any:
    if not isinstance(value, str):
        return value
    return pd.NaT if value in _GAPS else read_date(value, pattern)


def _no_date(column: pd.Series[Any], wrong: pd.Series[Any], called: str) -> BadRequest:
    place = int(wrong.to_numpy().argmax())
    return BadRequest(
        "spec.invalid",
        f"The {called} '{column.name}' has {column.iloc[place]!r} in row {place + 1}, which is no date.",
    )
