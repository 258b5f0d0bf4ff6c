"""What rows must look like: all that is wrong with them is told in one answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from workbench.dates import example, read_date
from workbench.errors import BadRequest
from workbench.plain import shown
from workbench.predictor.table import NUMERIC, Array, Column, ColumnKind, Table

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS_MOST = 100
"""Most problems that one answer names; how many more there are, it says."""
_TAKES: Mapping[ColumnKind, tuple[frozenset[type], str]] = {
    "number": (frozenset({int, float, type(None)}), "a number"),
    "bool": (frozenset({bool, type(None)}), "true or false"),
    "text": (frozenset({str, type(None)}), "a text"),
    "date": (frozenset({str, type(None)}), "a date as text"),
}
Values = tuple[Any, ...] | list[Any] | Array
"""A column's values: as JSON has them, or an array of numbers with NaN for gaps."""


class InvalidRows(BadRequest):
    """Rows that do not fit a schema.

    ``about["problems"]`` names up to `PROBLEMS_MOST` of them as ``{"row": from 0, "column": name, "problem": what}``:
    the row is None where a whole column is wrong, the column where a whole row is. ``about["more"]`` counts the others.
    """

    @classmethod
    def of(cls, problems: Iterator[Problem]) -> InvalidRows:
        """Tell of problems, of which there is one at least."""
        named: list[Problem] = []
        more = 0
        for problem in problems:
            if len(named) < PROBLEMS_MOST:
                named.append(problem)
            else:
                more += 1
        return cls._telling(named, more)

    @classmethod
    def _telling(cls, named: Sequence[Problem], more: int) -> InvalidRows:
        others = len(named) + more - 1
        many = "is one more problem" if others == 1 else f"are {others:,} more problems"
        tail = f" There {many}." if others else ""
        told = [{"row": problem.row, "column": problem.column, "problem": problem.what} for problem in named]
        return cls("predict.invalid_rows", f"{named[0]}{tail}", problems=told, more=more)

    def after(self, rows: int) -> InvalidRows:
        """Tell the same of rows that stand after so many others."""
        named = [
            Problem(None if told["row"] is None else told["row"] + rows, told["column"], told["problem"])
            for told in self.about["problems"]
        ]
        return self._telling(named, self.about["more"])


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with rows; a row is counted from 0."""

    row: int | None
    column: str | None
    what: str

    def __str__(self) -> str:
        where = "The table" if self.row is None else f"Row {self.row}"
        return f"{where} {self.what}." if self.column is None else f"{where}: '{self.column}' {self.what}."


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that rows must have.

    Attributes
    ----------
    columns
        In the order of the table that the pipeline was fitted on.
    ignored
        Names of columns that rows may have, and that nothing reads.
    """

    columns: tuple[Column, ...]
    ignored: frozenset[str] = frozenset()
    _names: frozenset[str] = field(init=False, repr=False, compare=False)
    _picked: tuple[Column, ...] = field(init=False, repr=False, compare=False)
    _numeric: int = field(init=False, repr=False, compare=False)
    _pick: Callable[[Any], tuple[Any, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numeric = [column for column in self.columns if column.kind in NUMERIC]
        picked = (*numeric, *(column for column in self.columns if column.kind not in NUMERIC))
        object.__setattr__(self, "_names", frozenset(column.name for column in picked))
        object.__setattr__(self, "_picked", picked)
        object.__setattr__(self, "_numeric", len(numeric))
        object.__setattr__(self, "_pick", _picker([column.name for column in picked]))

    @classmethod
    def of(cls, stored: Sequence[Mapping[str, str]], sample: Sequence[Mapping[str, Any]] = ()) -> Schema:
        """Read a stored schema.

        Parameters
        ----------
        stored
            For each column ``name`` and ``dtype``, and ``kind`` where it was stored.
        sample
            Rows of the table: they tell what a column holds whose kind was not stored.
        """
        return cls(
            tuple(
                Column(told["name"], _kind(told, [row.get(told["name"]) for row in sample]), told["dtype"])
                for told in stored
            )
        )

    def narrowed(self, taken: Sequence[str], dates: Mapping[str, str | None]) -> Schema:
        """Ask for those columns only that a pipeline takes, and for dates in those that it reads as dates.

        Parameters
        ----------
        dates
            Name of such a column → the pattern that it reads them by; None: each as it comes.
        """
        kinds: dict[str, ColumnKind] = {column.name: "text" for column in self.columns if column.kind == "date"}
        kinds |= {
            column.name: "date"
            for column in self.columns
            if column.name in dates or column.dtype.startswith("datetime64")
        }
        wanted = set(taken)
        return Schema(
            tuple(
                replace(column, kind=kinds.get(column.name, column.kind), pattern=dates.get(column.name))
                for column in self.columns
                if column.name in wanted
            ),
            self.ignored | {column.name for column in self.columns if column.name not in wanted},
        )

    def read(self, rows: object) -> Table:
        """Check rows as JSON gives them.

        Parameters
        ----------
        rows
            A list of objects, each with every column; None is a value that is missing.

        Raises
        ------
        InvalidRows
            ``predict.invalid_rows`` with all that is wrong with all rows.
        BadRequest
            ``predict.no_rows`` where there is no list, or nothing in it.
        """
        if not isinstance(rows, list) or not rows:
            told = "There are no rows." if rows == [] else f"The rows are {shown(rows)}, which is no list."
            raise BadRequest("predict.no_rows", told, hint='They are a list of objects: [{"column": value, …}, …].')
        if all(isinstance(row, dict) and self._fits(row) for row in rows):
            with suppress(_Unfit):
                return self._table(list(zip(*map(self._pick, rows), strict=True)), len(rows))
        raise InvalidRows.of(self._problems(rows))

    def of_frame(self, frame: pd.DataFrame) -> Table:
        """Take a frame's columns by their names; those that the schema does not know are left aside.

        Raises
        ------
        InvalidRows
            ``predict.invalid_rows`` naming the columns that are missing, or the values that do not fit.
        BadRequest
            ``predict.no_rows`` where the frame has none.
        """
        if not len(frame):
            raise BadRequest("predict.no_rows", "The table has no rows.")
        lacking = [column.name for column in self.columns if column.name not in frame]
        if lacking:
            raise InvalidRows.of(Problem(None, name, "is missing") for name in lacking)
        values = [_values(frame[column.name], column) for column in self._picked]
        try:
            return self._table(values, len(frame))
        except _Unfit:
            cells = (
                Problem(row, column.name, what)
                for column, held in zip(self._picked, values, strict=True)
                for row, value in enumerate(_gaps_as_none(held) if isinstance(held, np.ndarray) else held)
                if (what := _wrong(column, value))
            )
            raise InvalidRows.of(cells) from None

    def _fits(self, row: dict[Any, Any]) -> bool:
        """Whether a row has the columns that it must have, and none that is unknown."""
        if len(row) == len(self._names) and row.keys() == self._names:
            return True
        return bool(self.ignored) and row.keys() - self.ignored == self._names

    def _table(self, values: Sequence[Values], rows: int) -> Table:
        """Lay picked columns out; raises `_Unfit` where a value does not fit."""
        for column, held in zip(self._picked, values, strict=False):
            if isinstance(held, np.ndarray):
                continue
            if not _TAKES[column.kind][0].issuperset(map(type, held)):
                raise _Unfit
            if column.kind == "date" and not all(_is_date(value, column) for value in held):
                raise _Unfit
        numeric = values[: self._numeric]
        try:
            numbers = np.array(numeric, dtype=np.float64) if numeric else np.empty((0, rows))
        except OverflowError:
            raise _Unfit from None
        missing = len(numbers.ravel()) - np.count_nonzero(np.isfinite(numbers))
        if missing and missing != sum(map(_missing, numeric)):
            raise _Unfit
        texts = cast("tuple[Sequence[str | None], ...]", tuple(values[self._numeric :]))
        return Table(self.columns, numbers, texts, rows)

    def _problems(self, rows: Sequence[Any]) -> Iterator[Problem]:
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                yield Problem(place, None, f"is {_told(row)}, not an object of columns")
                continue
            for column in self.columns:
                if column.name not in row:
                    yield Problem(place, column.name, "is missing")
                elif what := _wrong(column, row[column.name]):
                    yield Problem(place, column.name, what)
            unknown = row.keys() - self._names - self.ignored
            yield from (Problem(place, str(name), "is no column of this pipeline") for name in row if name in unknown)


class _Unfit(Exception):
    """A value does not fit its column."""


def _kind(told: Mapping[str, str], values: Sequence[Any]) -> ColumnKind:
    if (stored := told.get("kind")) in _TAKES:
        return cast(ColumnKind, stored)
    dtype = told["dtype"].lower()
    if dtype.startswith(("int", "uint", "float")):
        return "number"
    if dtype.startswith("datetime64"):
        return "date"
    there = [value for value in values if value is not None]
    is_truth = dtype.startswith("bool") or (there and all(isinstance(value, bool) for value in there))
    return "bool" if is_truth else "text"


def _picker(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


def _values(column: pd.Series[Any], wanted: Column) -> Values:
    if wanted.kind == "number" and column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = column.astype(object).to_numpy(copy=True)
    values[column.isna().to_numpy()] = None
    return list(values)


def _gaps_as_none(values: Array) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _missing(values: Values) -> int:
    return int(np.isnan(values).sum()) if isinstance(values, np.ndarray) else values.count(None)


def _wrong(column: Column, value: Any) -> str | None:
    """Say what is wrong with a value, None where nothing is."""
    types, takes = _TAKES[column.kind]
    if type(value) not in types:
        return f"is {_told(value)}; it takes {takes}"
    if column.kind == "number" and value is not None and not _is_finite(value):
        return f"is {_told(value)}; it takes a finite number"
    if column.kind == "date" and not _is_date(value, column):
        takes = f"; it takes a date like {example(column.pattern)}" if column.pattern else ""
        return f"is {_told(value)}, which is no date{takes}"
    return None


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shown(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_date(value: str | None, column: Column) -> bool:
    return value is None or read_date(value, column.pattern) is not None
