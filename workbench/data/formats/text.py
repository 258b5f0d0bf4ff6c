"""Text tables: parsed by Arrow, with the column types that ``pandas.read_csv`` gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from workbench.data.formats import encoding, layout, rows
from workbench.data.formats.casting import Cast, check_asked
from workbench.data.formats.kinds import FALSEHOODS, NA_TEXTS, TRUTHS, Seen, Spelling, as_pandas_reads
from workbench.data.formats.reader import MIB, Asked, Limits, Widened, one_batch
from workbench.data.formats.stream import Utf8, Watched
from workbench.data.formats.stretches import NoRowEnds, Stretches
from workbench.errors import BadRequest

_TEXT = pa.string()
_CODED = pa.dictionary(pa.int32(), _TEXT)
_AS_INFERRED = (pa.int64(), pa.float64(), pa.bool_(), pa.null())
"""What Arrow finds out as pandas does; dates and times are texts to it."""
_FEW = 0.2
"""Share of a block's rows up to which its distinct texts are kept by a dictionary."""
_QUICK_RESTARTS = 3
_WALKED_BYTES = 64 * MIB
"""Up to this size it takes a moment only to find a row's line."""
_COLUMN = re.compile(r"In CSV column #(\d+): ")


class TextReader:
    """Reads a text table.

    Parameters
    ----------
    called
        What the user calls the file, for messages.

    Raises
    ------
    BadRequest
        ``data.empty``, ``data.not_a_table``, ``data.columns_too_many`` or ``data.parse_failed``, by what the file
        begins with.
    """

    def __init__(self, path: Path, called: str, limits: Limits, asked: Asked | None = None) -> None:
        self._path, self._called, self._limits, self._asked = path, called, limits, asked or Asked()
        self._filled: rows.Rows | None = None
        self._is_tidy = False
        self._pandas: dict[str, pa.Array] = {}
        self._given_up: set[str] = set()
        self._casts = {name: Cast(name, called, kind) for name, kind in self._asked.kinds.items()}
        self._named = self._asked.options.get("encoding")
        found = encoding.detect if self._named is None else partial(encoding.named, name=self._named)
        self._lay_out(found(path, called, head_bytes=limits.row_bytes))

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, self._type(name)) for name in self._layout.names])

    @property
    def format(self) -> dict[str, Any]:
        return self._told

    @property
    def dates(self) -> Sequence[str]:
        return [name for name, cast in self._casts.items() if cast.is_date]

    @property
    def notices(self) -> Sequence[str]:
        notices = []
        if self._told["encoding"] == "latin-1" and self._named is None:
            notices.append(f"{self._called} is not UTF-8; it was read as Latin-1.")
        notices += self._repairs
        if len(self._layout.names) == 1:
            notices.append(f"{self._called} has one column: {self._layout.names[0]}.")
        if self._filled is not None and self._filled.short:
            notices.append(str(self._filled))
        return notices

    def batches(self) -> Iterator[pa.RecordBatch]:
        decided = {*self._pandas, *self._given_up, *self._asked.kinds}
        seen = {name: Seen() for name in self._layout.names if name not in decided}
        with closing(self._stream()) as stream:
            try:
                yield from self._parsed(stream, seen)
            except pa.ArrowInvalid as error:
                if stream.has_zeros:
                    raise encoding.not_text(self._called) from error
                self._mend(str(error))
            except UnicodeDecodeError as error:
                raise encoding.not_as_begun(self._called, self._layout.encoding) from error
            except NoRowEnds as error:
                raise self._never_closed(error.row) if error.is_end else self._too_long() from error
        if stream.has_zeros:
            raise encoding.not_text(self._called)
        if stream.has_blank_lines and not self._is_tidy:
            self._tidy()
        odd = [name for name, it in seen.items() if it.may_differ(has_plus=stream.has_plus, has_hex=stream.has_hex)]
        if odd:
            self._pandas |= self._as_pandas_reads(odd)
            raise Widened

    def _lay_out(self, found: str) -> None:
        """Find the delimiter, the names, and the types with which the table begins."""
        self._layout, self._repairs = layout.find(
            self._path, self._called, found, self._limits, self._asked.options.get("delimiter")
        )
        check_asked(self._asked, self._layout.names, self._called)
        self._told = self._layout.as_dict()
        self._begin()

    def _begin(self) -> None:
        """Take the types of the first rows; where they cannot be parsed, the reading proper tells why."""
        names = self._layout.names
        self._restarts, self._is_swept = 0, False
        self._types: dict[str, pa.DataType] = dict.fromkeys(names, _TEXT)
        with suppress(pa.ArrowInvalid, UnicodeDecodeError, NoRowEnds), closing(self._stream()) as stream:
            first = next(iter(self._tables(stream, {}, ahead=0)), None)
            if first is None:
                return
            self._types = {name: _beginning(column) for name, column in zip(names, first.columns, strict=True)}
        self._types |= {name: _CODED for name in self._asked.kinds if name in self._types}

    def _type(self, name: str) -> pa.DataType:
        if name in self._casts:
            return self._casts[name].type
        if name in self._pandas:
            return self._pandas[name].type
        return pa.float64() if self._types[name] == pa.null() else self._types[name]

    def _stream(self) -> Watched:
        text = Utf8(self._path, self._layout.encoding)
        return Watched(text, self._layout.header_bytes, sees_lines=len(self._layout.names) == 1)

    def _tables(
        self,
        stream: Watched,
        types: Mapping[str, pa.DataType],
        *,
        ahead: int | None = None,
        texts_have_gaps: bool = True,
    ) -> Stretches:
        return Stretches(
            stream,
            lambda text: self._table(text, types, texts_have_gaps=texts_have_gaps),
            delimiter=self._layout.delimiter,
            columns=len(self._layout.names),
            size=self._limits.block_bytes,
            row_bytes=self._limits.row_bytes,
            ahead=pa.cpu_count() if ahead is None else ahead,
        )

    def _table(self, text: pa.Buffer, types: Mapping[str, pa.DataType], *, texts_have_gaps: bool) -> pa.Table:
        delimiter = self._layout.delimiter

        def pass_over(row: Any) -> str:
            is_blank = delimiter not in row.text and not row.text.strip(" \t\v\f")
            return "skip" if is_blank else "error"

        return arrow_csv.read_csv(
            pa.BufferReader(text),
            # One block, which nobody has to look for the end of.
            read_options=arrow_csv.ReadOptions(
                column_names=self._layout.names, block_size=text.size + 1, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=pass_over
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                null_values=NA_TEXTS,
                strings_can_be_null=texts_have_gaps,
                true_values=TRUTHS,
                false_values=FALSEHOODS,
            ),
        )

    def _parsed(self, stream: Watched, seen: dict[str, Seen]) -> Iterator[pa.RecordBatch]:
        rows_given = 0
        for table in self._tables(stream, self._types):
            batch = one_batch(table)
            yield self._settled(batch, rows_given, seen)
            rows_given += batch.num_rows
        wrong = {name for name, values in self._pandas.items() if len(values) != rows_given}
        if wrong:
            # They do not agree on what a row is; then what Arrow thinks of the column is all there is.
            self._given_up |= wrong
            self._pandas = {name: values for name, values in self._pandas.items() if name not in wrong}
            raise Widened

    def _settled(self, batch: pa.RecordBatch, start: int, seen: dict[str, Seen]) -> pa.RecordBatch:
        for name, column in zip(self._layout.names, batch.columns, strict=True):
            if name in seen:
                seen[name].see(column)
        columns = [
            self._column(name, column, start) for name, column in zip(self._layout.names, batch.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _as_pandas_reads(self, names: Sequence[str]) -> dict[str, pa.Array]:
        types = self._types | dict.fromkeys(names, _TEXT)
        with closing(self._stream()) as stream:
            tables = self._tables(stream, types, texts_have_gaps=False)
            return as_pandas_reads((table.select(names) for table in tables), self._limits.work)

    def _column(self, name: str, column: pa.Array, start: int) -> pa.Array:
        if name in self._casts:
            made = self._casts[name].make(column, start)
            if made is None:
                raise Widened
            return made
        if name in self._pandas:
            return self._pandas[name][start : start + len(column)]
        return column.cast(pa.float64()) if pa.types.is_null(column.type) else column

    def _too_long(self) -> BadRequest:
        return BadRequest(
            "data.parse_failed",
            f"{self._called} cannot be read: it has a row of more than {self._limits.row_bytes // MIB} MiB; a quote "
            "may have been left open.",
        )

    def _never_closed(self, row: int) -> BadRequest:
        small = self._path.stat().st_size <= _WALKED_BYTES
        place = f"at line {rows.last_line(self._path, self._layout):,}" if small else f"number {row:,}"
        return BadRequest(
            "data.parse_failed", f"{self._called} cannot be read: a quote opened in the row {place} is never closed."
        )

    def _mend(self, reason: str) -> None:
        """Change how the table is read, so that what failed does not fail again."""
        column = _COLUMN.search(reason)
        if "invalid UTF8" in reason:
            self._decode_otherwise()
        elif column:
            self._widen(self._layout.names[int(column[1])])
        elif self._is_tidy:
            raise BadRequest("data.parse_failed", f"{self._called} cannot be read: {reason}.")
        else:
            self._tidy()
        raise Widened

    def _decode_otherwise(self) -> None:
        """Read as Latin-1 what begins as UTF-8 and does not go on so."""
        if self._named is not None or self._layout.encoding != "utf-8":
            raise encoding.not_as_begun(self._called, self._layout.encoding)
        self._lay_out("latin-1")
        raise Widened

    def _widen(self, name: str) -> None:
        """Let a column hold more than it began with."""
        self._restarts += 1
        kind = self._types[name]
        if kind == pa.int64() and self._restarts <= _QUICK_RESTARTS:
            self._types[name] = pa.float64()
        elif self._is_swept or (kind != pa.null() and self._restarts <= _QUICK_RESTARTS):
            self._types[name] = _CODED
        else:
            self._sweep()

    def _sweep(self) -> None:
        """Look through the whole table for the type of every column that is not text."""
        self._is_swept = True
        spellings = {name: Spelling() for name, kind in self._types.items() if kind not in (_TEXT, _CODED)}
        types = self._types | dict.fromkeys(spellings, _TEXT)
        with suppress(pa.ArrowInvalid, UnicodeDecodeError, NoRowEnds), closing(self._stream()) as stream:
            # What cannot be parsed at all shows again when the table is read.
            for table in self._tables(stream, types):
                for name, spelling in spellings.items():
                    spelling.see(table[name])
        self._types |= {
            name: _CODED if spelling.kind is None else spelling.kind for name, spelling in spellings.items()
        }

    def _tidy(self) -> None:
        to = self._limits.work / "tidy.csv"
        try:
            self._filled = rows.tidy(self._path, self._called, self._layout, to, self._limits.row_bytes)
        except UnicodeDecodeError:
            self._decode_otherwise()
        self._path, self._is_tidy = to, True
        self._layout = replace(self._layout, encoding="utf-8", delimiter=",", header_bytes=0)
        self._pandas = {}
        self._begin()
        raise Widened


def _beginning(column: pa.ChunkedArray) -> pa.DataType:
    """Return the type of a column by its first rows."""
    if column.type in _AS_INFERRED:
        return column.type
    few = compute.count_distinct(column).as_py() <= _FEW * len(column)
    return _CODED if few else _TEXT
