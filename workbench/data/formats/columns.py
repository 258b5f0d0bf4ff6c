"""One column of each Arrow type, made one of the few types that a table is kept in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import compute

from workbench.data.formats.moments import Moments, Unwritable
from workbench.errors import BadRequest

_MOST_DIGITS = 18
"""Digits of a whole decimal that always fits 64 bits."""


class Column(Protocol):
    """What makes one column.

    Attributes
    ----------
    type
        The type that it makes; another one once `make` gave None.
    is_date
        Whether its texts are dates.
    """

    type: pa.DataType
    is_date: bool

    def make(self, values: pa.Array, start: int) -> pa.Array | None:
        """Return the values as `type`; None where that, or how they are written, had to change with these values.

        Parameters
        ----------
        start
            Rows before the first of the values.

        Raises
        ------
        BadRequest
            When they cannot be made.
        """

    @property
    def notice(self) -> str | None:
        """What was decided of it, in a sentence."""


class Plain:
    """Values that only need another width."""

    is_date = False
    notice = None

    def __init__(self, kind: pa.DataType) -> None:
        self.type = kind

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        return values.cast(self.type)


class Floats(Plain):
    """Floating-point numbers; those that are none are gaps."""

    def __init__(self) -> None:
        super().__init__(pa.float64())

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        values = values.cast(self.type)
        no_numbers = compute.is_nan(values)
        if compute.any(no_numbers).as_py():
            return compute.if_else(no_numbers, pa.scalar(None, self.type), values)
        return values


class Unsigned:
    """Whole numbers up to 64 bits without a sign: as signed ones while they fit.

    Beyond that, a column with gaps is text: as a number in a frame it would be a float, and lose digits.
    """

    is_date = False

    def __init__(self, name: str) -> None:
        self._name = name
        self._has_gaps = False
        self.type = pa.int64()

    @property
    def notice(self) -> str | None:
        return (
            f"Column {self._name} has gaps and whole numbers of more than 63 bits; it is read as text."
            if self.type == pa.string()
            else None
        )

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        self._has_gaps = self._has_gaps or values.null_count > 0
        if self.type == pa.int64():
            try:
                return values.cast(self.type)
            except pa.ArrowInvalid:
                self.type = pa.uint64()
                if not self._has_gaps:
                    return None
        if self.type == pa.uint64() and self._has_gaps:
            self.type = pa.string()
            return None
        return values.cast(self.type)


class Decimals:
    """Decimal numbers: the nearest float64 of each, or whole numbers where the type has no fraction."""

    is_date = False

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self._name = name
        self._is_long = kind.scale <= 0 and kind.precision > _MOST_DIGITS
        self.type = pa.int64() if kind.scale <= 0 else pa.float64()

    @property
    def notice(self) -> str | None:
        return (
            f"Column {self._name} has whole numbers of more than 64 bits; it is read as floating-point numbers, "
            "of which about 15 digits are exact."
            if self._is_long and self.type == pa.float64()
            else None
        )

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        if self.type == pa.int64():
            try:
                return values.cast(self.type)
            except pa.ArrowInvalid:
                self.type = pa.float64()
                return None
        # By way of text: Arrow's own cast misses the nearest float of one in eight.
        return values.cast(pa.string()).cast(self.type)


class Texts:
    """Texts, of whatever width or coding; what is empty is a gap."""

    is_date = False

    def __init__(self, name: str, called: str) -> None:
        self._name, self._called = name, called
        self._emptied = 0
        self.type = pa.string()

    @property
    def notice(self) -> str | None:
        return f"Empty texts of column {self._name} are gaps: {self._emptied:,}." if self._emptied else None

    def make(self, values: pa.Array, start: int) -> pa.Array | None:
        if start == 0:
            self._emptied = 0
        try:
            values.validate(full=True)
            values = values.cast(self.type)
        except pa.ArrowInvalid as error:
            raise BadRequest(
                "data.parse_failed",
                f"Column {self._name} of {self._called} holds bytes that are not text (not UTF-8).",
                hint="Leave the column out, or write it as text.",
                column=self._name,
            ) from error
        empty = compute.equal(compute.binary_length(values), 0)
        count = compute.sum(empty).as_py() or 0
        if count:
            self._emptied += count
            return compute.if_else(empty, pa.scalar(None, self.type), values)
        return values


class Times:
    """Dates, date-times and clock times, as text."""

    def __init__(self, name: str, called: str, kind: pa.DataType) -> None:
        self._name, self._called = name, called
        self._moments = Moments(kind)
        self.is_date = self._moments.is_date
        self.type = pa.string()

    @property
    def notice(self) -> str | None:
        if not self.is_date:
            return f"Column {self._name} holds times of day; it is read as text."
        if self._moments.is_in_utc:
            return f"The time zone of column {self._name} is not known here; its times are given in UTC."
        return None

    def make(self, values: pa.Array, start: int) -> pa.Array | None:
        try:
            return self._moments.write(values)
        except Unwritable as error:
            raise BadRequest(
                "data.parse_failed",
                f"Column {self._name} of {self._called} has a date outside of the years 1 to 9999 in row "
                f"{start + error.place + 1:,}.",
                column=self._name,
            ) from error


class Durations:
    """Spans of time, in seconds."""

    is_date = False

    def __init__(self, name: str) -> None:
        self.notice = f"Column {name} holds durations; it is read as seconds."
        self.type = pa.float64()

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        per_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[values.type.unit]
        return compute.divide(values.cast(pa.int64()).cast(self.type, safe=False), per_second)


class Nested:
    """Lists, records and whatever else no cell of a table holds: as JSON."""

    is_date = False

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self.notice = f"Column {name} holds nested values ({_short(kind)}); it is read as JSON text."
        self.type = pa.string()

    def make(self, values: pa.Array, _: int) -> pa.Array | None:
        return pa.array([None if value is None else as_json(value) for value in values.to_pylist()], self.type)


def as_json(value: Any) -> str:
    """Write a nested value as JSON on one line; what JSON has no form for is written as text."""
    return json.dumps(value, ensure_ascii=False, default=_unknown)


def _unknown(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _short(kind: pa.DataType) -> str:
    text = str(kind)
    return text if len(text) <= 40 else f"{text[:39]}…"


def column_of(name: str, called: str, kind: pa.DataType) -> Column:
    """Choose what makes a column of an Arrow type, which `decoded` has no coding of any more."""
    types = pa.types
    makers: tuple[tuple[bool, Callable[[], Column]], ...] = (
        (types.is_boolean(kind), lambda: Plain(pa.bool_())),
        (types.is_uint64(kind), lambda: Unsigned(name)),
        (types.is_integer(kind), lambda: Plain(pa.int64())),
        (types.is_floating(kind), Floats),
        (types.is_null(kind), lambda: Plain(pa.float64())),
        (types.is_decimal(kind), lambda: Decimals(name, kind)),
        (types.is_duration(kind), lambda: Durations(name)),
        (types.is_temporal(kind) and not types.is_interval(kind), lambda: Times(name, called, kind)),
        (_is_bytes_or_text(kind), lambda: Texts(name, called)),
        (True, lambda: Nested(name, kind)),
    )
    return next(make() for fits, make in makers if fits)


def _is_bytes_or_text(kind: pa.DataType) -> bool:
    types = pa.types
    plain = types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)
    wide = types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    # Views came with pyarrow 16.
    return plain or wide or str(kind) in ("string_view", "binary_view")


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that `decoded` gives."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.string() if kind.extension_name == "arrow.uuid" else plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if str(kind).startswith("run_end_encoded"):
        return plain_type(kind.value_type)
    return kind


def decoded(values: pa.Array) -> pa.Array:
    """Take away what is only a way to store values: dictionaries, runs, extensions of Arrow's types."""
    if isinstance(values.type, pa.BaseExtensionType):
        if values.type.extension_name == "arrow.uuid":
            return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
        return decoded(values.storage)
    if pa.types.is_dictionary(values.type):
        return decoded(values.dictionary_decode())
    if str(values.type).startswith("run_end_encoded"):
        return decoded(compute.run_end_decode(values))
    return values
