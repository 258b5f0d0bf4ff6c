"""What a compiled preparation is made of: columns looked up, read or copied into a matrix, and what is done to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np

from workbench.dates import read_date
from workbench.predictor.table import Array, Table

_DATES_KEPT = 16384
"""Dates that are kept as read."""


class Writer(Protocol):
    """Writes what becomes of a column into a matrix of rows × features."""

    def write(self, table: Table, X: Array) -> None: ...


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers as they are, their gaps filled.

    Attributes
    ----------
    places
        Which of a table's columns of numbers.
    fills
        What stands for a gap in each; NaN: it stays.
    features
        Which columns of the matrix they become.
    """

    places: Array
    fills: Array
    features: Array

    def write(self, table: Table, X: Array) -> None:
        held = table.numbers[self.places]
        gaps = np.isnan(held)
        if gaps.any():
            held = np.where(gaps, self.fills[:, np.newaxis], held)
        X[:, self.features] = held.T


class Codes(dict[Any, int]):
    """Value → code, and a code for all values that are not known."""

    def __init__(self, known: Iterable[Any], unseen: int) -> None:
        super().__init__((value, code) for code, value in enumerate(known))
        self.unseen = unseen

    def __missing__(self, value: Any) -> int:
        return self.unseen


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column whose values were tabulated, one by one, by the steps themselves.

    Attributes
    ----------
    place
        Which of a table's columns of texts, or of numbers.
    codes
        Value → row of `values`; for a text None is a value.
    missing
        Row of `values` for a gap.
    values
        Codes × features.
    features
        Which columns of the matrix they become: a slice where they lie side by side.
    """

    is_number: bool
    place: int
    codes: Codes
    missing: int
    values: Array
    features: Array | slice

    def rows(self, table: Table) -> Array:
        """Return the row of `values` for each row of a table."""
        held = table.numbers[self.place].tolist() if self.is_number else table.texts[self.place]
        rows = np.fromiter(map(self.codes.__getitem__, held), np.intp, len(table))
        if self.is_number:
            rows[np.isnan(table.numbers[self.place])] = self.missing
        return rows

    def write(self, table: Table, X: Array) -> None:
        X[:, self.features] = self.values[self.rows(table)]


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of dates as text, and the parts that are taken from each.

    Attributes
    ----------
    read
        Text → parts as numbers, NaN where there is no date.
    """

    place: int
    read: Callable[[str | None], tuple[float, ...]]
    features: Array

    def write(self, table: Table, X: Array) -> None:
        X[:, self.features] = [self.read(text) for text in table.texts[self.place]]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of free text, which a fitted vectorizer counts the words of."""

    place: int
    vectorizer: Any
    kept: Array
    features: Array

    def write(self, table: Table, X: Array) -> None:
        texts = ["" if text is None else text for text in table.texts[self.place]]
        X[:, self.features] = self.vectorizer.transform(texts).toarray()[:, self.kept]


@dataclass(frozen=True, slots=True)
class Guard:
    """Rows that the compiled steps are not sure of, so that the pipeline itself must answer them.

    Attributes
    ----------
    numbers, texts
        Columns in which a gap makes a row unsure.
    lookups
        Columns in which an unknown value does.
    """

    numbers: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    lookups: tuple[Lookup, ...] = ()

    def unsure(self, table: Table) -> Array | None:
        """Return whether each row is unsure; None: none is."""
        found = np.zeros(len(table), dtype=bool)
        if self.numbers:
            found |= np.isnan(table.numbers[list(self.numbers)]).any(axis=0)
        for place in self.texts:
            found |= [text is None for text in table.texts[place]]
        for lookup in self.lookups:
            found |= lookup.rows(table) == lookup.codes.unseen
        return found if found.any() else None


@dataclass(frozen=True, slots=True)
class Filled:
    """Columns of numbers whose gaps a fitted step fills from one another."""

    places: Array
    transformer: Any

    def __call__(self, table: Table) -> Table:
        held = table.numbers[self.places]
        if not np.isnan(held).any():
            return table
        numbers = table.numbers.copy()
        numbers[self.places] = self.transformer.transform(held.T).T
        return replace(table, numbers=numbers)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A fitted transformer on a matrix or some of its columns.

    Attributes
    ----------
    columns
        Those that it takes, in its order; None: all as they lie.
    others
        Those that it does not take; None: there are none.
    order
        Places of what comes out, in what was made and, after it, the columns that were not taken.
    """

    transform: Callable[[Array], Any]
    columns: Array | None = None
    others: Array | None = None
    order: Array | None = None

    def __call__(self, X: Array) -> Array:
        if self.columns is None:
            return np.asarray(self.transform(X))
        made = np.asarray(self.transform(X.take(self.columns, axis=1)))
        if self.others is None or self.order is None:
            return made
        return np.hstack([made, X.take(self.others, axis=1)]).take(self.order, axis=1)


