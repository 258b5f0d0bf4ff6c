"""What each column of a table becomes in PyCaret's set-up, told from what is known of it; nothing is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil, log
from typing import TYPE_CHECKING, Any, Literal

from workbench.catalogue import TASKS

if TYPE_CHECKING:
    from workbench.data.source import Column, Source

Becoming = Literal["number", "bool", "order", "one-hot", "target", "digits", "date parts", "words", "left out"]

POINTER = NUMBER = 8
"""Bytes of a reference to a text, and of a number as tables are read."""
TEXT = 57
"""Bytes of a Python text beside its characters: its head, and what rounding up to 16 adds on average."""
UNSEEN_LENGTH = 20
"""Characters of a text of which no value is known."""
DIGITS_BASE = 5
"""PyCaret writes categories of a task without a target as numbers to this base where they are too many."""
GAPS_MOST = 0.1
"""Share of missing dates from which PyCaret takes no part of them."""
SMALLEST = ((1, -(2**7), 2**7 - 1), (4, -(2**31), 2**31 - 1))
"""Bytes of the types that PyCaret shrinks whole numbers to, and the least and most that each holds."""
FLOAT_MOST = 3.4e38
"""Largest number that PyCaret shrinks to four bytes."""
_WORD = re.compile(r"\w\w+")
"""What scikit-learn takes for a word."""
HEAPS = (44, 0.49)
"""How many different words a text of so many words has: ``44 · words ** 0.49`` (Heaps' law, as found for English in
Manning, Raghavan, Schütze 2008, section 5.1.1)."""
WORDS_APART = 3
"""By how much the number of words may be more or less."""


@dataclass(frozen=True, slots=True)
class Width:
    """What one column takes, in bytes a row, and what it becomes.

    Attributes
    ----------
    read
        As the table is read.
    small
        In the smaller types to which PyCaret shrinks its copy.
    strings
        Bytes of its distinct texts in all, not a row.
    filled
        After gaps are filled; 0 for what is no feature.
    encoded
        After encoding; 0 for what is no feature.
    columns
        How many columns it becomes.
    is_whole
        Whether its numbers are whole and take more than a byte: with them among the numbers all take eight.
    """

    name: str
    becomes: Becoming
    read: float
    small: float
    strings: float = 0.0
    filled: float = 0.0
    encoded: float = 0.0
    columns: int = 0
    is_whole: bool = False


def widths(
    source: Source, setup: Mapping[str, Any], *, task: str, target: str | None, truth: str | None, lean: float = 0.5
) -> tuple[Width, ...]:
    """Tell what each column becomes.

    Parameters
    ----------
    truth
        A column that is kept from the models, or None.
    lean
        Where something is known between two bounds only: 0 takes the lower, 1 the upper, and 0.5 their geometric mean.
    """
    asked = _Asked(source, setup, task, lean)
    left_out = {target, truth, *asked.names("ignore_features")}
    found = [asked.width(column, is_feature=column.name not in left_out) for column in source.columns]
    numbers = [width for width in found if width.becomes == "number" and width.columns]
    # Gaps of all numbers are filled at once, in one type that holds them all.
    is_short = max((width.small for width in numbers), default=0) == 4 and not any(width.is_whole for width in numbers)
    each = 4 if is_short else NUMBER
    filled = {width.name for width in numbers} if option(setup, task, "preprocess") else set()
    return tuple(_with(w, w.becomes, filled=each, encoded=each, columns=1) if w.name in filled else w for w in found)


def distinct(column: Column, rows: int, lean: float = 0.5) -> float:
    """Distinct values of a column, of which only a lower bound is known where they are many."""
    if column.distinct_exact:
        return column.distinct
    present = rows - column.missing
    seen = sum(count for _, count in column.top)
    most = max(column.distinct, present - seen + len(column.top))
    return most if column.unique else _between(column.distinct, most, lean)


def option(setup: Mapping[str, Any], task: str, name: str) -> Any:
    """The value of a set-up option, PyCaret's default where it is not named; None where the task does not know it."""
    known = TASKS[task].options.get(name)
    return setup.get(name, None if known is None else known.default)


def train_size(setup: Mapping[str, Any], task: str) -> float:
    """Share of the rows that preprocessing is fitted on."""
    share = option(setup, task, "train_size")
    return 1.0 if share is None else float(share)


