"""Dates counted by the unit of time that suits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.profile.measures import Timeline

DAY = 86_400_000_000
"""Microseconds of a day."""
MOST_UNITS = 40
_SECOND, _MINUTE, _HOUR = 1_000_000, 60_000_000, 3_600_000_000
_MONDAY = 3
"""Days from the first Monday before 1970 to its first day."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of time: from microseconds to its number, and back to where it starts."""

    name: Any
    number: Callable[[NDArray[np.int64]], NDArray[np.int64]]
    start: Callable[[NDArray[np.int64]], NDArray[np.int64]]


def _fixed(name: str, length: int, shift: int = 0) -> _Unit:
    return _Unit(name, lambda times: (times + shift) // length, lambda numbers: numbers * length - shift)


def _months(name: str, length: int) -> _Unit:
    # numpy counts months from 1970; decades and centuries are those of the calendar.
    shift = 1970 * 12

    def number(times: NDArray[np.int64]) -> NDArray[np.int64]:
        return (times.view("datetime64[us]").astype("datetime64[M]").view(np.int64) + shift) // length

    def start(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        months = (numbers * length - shift).view("datetime64[M]")
        return months.astype("datetime64[us]").view(np.int64)

    return _Unit(name, number, start)


_UNITS = (
    _fixed("second", _SECOND),
    _fixed("minute", _MINUTE),
    _fixed("hour", _HOUR),
    _fixed("day", DAY),
    _fixed("week", 7 * DAY, _MONDAY * DAY),
    _months("month", 1),
    _months("quarter", 3),
    _months("year", 12),
    _months("decade", 120),
    _months("century", 1200),
)
_FIRST_OF_DAYS = 3


def timeline(times: NDArray[np.int64], counts: NDArray[np.int64], *, has_times: bool) -> Timeline:
    """Count dates by the smallest unit of which there are at most 40.

    Parameters
    ----------
    times
        Shape (n,), n > 0: microseconds since 1970, ascending.
    counts
        Shape (n,): rows of each.
    """
    ends = times[[0, -1]]
    units = _UNITS if has_times else _UNITS[_FIRST_OF_DAYS:]
    unit = next((unit for unit in units if int(np.diff(unit.number(ends))[0]) < MOST_UNITS), _UNITS[-1])
    numbers = unit.number(times)
    first = int(numbers[0])
    rows = np.bincount(numbers - first, weights=counts).astype(np.int64)
    starts = unit.start(np.arange(first, first + len(rows), dtype=np.int64))
    is_timed = unit.name in ("second", "minute", "hour")
    return Timeline(
        unit.name, tuple(iso(int(start), has_times=is_timed) for start in starts), tuple(int(count) for count in rows)
    )


def iso(time: int, *, has_times: bool) -> str:
    """Write microseconds since 1970 as ISO 8601, the time of day as far as it is not zero."""
    written = str(np.datetime64(time, "us"))
    if not has_times:
        return written[: written.index("T")]
    return written.rstrip("0").rstrip(".")