@dataclass(frozen=True, slots=True)
class Select:
    """Some columns of a matrix."""

    columns: Array

    def __call__(self, X: Array) -> Array:
        return X.take(self.columns, axis=1)


def whole(X: Array) -> Array:
    """Return a matrix that has no gap; raise a ``ValueError`` where it has one, as the step that follows would."""
    if np.isnan(X).any():
        raise ValueError("There are gaps.")
    return X


@dataclass(frozen=True, slots=True)
class Groups:
    """PyCaret's summaries of groups of columns, put beside the others.

    Attributes
    ----------
    groups
        The columns of each.
    """

    groups: tuple[Array, ...]

    SUMMARIES: ClassVar = ("min", "max", "mean", "std", "median", "mode")

    def __call__(self, X: Array) -> Array:
        from scipy import stats

        made = [X]
        for columns in self.groups:
            group = X.take(columns, axis=1)
            summaries = (
                np.nanmin(group, axis=1),
                np.nanmax(group, axis=1),
                np.nanmean(group, axis=1),
                np.nanstd(group, axis=1),
                np.nanmedian(group, axis=1),
                stats.mode(group, axis=1)[0],
            )
            made += [summary[:, np.newaxis] for summary in summaries]
        return np.hstack(made)


def nameless(fitted: Any) -> Any:
    """Return a shallow copy of what was fitted on a frame that takes a matrix without a word about names."""
    other = copy(fitted)
    other.__dict__.pop("feature_names_in_", None)
    return other


def beside(features: Sequence[int]) -> Array | slice:
    """Return columns as a slice where they lie side by side."""
    first = features[0]
    if list(features) == list(range(first, first + len(features))):
        return slice(first, first + len(features))
    return np.array(features)


def date_reader(parts: Sequence[str], pattern: str | None) -> Callable[[str | None], tuple[float, ...]]:
    """Return what takes parts of dates, by pandas' names, reading each text by a pattern; see `read_date`."""
    take = [PARTS[part] for part in parts]

    @lru_cache(_DATES_KEPT)
    def read(text: str | None) -> tuple[float, ...]:
        if text is None:
            return (np.nan,) * len(parts)
        date = read_date(text, pattern)
        if date is None:
            raise ValueError(f"{text!r} is no date.")
        return tuple(part(date) for part in take)

    return read


PARTS: Mapping[str, Callable[[datetime], float]] = {
    "day": lambda date: date.day,
    "month": lambda date: date.month,
    "year": lambda date: date.year,
    "quarter": lambda date: (date.month - 1) // 3 + 1,
    "dayofweek": lambda date: date.weekday(),
    "dayofyear": lambda date: date.timetuple().tm_yday,
    "hour": lambda date: date.hour,
    "minute": lambda date: date.minute,
    "second": lambda date: date.second,
}
"""Part of a date, by pandas' name → what takes it."""
