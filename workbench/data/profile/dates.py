"""A column of dates, which the table holds as ISO 8601 texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from workbench.data.arrays import arrow, plain
from workbench.data.coded import Coded
from workbench.data.profile.counting import Counter, Counting
from workbench.data.profile.measures import Dates, Gap, Value
from workbench.data.profile.spread import TOP, Spread
from workbench.data.profile.timeline import DAY, iso, timeline

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = int(np.iinfo(np.int64).min)
"""Stands where a text is no date."""
_MONTHS_LENGTH = 7


class DateScan(Counting):
    """Goes through a column of dates, a stretch at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._unread = self._midnights = self._read = 0
        self._days = Counter()
        self._first: int | None = None
        self._last: int | None = None
        self._previous: int | None = None
        self._ascends = self._descends = True

    def add(self, start: int, stretch: pa.Array) -> None:
        """Take the rows from `start` on."""
        del start
        coded = Coded.of(stretch)
        self.missing += len(coded.codes) - int(coded.counts.sum())
        times = microseconds(coded.values)
        is_date = times != NO_DATE
        self._unread += int(coded.counts[~is_date].sum())
        rows = times[coded.codes[coded.codes >= 0]]
        rows = rows[rows != NO_DATE]
        if len(rows) == 0:
            return
        times, counts = times[is_date], coded.counts[is_date]
        self._read += len(rows)
        self._midnights += int(counts[times % DAY == 0].sum())
        self._counter.add(arrow(times), counts)
        self._days.add(arrow(times // DAY), counts)
        first, last = int(times.min()), int(times.max())
        self._first = first if self._first is None else min(self._first, first)
        self._last = last if self._last is None else max(self._last, last)
        steps = np.diff(rows, prepend=rows[0] if self._previous is None else self._previous)
        self._ascends = self._ascends and bool((steps >= 0).all())
        self._descends = self._descends and bool((steps <= 0).all())
        self._previous = int(rows[-1])

    def measures(self, sample: pa.Array) -> Dates | None:
        """Return what was found; None where there is no date.

        Parameters
        ----------
        sample
            The sampled rows, used where there are too many dates to have counted each.
        """
        if self._first is None or self._last is None:
            return None
        has_times = self._midnights < self._read
        counted, days = self.counted, self._days.counted
        exact = None if counted is None else Spread.of_counted(counted)
        daily = None if days is None else Spread.of_counted(days)
        shown = exact
        if shown is None:
            drawn = rows_microseconds(sample)
            shown = Spread.of_sample(drawn[drawn != NO_DATE])
        if shown is None:
            return None
        return Dates(
            of="date",
            first=iso(self._first, has_times=has_times),
            last=iso(self._last, has_times=has_times),
            unread=self._unread,
            has_times=has_times,
            at_midnight=self._midnights / self._read if has_times else None,
            order=self._order(),
            gap=_gap(exact, 1, has_times=has_times) if exact is not None else _gap(daily, DAY, has_times=False),
            timeline=timeline(shown.values, shown.counts, has_times=has_times),
            top=_top(shown, has_times=has_times),
            sampled_rows=len(sample) if counted is None else None,
        )

    def _order(self) -> Literal["ascending", "descending", "constant", "none"]:
        if self._first == self._last:
            return "constant"
        if self._ascends:
            return "ascending"
        return "descending" if self._descends else "none"


def microseconds(texts: pa.Array) -> NDArray[np.int64]:
    """Read ISO 8601 dates, by the clock's time that was written.

    Returns
    -------
    numpy.ndarray
        Shape (len(texts),), since 1970; the smallest integer where a text is no date.
    """
    lengths = compute.min_max(compute.utf8_length(texts)).as_py()
    if lengths["min"] == lengths["max"] == _MONTHS_LENGTH:
        texts = compute.binary_join_element_wise(texts, "-01", "")
    try:
        read = texts.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return np.array([_read(text) for text in texts.to_pylist()], np.int64)
    return plain(read.cast(pa.int64()))


def rows_microseconds(stretch: pa.Array) -> NDArray[np.int64]:
    """Read the dates of all rows; the smallest integer where there is none."""
    coded = Coded.of(stretch)
    return np.append(microseconds(coded.values), NO_DATE)[coded.codes]


def _read(text: str) -> int:
    try:
        read = datetime.fromisoformat(f"{text}-01" if len(text) == _MONTHS_LENGTH else text)
    except ValueError:
        return NO_DATE
    apart = read.replace(tzinfo=UTC) - _EPOCH
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds


def _gap(spread: Spread | None, unit: int, *, has_times: bool) -> Gap | None:
    if spread is None or len(spread.values) < 2:
        return None
    steps = np.diff(spread.values)
    at = int(np.argmax(steps))
    after, until = (int(spread.values[place]) * unit for place in (at, at + 1))
    return Gap(iso(after, has_times=has_times), iso(until, has_times=has_times), int(steps[at]) * unit / DAY)


def _top(spread: Spread, *, has_times: bool) -> tuple[Value, ...]:
    order: Any = np.argsort(-spread.counts, kind="stable")[:TOP]
    return tuple(
        Value(iso(int(spread.values[at]), has_times=has_times), int(spread.counts[at]), spread.counts[at] / spread.rows)
        for at in order
    )
