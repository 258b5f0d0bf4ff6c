"""What is counted and measured of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is shown, cut where it is long, with its rows and their share of those that have a value.

    Both are of the sampled rows where that is what is told.
    """

    label: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A value that may stand for a gap, and why that is supposed."""

    label: str
    count: int
    share: float
    why: str


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many distinct values there are.

    Attributes
    ----------
    error
        None where `count` is exact; else its relative standard error, `count` being an estimate over all rows.
    """

    count: int
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values between edges; a bin holds its lower edge, the last one both.

    Attributes
    ----------
    edges
        One more than `counts`.
    below, above
        Values outside the edges, which span the bulk where a few lie far off. Infinite ones are nowhere.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class Extreme:
    """A value and its row, counted from 0."""

    row: int
    value: float


@dataclass(frozen=True, slots=True)
class Outliers:
    """What lies beyond Tukey's fences (Exploratory Data Analysis, 1977).

    Attributes
    ----------
    low, high
        The fences: 1.5 interquartile ranges from the quartiles.
    share, far_share
        Of the finite values, beyond 1.5 and beyond 3 interquartile ranges.
    lowest, highest
        The most extreme of them in the whole table, at most five each, the most extreme first.
    """

    low: float
    high: float
    share: float
    far_share: float
    lowest: tuple[Extreme, ...]
    highest: tuple[Extreme, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Counts, bounds, mean, standard deviation and skewness are of all rows. The others are of `sampled_rows` rows that
    were drawn at random; of all rows where that is None.

    Attributes
    ----------
    minimum, maximum, mean, std, skew
        Of the finite values; None where there are too few, or the figure is beyond a float. `std` divides by n - 1;
        `skew` is the adjusted Fisher–Pearson coefficient, as pandas gives it.
    quantiles
        Per cent (``1 5 25 50 75 95 99``) → value, between neighbours in proportion.
    heaped
        A single value that holds a large part of a column with many; None where there is none.
    outliers
        None where the middle half of the values is one value, so that nothing can be told.
    """

    of: Literal["number"]
    integral: bool
    zeros: int
    negatives: int
    infinite: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    skew: float | None
    quantiles: dict[str, float]
    histogram: Histogram | None
    top: tuple[Value, ...]
    heaped: Value | None
    outliers: Outliers | None
    suspects: tuple[Suspect, ...]
    sampled_rows: int | None


@dataclass(frozen=True, slots=True)
class Lookalike:
    """How far a column of text looks like one of another kind.

    Attributes
    ----------
    share
        Of the rows with a value.
    others
        The most frequent values that do not, at most ten.
    """

    share: float
    others: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of text.

    Lengths, in characters, are of all rows, but for the median. The others are of `sampled_rows` rows that were drawn
    at random; of all rows where that is None.

    Attributes
    ----------
    rarest
        Rows of the least frequent value; None where only a sample was counted.
    padded
        Rows with a blank before or after the text.
    variants
        Values that differ by upper and lower case, or by blanks around them, only: the most frequent such groups, at
        most five, each with at most five of its spellings.
    variant_groups
        How many such groups there are.
    numbers, dates
        None where next to nothing looks like one.
    """

    of: Literal["text"]
    top: tuple[Value, ...]
    rarest: int | None
    shortest: int
    median_length: float
    longest: int
    suspects: tuple[Suspect, ...]
    padded: int
    variants: tuple[tuple[Value, ...], ...]
    variant_groups: int
    numbers: Lookalike | None
    dates: Lookalike | None
    sampled_rows: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest time without a value between two that have one."""

    after: str
    until: str
    days: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Values a unit of time.

    Attributes
    ----------
    starts
        ISO 8601, one a count; units without a value are there too.
    """

    unit: Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century"]
    starts: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of dates, all by the clock's time that was written.

    The timeline and the most frequent values are of `sampled_rows` rows that were drawn at random, all else is of all
    rows, as those are where it is None.

    Attributes
    ----------
    unread
        Rows with a text that is no date.
    has_times
        Whether some value has a time of day.
    at_midnight
        Share of the values at 00:00; None where none has a time of day.
    order
        How the rows that have a value stand; ``constant`` where there is one date only.
    gap
        None where there is one date only. Where there are very many, to the day.
    """

    of: Literal["date"]
    first: str
    last: str
    unread: int
    has_times: bool
    at_midnight: float | None
    order: Literal["ascending", "descending", "constant", "none"]
    gap: Gap | None
    timeline: Timeline
    top: tuple[Value, ...]
    sampled_rows: int | None


@dataclass(frozen=True, slots=True)
class Truths:
    """A column of truths; counts are rows."""

    of: Literal["bool"]
    true: int
    false: int


Measures = Numbers | Texts | Dates | Truths
