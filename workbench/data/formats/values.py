"""Columns of Python values: what JSON, workbooks, databases and callers give, made columns of Arrow."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from workbench.data.formats.columns import as_json
from workbench.data.formats.normal import Normal, Normalised, check_width, first_of
from workbench.data.formats.reader import Asked, Limits, Widened
from workbench.errors import BadRequest

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (Decimal, "float"),
    (str, "text"),
    (datetime, "moment"),
    (date, "day"),
    (time, "time"),
    (timedelta, "span"),
    (bytes, "bytes"),
    (bytearray, "bytes"),
    (memoryview, "bytes"),
    (Mapping, "nested"),
    (list, "nested"),
    (tuple, "nested"),
    (set, "nested"),
    (frozenset, "nested"),
    (UUID, "text"),
)
"""What each type of value is, subtypes before their own bases."""
_TYPES: dict[frozenset[str], pa.DataType] = {
    frozenset(): pa.null(),
    frozenset({"bool"}): pa.bool_(),
    frozenset({"float"}): pa.float64(),
    frozenset({"int", "float"}): pa.float64(),
    frozenset({"day"}): pa.date32(),
    frozenset({"time"}): pa.time64("us"),
    frozenset({"span"}): pa.duration("us"),
    frozenset({"bytes"}): pa.binary(),
    frozenset({"text"}): pa.string(),
    frozenset({"nested"}): pa.string(),
}
_SEVERAL_ZONES = "UTC"
_LONGEST_BITS = 10_000
"""Beyond about 4,300 digits Python itself writes no whole number down."""
_REPLACED = "Halves of characters in {} were replaced: alone they are no text."


class Values:
    """What was seen of one column, and the Arrow type that holds all of it.

    Parameters
    ----------
    gaps
        Texts that are gaps in a column that has no other text.

    Attributes
    ----------
    kinds
        What kinds of value came.
    type
        The type that holds whatever came so far. Kinds that do not go together make text.
    """

    def __init__(self, name: str, gaps: Collection[str] = ()) -> None:
        self._name = name
        self._gaps = frozenset(gaps)
        self._kind_of: dict[type, str] = {type(None): ""}
        self.kinds: set[str] = set()
        self._zones: set[str | None] = set()
        self._lowest = self._highest = 0
        self._has_gaps = self._has_halves = False

    def look(self, values: Sequence[Any]) -> None:
        """Take note of the next stretch of values."""
        types = set(map(type, values))
        self._has_gaps = self._has_gaps or type(None) in types
        seen = {self._kind(kind) for kind in types}
        if "other" in seen:
            seen = {self._kind(type(unwrapped(value))) for value in values if not _is_gap(value)}
        if "text" in seen - self.kinds and self._gaps.issuperset(self._of(values, "text")):
            seen.discard("text")
            self._has_gaps = True
        if "float" in seen and "float" not in self.kinds and all(map(_is_gap, self._of(values, "float"))):
            seen.discard("float")
        if "int" in seen:
            whole = self._of(values, "int") if len(types) > 1 else values
            self._lowest, self._highest = min(self._lowest, *whole), max(self._highest, *whole)
        if "moment" in seen:
            moments = self._of(values, "moment")
            self._zones |= {_zone(zone) for zone in {value.tzinfo for value in moments if not _is_gap(value)}}
        self.kinds |= seen - {""}

    @property
    def type(self) -> pa.DataType:
        kinds = frozenset(self.kinds)
        if kinds == {"int"}:
            return self._whole_type()
        if "moment" in kinds and kinds <= {"moment", "day"} and not (None in self._zones and len(self._zones) > 1):
            return pa.timestamp("us", self._zone())
        return _TYPES.get(kinds, pa.string())

    @property
    def notice(self) -> str | None:
        """What was decided of the column, in a sentence or two."""
        told = [self._decided, _REPLACED.format(f"column {self._name}") if self._has_halves else None]
        return " ".join(filter(None, told)) or None

    @property
    def _decided(self) -> str | None:
        if self.kinds == {"nested"}:
            return f"Column {self._name} holds nested values; it is read as JSON text."
        if len(self.kinds) > 1 and self.type == pa.string():
            return f"Column {self._name} holds values of several kinds ({self._told()}); it is read as text."
        if self.kinds == {"int"} and self.type == pa.string():
            return f"Column {self._name} has whole numbers of more than 64 bits; it is read as text."
        if self._zone() == _SEVERAL_ZONES and len(self._zones) > 1:
            return f"The times of column {self._name} are of several zones; they are given in UTC."
        return None

    def array(self, values: Sequence[Any]) -> pa.Array:
        """Make an array of values that were looked at, of `type`."""
        kind = self.type
        if self.kinds and (not pa.types.is_string(kind) or self.kinds == {"text"}):
            with suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
                return pa.array(values, kind, from_pandas=True)
        return pa.array([self._plain(value, kind) for value in values], kind)

    def _plain(self, value: Any, kind: Any) -> Any:
        """Return one value as Arrow takes it for a type."""
        value = unwrapped(value)
        if _is_gap(value):
            return None
        if pa.types.is_string(kind):
            text = self._written(value)
            made = None if text is None else whole_text(text)
            self._has_halves = self._has_halves or made != text
            return made
        if isinstance(value, str):
            return None  # One that is a gap.
        if pa.types.is_floating(kind):
            return float(value)
        if pa.types.is_timestamp(kind):
            return _moment(value)
        return bytes(value) if pa.types.is_binary(kind) else value

    def _written(self, value: Any) -> str | None:
        try:
            return text_of(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadRequest(
                "data.parse_failed",
                f"Column {self._name} holds a nested value that JSON has no form for: {error}.",
                column=self._name,
            ) from error

    def _of(self, values: Sequence[Any], kind: str) -> list[Any]:
        """Return those values that are of a kind."""
        kinds = self._kind_of
        if "other" not in kinds.values():
            return [value for value in values if kinds[type(value)] == kind]
        return [value for value in map(unwrapped, values) if self._kind(type(value)) == kind]

    def _kind(self, of: Any) -> str:
        if of not in self._kind_of:
            self._kind_of[of] = next((kind for base, kind in _KINDS if issubclass(of, base)), "other")
        return self._kind_of[of]

    def _whole_type(self) -> pa.DataType:
        if self._lowest >= -(2**63) and self._highest < 2**63:
            return pa.int64()
        # As pandas does: beyond int64, whole numbers stay such only where none is negative and none is missing.
        fits = self._lowest >= 0 and self._highest < 2**64 and not self._has_gaps
        return pa.uint64() if fits else pa.string()

    def _zone(self) -> str | None:
        return next(iter(self._zones), None) if len(self._zones) < 2 else _SEVERAL_ZONES

    def _told(self) -> str:
        words = {"bool": "truths", "int": "numbers", "float": "numbers", "nested": "nested values", "moment": "dates"}
        words |= {"day": "dates", "time": "times", "span": "durations", "text": "text", "bytes": "bytes"}
        return ", ".join(sorted({words.get(kind, "objects") for kind in self.kinds}))


class Sorted:
    """A table of Python values, as record batches of whatever types hold them.

    Parameters
    ----------
    names
        Of the columns, as they came.
    rows
        Reads the table from its start, each time that it is called: stretches of it, of each the values of each column.
    gaps
        As for `Values`.
    """

    def __init__(
        self, names: Sequence[str], rows: Callable[[], Iterable[Sequence[Sequence[Any]]]], gaps: Collection[str] = ()
    ) -> None:
        self._names, self._told = whole_names(names)
        self._rows = rows
        self._columns = [Values(name, gaps) for name in self._names]

    def look(self, stretch: Sequence[Sequence[Any]]) -> pa.RecordBatch:
        """Take note of a stretch, and make a batch of it by what came so far."""
        for column, values in zip(self._columns, stretch, strict=True):
            column.look(values)
        return self._batch(stretch)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, column.type) for name, column in zip(self._names, self._columns, strict=True)])

    @property
    def notices(self) -> list[str]:
        return self._told + [notice for column in self._columns if (notice := column.notice)]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the table from its start.

        Raises
        ------
        Widened
            At the end, where some value asked for another type: once for whatever the table asks for.
        """
        schema = self.schema
        for stretch in self._rows():
            for column, values in zip(self._columns, stretch, strict=True):
                column.look(values)
            if self.schema == schema:
                yield self._batch(stretch)
        if self.schema != schema:
            raise Widened

    def _batch(self, stretch: Sequence[Sequence[Any]]) -> pa.RecordBatch:
        arrays = [column.array(values) for column, values in zip(self._columns, stretch, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


class ValuesReader(Normalised):
    """A table of Python values, read as `workbench.data.formats.reader.Reader` says.

    Parameters
    ----------
    names, rows, gaps
        As for `Sorted`. The first stretch is read at once; `rows` is a `Begun` where it would cost to do so again.
    notices
        What the format has to tell, beside what is found here.
    """

    def __init__(
        self,
        names: Sequence[str],
        rows: Callable[[], Iterable[Sequence[Sequence[Any]]]],
        called: str,
        limits: Limits,
        asked: Asked,
        *,
        format: dict[str, Any],
        notices: Sequence[str] = (),
        gaps: Collection[str] = (),
    ) -> None:
        check_width(len(names), called, limits)
        self._told = tuple(notices)
        self._sorted = Sorted(names, rows, gaps)
        self.format = format
        first = first_of(rows)
        batch = None if first is None else self._sorted.look(first)
        self._normal = Normal(self._sorted.schema, called, limits, asked)
        if batch is not None:
            self._normal.look(batch)

    @property
    def notices(self) -> Sequence[str]:
        return (*self._told, *self._sorted.notices, *self._normal.notices)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the table from its start."""
        try:
            yield from self._normal.make(self._sorted.batches())
        except Widened:
            self._normal.take(self._sorted.schema)
            raise


def text_of(value: Any) -> str | None:
    """Write one value as a CSV file would hold it; None for a gap."""
    value = unwrapped(value)
    if _is_gap(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() or value.tzinfo else value.date().isoformat()
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return as_json(list(value) if isinstance(value, set | frozenset) else value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    is_long = isinstance(value, int) and value.bit_length() > _LONGEST_BITS
    return format(Decimal(value), "f") if is_long else str(value)


def whole_text(text: str) -> str:
    """Put the mark of a replaced character in the place of each half of one, which no encoding has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def whole_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of columns as whole texts, and a notice where some were none."""
    whole = [whole_text(name) for name in names]
    return whole, [] if whole == list(names) else [_REPLACED.format("the column names")]


def unwrapped(value: Any) -> Any:
    """Return the Python value of a NumPy scalar, and anything else as it is."""
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 0):
        return value.item()
    return value


def _is_gap(value: Any) -> bool:
    # pandas' own gaps are no Python value: NaT passes for a date-time, NA for nothing at all.
    return (
        value is None
        or type(value).__name__ in ("NaTType", "NAType")
        or (isinstance(value, float | Decimal) and math.isnan(value))
    )


def _zone(zone: tzinfo | None) -> str | None:
    """Return how Arrow calls a zone; UTC for one without a name."""
    if zone is None:
        return None
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if name or not isinstance(zone, timezone):
        return str(name or _SEVERAL_ZONES)
    offset = zone.utcoffset(None)
    minutes = round(abs(offset).total_seconds() / 60)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def _moment(value: date | None) -> datetime | None:
    return (
        datetime(value.year, value.month, value.day) if value is not None and not isinstance(value, datetime) else value
    )
