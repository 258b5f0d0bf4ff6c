"""Native dates and times as text: ISO 8601, and written alike all down a column."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
from pyarrow import compute

_STEPS = ("day", "s", "ms", "us", "ns")
"""How finely a column's moments are written, from the coarsest on."""
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 and 9999, in seconds from 1970."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_SECONDS = 86_400
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)


class Unwritable(ValueError):
    """A moment that no ISO 8601 text of four digits for its year can hold.

    Attributes
    ----------
    place
        Its place in the array, from 0.
    """

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Moments:
    """Writes the dates, date-times or times of one column, each as finely as the finest of them asks.

    Parameters
    ----------
    kind
        A date, timestamp or time of Arrow's.
    """

    def __init__(self, kind: pa.DataType) -> None:
        self.is_date = not pa.types.is_time(kind)
        self._is_clock = pa.types.is_time(kind)
        self._zone = kind.tz if pa.types.is_timestamp(kind) else None
        # A clock's time, or a moment in a zone, is never a day alone.
        self._step = 1 if self._is_clock or self._zone else 0
        self.is_in_utc = False

    def write(self, values: pa.Array) -> pa.Array | None:
        """Return the texts; None where they have to be written more finely than those before.

        Raises
        ------
        Unwritable
            When a year is before 1 or after 9999.
        """
        if pa.types.is_date(values.type):
            days = values.cast(pa.date32())
            _check_years(days.cast(pa.timestamp("s")))
            return days.cast(pa.string())
        offsets = None
        if self._zone:
            values, offsets = self._local(values)
        if not self._is_clock:
            _check_years(values)
        needed = _needed(values, self._step)
        if needed > self._step:
            self._step = needed
            return None
        texts = self._texts(values)
        return texts if offsets is None else compute.binary_join_element_wise(texts, offsets, "")

    def _texts(self, values: pa.Array) -> pa.Array:
        if self._step == 0:
            return values.cast(pa.date32()).cast(pa.string())
        unit = _STEPS[self._step]
        if not self._is_clock:
            return values.cast(pa.timestamp(unit)).cast(pa.string())
        return values.cast(pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)).cast(pa.string())

    def _local(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Return what the zone's clocks show, and how far they are from UTC, as in ``+02:00``."""
        unit = values.type.unit
        utc = values.cast(pa.timestamp(unit, "UTC")).cast(pa.timestamp(unit))
        fixed = _OFFSET.fullmatch(self._zone or "")
        if fixed:
            sign, hours, minutes = fixed.groups()
            seconds = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)
            shift = pa.scalar(seconds * _PER_SECOND[unit], pa.duration(unit))
            texts = pa.array([f"{sign}{hours}:{minutes}"] * len(values), pa.string())
            return compute.add(utc, shift), texts
        try:
            local = compute.local_timestamp(values)
        except pa.ArrowInvalid:
            # This system's table of zones does not know it.
            self.is_in_utc = self._zone not in ("UTC", "Z")
            local = utc
        apart = compute.divide(compute.subtract(local, utc).cast(pa.int64()), _PER_SECOND[unit])
        coded = apart.dictionary_encode()
        names = pa.array([_offset(seconds.as_py()) for seconds in coded.dictionary], pa.string())
        return local, names.take(coded.indices)


def _offset(seconds: int) -> str:
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _needed(values: pa.Array, step: int) -> int:
    """Find how finely the values have to be written, beginning at a step."""
    count, per_second = values.cast(_counting(values.type)).cast(pa.int64()), _PER_SECOND[values.type.unit]
    while step < len(_STEPS) - 1:
        name = _STEPS[step]
        size = per_second * _DAY_SECONDS if name == "day" else per_second // _PER_SECOND[name]
        if size <= 1 or _all_multiples(count, size):
            break
        step += 1
    return step


def _counting(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def _all_multiples(count: pa.Array, size: int) -> bool:
    multiples = compute.equal(compute.multiply(compute.divide(count, size), size), count)
    return compute.all(multiples).as_py() is not False


def _check_years(values: pa.Array) -> None:
    bounds: dict[str, Any] = compute.min_max(values.cast(pa.int64())).as_py()
    per_second = _PER_SECOND[values.type.unit]
    lowest, highest = _FIRST_SECOND * per_second, (_LAST_SECOND + 1) * per_second - 1
    if bounds["min"] is None or (bounds["min"] >= lowest and bounds["max"] <= highest):
        return
    count = values.cast(pa.int64())
    outside = compute.or_(
        compute.less(count, pa.scalar(max(lowest, -(2**63)))),
        compute.greater(count, pa.scalar(min(highest, 2**63 - 1))),
    )
    raise Unwritable(compute.index(outside, value=True).as_py())