class _Asked:
    """A table's columns under one set-up."""

    def __init__(self, source: Source, setup: Mapping[str, Any], task: str, lean: float) -> None:
        self._source, self._setup, self._task, self._lean = source, setup, task, lean
        self._rows = source.row_count
        self._most: int = self._option("max_encoding_ohe")
        self._dates, self._texts = self.names("date_features"), self.names("text_features")
        self._categories = self.names("categorical_features")

    def _option(self, name: str) -> Any:
        return option(self._setup, self._task, name)

    def names(self, name: str) -> Collection[str]:
        return frozenset(self._option(name) or ())

    def width(self, column: Column, *, is_feature: bool) -> Width:
        plain = self._plain(column)
        if not is_feature or (column.kind == "number" and column.missing == self._rows):
            return plain
        if not self._option("preprocess"):
            return _with(plain, plain.becomes, filled=plain.small, encoded=plain.small, columns=1)
        if column.name in self._dates:
            return self._date(column, plain)
        if column.name in self._texts:
            words = self._words(column)
            return _with(plain, "words", filled=POINTER, encoded=NUMBER * words, columns=words)
        if (
            column.kind in ("text", "date")
            or column.name in self._categories
            or (column.kind == "bool" and column.missing)
        ):
            return self._category(column, plain)
        return _with(plain, plain.becomes, filled=plain.small, encoded=plain.small, columns=1)

    def _plain(self, column: Column) -> Width:
        if column.kind == "number":
            is_float = not column.integral or column.missing > 0
            small = _of_float(column) if is_float else _of_whole(column)
            return Width(column.name, "number", NUMBER, small, is_whole=not is_float and small > 1)
        if column.kind == "bool" and not column.missing:
            return Width(column.name, "bool", 1, 1)
        many = distinct(column, self._rows, self._lean)
        small = 1 if many <= 2**7 - 1 else 2 if many <= 2**15 - 1 else 4
        return Width(column.name, "left out", POINTER, small, strings=many * (TEXT + self._length(column)))

    def _length(self, column: Column) -> float:
        """Characters of a column's texts, the mean of those that are known."""
        labels = [label for label, _ in column.top]
        if not any(label.endswith("…") for label in labels):
            return _mean(map(len, labels)) if labels else UNSEEN_LENGTH
        # A label that was cut tells only that texts are long: most of a row is theirs then.
        return max(self._source.size_bytes / max(self._rows, 1), *map(len, labels))

    def _date(self, column: Column, plain: Width) -> Width:
        parts = len(self._option("create_date_columns"))
        parts = 0 if column.missing > GAPS_MOST * self._rows else parts
        each = 8 if column.missing else 4
        return Width(
            column.name,
            "date parts",
            POINTER,
            NUMBER,
            plain.strings,
            filled=each * parts,
            encoded=each * parts,
            columns=parts,
        )

    def _category(self, column: Column, plain: Width) -> Width:
        many = self._learned(column)
        if many == 2:
            becomes: Becoming = "order"
            columns = 1
        elif self._most < 0 or many <= self._most:
            becomes, columns = "one-hot", many
        elif TASKS[self._task].has_target:
            becomes, columns = "target", 1
        else:
            becomes, columns = "digits", max(1, ceil(log(many + 1, DIGITS_BASE)))
        return _with(plain, becomes, filled=POINTER, encoded=NUMBER * columns, columns=columns)

    def _learned(self, column: Column) -> int:
        """Distinct values among the training rows, rare ones taken together."""
        many, present = distinct(column, self._rows, self._lean), self._rows - column.missing
        rare = self._option("rare_to_value")
        if rare:
            common = [label for label, count in column.top if count >= rare * self._rows]
            known = len(common) < len(column.top)
            kept = len(common) if known else min(many, int(1 / rare))
            many = min(many, kept + (kept < many))
        if many <= 2 or not present:
            return max(1, round(many))
        # Each value is as frequent as any other here, and drawn row by row.
        drawn = 1 - (1 - train_size(self._setup, self._task)) ** (present / many)
        return int(max(1, round(many * drawn)))

    def _words(self, column: Column) -> int:
        """Different words in a column of texts."""
        labels = [label for label, _ in column.top]
        each = _mean(len(_WORD.findall(label)) for label in labels) if labels else UNSEEN_LENGTH / 6
        written = max(1.0, distinct(column, self._rows, self._lean) * each)
        factor, power = HEAPS
        likely = min(written, factor * written**power)
        return max(1, round(_between(likely / WORDS_APART, min(written, likely * WORDS_APART), self._lean)))


def _with(width: Width, becomes: Becoming, *, filled: float, encoded: float, columns: int) -> Width:
    return Width(width.name, becomes, width.read, width.small, width.strings, filled, encoded, columns, width.is_whole)


def _of_whole(column: Column) -> int:
    low, high = column.minimum or 0, column.maximum or 0
    return next((size for size, least, most in SMALLEST if least <= low and high <= most), NUMBER)


def _of_float(column: Column) -> int:
    return 8 if max(abs(column.minimum or 0), abs(column.maximum or 0)) > FLOAT_MOST else 4


def _between(low: float, high: float, lean: float) -> float:
    weighed: float = max(low, 1) ** (1 - lean) * max(high, 1) ** lean
    return weighed


def _mean(values: Any) -> float:
    found = [float(value) for value in values]
    return sum(found) / max(1, len(found))
