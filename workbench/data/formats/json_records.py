"""JSON: a list of records, or a record a line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.data.formats.normal import check_width
from workbench.data.formats.reader import MIB, Asked, Limits, Widened
from workbench.data.formats.values import ValuesReader
from workbench.errors import BadRequest

_CHUNK_CHARACTERS = MIB
_STRETCH_ROWS = 8 * 1024
_STRETCH_CHARACTERS = 8 * MIB
_BETWEEN = " \t\r\n,"
_LONGEST_WHOLE = 4000
"""Digits up to which a whole number is read as one; Python itself refuses somewhat longer ones."""


def json_records(path: Path, called: str, limits: Limits, asked: Asked) -> JsonReader:
    """Begin to read a file of JSON.

    Raises
    ------
    BadRequest
        ``data.not_a_table`` when it holds something else than records, ``data.parse_failed`` when it is no JSON, naming
        the line, ``data.no_rows`` without a record.
    """
    return JsonReader(path, called, limits, asked)


class JsonReader:
    """Reads records; a name that some of them lack is a gap in those."""

    def __init__(self, path: Path, called: str, limits: Limits, asked: Asked) -> None:
        self._path, self._called, self._limits, self._asked = path, called, limits, asked
        self._found: dict[str, None] = {}
        self._is_lines = True
        first = next(self._stretches(()), None)
        if first is None:
            raise BadRequest("data.no_rows", f"{called} holds no record.")
        self._begin()

    @property
    def schema(self) -> pa.Schema:
        return self._reader.schema

    @property
    def format(self) -> dict[str, Any]:
        return self._reader.format

    @property
    def dates(self) -> Sequence[str]:
        return self._reader.dates

    @property
    def notices(self) -> Sequence[str]:
        return self._reader.notices

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the file from its start."""
        known = len(self._found)
        try:
            yield from self._reader.batches()
        finally:
            has_more = len(self._found) > known
            if has_more:
                self._begin()
        if has_more:
            raise Widened

    def _begin(self) -> None:
        names = tuple(self._found)
        kind = {"type": "json-lines" if self._is_lines else "json"}
        self._reader = ValuesReader(
            names, lambda: self._stretches(names), self._called, self._limits, self._asked, format=kind
        )

    def _stretches(self, names: tuple[str, ...]) -> Iterator[Sequence[Sequence[Any]]]:
        """Read the values of some columns, a stretch of records at a time, and take note of names beside them."""
        records: list[dict[str, Any]] = []
        size = 0
        for record, length in self._records():
            records.append(record)
            size += length
            if len(records) == _STRETCH_ROWS or size > _STRETCH_CHARACTERS:
                yield self._columns(records, names)
                records, size = [], 0
        if records:
            yield self._columns(records, names)

    def _columns(self, records: list[dict[str, Any]], names: tuple[str, ...]) -> Sequence[Sequence[Any]]:
        if all(tuple(record) == names for record in records):
            return list(zip(*(record.values() for record in records), strict=True))
        for record in records:
            if not record.keys() <= self._found.keys():
                self._found |= dict.fromkeys(record)
        check_width(len(self._found), self._called, self._limits)
        return [[record.get(name) for record in records] for name in names]

    def _records(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Read the records one after another, each with its length in characters."""
        decoder = json.JSONDecoder()
        text = _Text(self._path, self._called)
        self._is_lines = not text.take("[")
        number = 0
        while text.skip(_BETWEEN) and not (not self._is_lines and text.peek() == "]"):
            record, length = text.value(decoder, self._limits.row_bytes)
            number += 1
            if not isinstance(record, dict):
                raise BadRequest(
                    "data.not_a_table",
                    f'{self._called} is JSON, but its value number {number:,} is no record such as {{"age": 41}}.',
                )
            yield record, length
        if number == 1 and self._is_lines and _is_wrapper(record):
            raise BadRequest(
                "data.not_a_table",
                f"{self._called} holds one JSON object with a list in it, not a list of records.",
                hint="Save that list by itself.",
            )
        if not self._is_lines and not text.take("]"):
            raise text.broken("it ends before its list does")
        if text.skip(" \t\r\n"):
            raise text.broken("there is more after its end")


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else digits


_ANY_WHOLE = json.JSONDecoder(parse_int=_whole)
"""Leaves a whole number that is too long for Python as it is written. It is slower."""


def _is_wrapper(record: dict[str, Any]) -> bool:
    return any(isinstance(value, list) and value and isinstance(value[0], dict | list) for value in record.values())


class _Text:
    """The characters of a file, of which a window is in memory.

    Attributes
    ----------
    line
        Line that the window begins in, from 1.
    """

    def __init__(self, path: Path, called: str) -> None:
        self._called = called
        self._stream = path.open("rb")
        head = self._stream.read(4)
        self._stream.seek(0)
        encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._window, self._at, self._is_over = "", 0, False
        self._line = 1
        self._read(_CHUNK_CHARACTERS)

    def skip(self, characters: str) -> bool:
        """Pass over some characters; whether there are others after them."""
        while True:
            at, window = self._at, self._window
            while at < len(window) and window[at] in characters:
                at += 1
            self._at = at
            if at < len(window):
                return True
            if self._is_over:
                return False
            self._read(_CHUNK_CHARACTERS)

    def peek(self) -> str:
        return self._window[self._at]

    def take(self, character: str) -> bool:
        """Pass over one character where it comes next, after white space."""
        if self.skip(" \t\r\n") and self.peek() == character:
            self._at += 1
            return True
        return False

    def value(self, decoder: json.JSONDecoder, most: int) -> tuple[Any, int]:
        """Read one value, of at most so many characters."""
        while True:
            try:
                value, end = decoder.raw_decode(self._window, self._at)
            except (ValueError, RecursionError) as error:
                if not isinstance(error, json.JSONDecodeError | RecursionError):
                    decoder = _ANY_WHOLE
                    continue
                left = len(self._window) - self._at
                if self._is_over or left > most:
                    raise self._broken_by(error) from error
                self._read(max(_CHUNK_CHARACTERS, left))
                continue
            length, self._at = end - self._at, end
            return value, length

    def broken(self, reason: str) -> BadRequest:
        line = self._line + self._window.count("\n", 0, self._at)
        return BadRequest("data.parse_failed", f"{self._called} cannot be read as JSON: {reason} (line {line:,}).")

    def _broken_by(self, error: Exception) -> BadRequest:
        if not isinstance(error, json.JSONDecodeError):
            return self.broken("it is nested too deeply")
        self._at = error.pos
        return self.broken(error.msg[:1].lower() + error.msg[1:])

    def _read(self, size: int) -> None:
        try:
            chunk = self._stream.read(size)
            self._is_over = not chunk
            more = self._decoder.decode(chunk, final=self._is_over)
        except UnicodeDecodeError as error:
            raise self.broken("it is not UTF-8") from error
        if self._is_over:
            self._stream.close()
        self._line += self._window.count("\n", 0, self._at)
        self._window, self._at = self._window[self._at :] + more, 0
