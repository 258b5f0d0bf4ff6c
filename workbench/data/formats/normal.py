"""Tables of any Arrow types, made tables of the few types that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import pyarrow as pa

from workbench.data.formats.casting import Cast, check_asked
from workbench.data.formats.columns import Column, column_of, decoded, plain_type
from workbench.data.formats.layout import repair
from workbench.data.formats.reader import Asked, Limits, Widened
from workbench.errors import BadRequest

Part = TypeVar("Part")


class Normal:
    """Makes record batches of one table into such of the types that a table is kept in, one after another.

    Parameters
    ----------
    given
        Schema of the batches that will come.
    called
        What the user calls the table, for messages.

    Raises
    ------
    BadRequest
        ``data.columns_too_many`` over the limit, ``data.empty`` without a column, ``data.kind_unfit`` where a kind is
        asked for that there is not, or of a column that there is not.
    """

    def __init__(self, given: pa.Schema, called: str, limits: Limits, asked: Asked) -> None:
        check_width(len(given), called, limits)
        if not len(given):
            raise BadRequest("data.empty", f"{called} has no columns.")
        self._called = called
        self.names, self._repairs = repair(given.names)
        check_asked(asked, self.names, called)
        self._casts = {
            name: Cast(name, called, kind, is_date=_is_native_date(given.field(place).type))
            for place, name in enumerate(self.names)
            if (kind := asked.kinds.get(name)) is not None
        }
        self._types: dict[str, pa.DataType] = {}
        self._columns: dict[str, Column] = {}
        self.take(given)

    def take(self, given: pa.Schema) -> None:
        """Go on with batches of which some columns have another type; their names are the same."""
        for name, kind in zip(self.names, given.types, strict=True):
            plain = plain_type(kind)
            if self._types.get(name) != plain:
                self._types[name] = plain
                self._columns[name] = column_of(name, self._called, plain)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, (self._casts.get(name) or self._columns[name]).type) for name in self.names])

    @property
    def dates(self) -> Sequence[str]:
        """Columns of which the texts are dates by their own type, or were made such."""
        return tuple(name for name in self.names if (self._casts.get(name) or self._columns[name]).is_date)

    @property
    def notices(self) -> list[str]:
        told = [self._columns[name].notice for name in self.names]
        read = [
            f"The dates of column {name} were read by {cast.pattern}."
            for name, cast in self._casts.items()
            if cast.pattern is not None
        ]
        return [*self._repairs, *(notice for notice in told if notice), *read]

    def make(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Make the batches of the whole table, from its start.

        Raises
        ------
        Widened
            At the end, where some values asked for another schema: once for whatever the table asks for.
        """
        start, is_void = 0, False
        for batch in batches:
            made = self._make(batch, start)
            start += batch.num_rows
            is_void = is_void or made is None
            if made is not None and not is_void and batch.num_rows:
                yield made
        if is_void:
            raise Widened

    def look(self, batch: pa.RecordBatch) -> None:
        """Settle the schema by the first batch, as far as that goes."""
        while self._make(batch, 0) is None:
            pass

    def _make(self, batch: pa.RecordBatch, start: int) -> pa.RecordBatch | None:
        columns = [self._column(name, values, start) for name, values in zip(self.names, batch.columns, strict=True)]
        if any(column is None for column in columns):
            return None
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _column(self, name: str, values: pa.Array, start: int) -> pa.Array | None:
        made = self._columns[name].make(decoded(values), start)
        cast = self._casts.get(name)
        return made if made is None or cast is None else cast.make(made, start)


class Begun(Generic[Part]):
    """What can be read from its start again and again, and of which the first part was read already, to look at it.

    Parameters
    ----------
    read
        Reads from the start, each time that it is called.

    Attributes
    ----------
    first
        The first part; None where there is none.
    """

    def __init__(self, read: Callable[[], Iterable[Part]]) -> None:
        self._read = read
        self._rest: Iterator[Part] | None = iter(read())
        self.first = next(self._rest, None)

    def __call__(self) -> Iterable[Part]:
        """Read from the start; the first time, go on with what was begun."""
        first, rest = self.first, self._rest
        self.first = self._rest = None
        if rest is None:
            return self._read()
        return () if first is None else chain([first], rest)


def first_of(read: Callable[[], Iterable[Part]]) -> Part | None:
    """Return the first part of what can be read; what was not begun before is let go of again."""
    return read.first if isinstance(read, Begun) else next(iter(read()), None)


class Normalised:
    """A table that goes through a `Normal`, which tells its columns."""

    _normal: Normal

    @property
    def schema(self) -> pa.Schema:
        return self._normal.schema

    @property
    def dates(self) -> Sequence[str]:
        return self._normal.dates


class NormalReader(Normalised):
    """A table of any Arrow types, read as `workbench.data.formats.reader.Reader` says.

    Parameters
    ----------
    batches
        Reads the table from its start, each time that it is called; a `Begun` where that costs.
    notices
        What the format has to tell, beside what is found here.
    """

    def __init__(
        self,
        given: pa.Schema,
        batches: Callable[[], Iterable[pa.RecordBatch]],
        called: str,
        limits: Limits,
        asked: Asked,
        *,
        format: dict[str, Any],
        notices: Sequence[str] = (),
    ) -> None:
        self._batches = batches
        self._told = tuple(notices)
        self._normal = Normal(given, called, limits, asked)
        self.format = format
        first = first_of(batches)
        if first is not None:
            self._normal.look(first)

    @property
    def notices(self) -> Sequence[str]:
        return (*self._told, *self._normal.notices)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the table from its start."""
        return self._normal.make(self._batches())


def check_width(width: int, called: str, limits: Limits) -> None:
    """Refuse a table of more columns than there may be, before each of them is looked at.

    Raises
    ------
    BadRequest
        ``data.columns_too_many``.
    """
    if width > limits.columns:
        raise BadRequest(
            "data.columns_too_many",
            f"{called} has {width:,} columns; the limit is {limits.columns:,} (WORKBENCH_COLUMN_LIMIT).",
        )


def _is_native_date(kind: pa.DataType) -> bool:
    plain = plain_type(kind)
    return bool(pa.types.is_date(plain) or pa.types.is_timestamp(plain))
