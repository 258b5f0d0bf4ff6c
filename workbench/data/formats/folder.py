"""Files with the same columns, read as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.data.formats.reader import Asked, Limits, Reader, Widened
from workbench.data.formats.recognise import open_file
from workbench.errors import BadRequest

_TEXT = pa.string()


class FolderReader:
    """Reads files one after another.

    What one file holds as numbers and another as text is text in all of them, as in one file with all their rows.

    Parameters
    ----------
    paths
        At least one.

    Raises
    ------
    BadRequest
        ``data.not_a_table`` when they are of several formats or have other columns, naming the file; whatever a file's
        format refuses.
    """

    def __init__(self, paths: Sequence[Path], called: str, limits: Limits, asked: Asked) -> None:
        self._paths, self._called, self._limits, self._asked = paths, called, limits, asked
        self._readers: list[Reader] = []
        self._types: dict[str, pa.DataType] = {}
        self._open()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(list(self._types.items()))

    @property
    def format(self) -> dict[str, Any]:
        return dict(self._readers[0].format) | {"files": len(self._paths)}

    @property
    def dates(self) -> Sequence[str]:
        return [name for name in self._types if all(name in reader.dates for reader in self._readers)]

    @property
    def notices(self) -> Sequence[str]:
        told = [
            f"{path.name}: {notice}"
            for path, reader in zip(self._paths, self._readers, strict=True)
            for notice in reader.notices
        ]
        return (f"{len(self._paths):,} files of {self._called} were read as one table.", *told)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read all files, in order of their names.

        Raises
        ------
        Widened
            At the end, where some file asked for another schema: once for whatever they ask for.
        BadRequest
            When a file cannot be read.
        """
        schema, as_text, is_void = self.schema, set[str](), False
        for reader in self._readers:
            done = False
            while not done:
                try:
                    for batch in reader.batches():
                        made = _fitted(batch, schema, as_text)
                        if made is not None and not is_void:
                            yield made
                        is_void = is_void or made is None
                    done = True
                except Widened:
                    is_void = True
        if as_text:
            kinds = {name: kind for name, kind in self._asked.kinds.items() if name not in as_text}
            self._asked = replace(self._asked, kinds=kinds | dict.fromkeys(as_text, "text"))
            self._open()
        elif is_void:
            self._join()
        if is_void:
            raise Widened

    def _open(self) -> None:
        self._readers = []
        for number, path in enumerate(self._paths):
            work = self._limits.work / f"file-{number}"
            work.mkdir(exist_ok=True)
            reader = open_file(path, path.name, replace(self._limits, work=work), self._asked)
            self._readers.append(reader)
            self._check(reader, path)
        self._join()

    def _check(self, reader: Reader, path: Path) -> None:
        first, one = self._readers[0], self._paths[0].name
        if reader.format["type"] != first.format["type"]:
            raise BadRequest(
                "data.not_a_table",
                f"The files of {self._called} are of several formats: {one} is {first.format['type']}, {path.name} is "
                f"{reader.format['type']}.",
            )
        expected, there = set(first.schema.names), set(reader.schema.names)
        for name in first.schema.names:
            if name not in there:
                raise BadRequest("data.not_a_table", f"{path.name} has no column {name}, which {one} has.")
        for name in reader.schema.names:
            if name not in expected:
                raise BadRequest("data.not_a_table", f"{path.name} has a column {name}, which {one} has not.")

    def _join(self) -> None:
        names = self._readers[0].schema.names
        self._types = {name: _joined([reader.schema.field(name).type for reader in self._readers]) for name in names}


def _joined(types: Sequence[pa.DataType]) -> pa.DataType:
    """Return the type of a column that has these in its files."""
    several = {_TEXT if pa.types.is_dictionary(kind) else kind for kind in types}
    if len(several) == 1:
        return several.pop()
    if several == {pa.int64(), pa.float64()}:
        return pa.float64()
    # A column without a value passes for floats; whether it is one shows while it is read.
    others = several - {pa.float64()}
    return others.pop() if len(others) == 1 else _TEXT


def _fitted(batch: pa.RecordBatch, schema: pa.Schema, as_text: set[str]) -> pa.RecordBatch | None:
    """Give a batch of a file the schema of all; None where a column has to become text, which is added to `as_text`."""
    columns = []
    for field in schema:
        values = batch.column(field.name)
        if values.null_count == len(values):
            values = pa.nulls(len(values), field.type)
        elif values.type != field.type:
            values = _cast(values, field.type)
        if values is None:
            as_text.add(field.name)
        columns.append(values)
    return None if any(column is None for column in columns) else pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(values: pa.Array, to: pa.DataType) -> pa.Array | None:
    if pa.types.is_dictionary(values.type) and to == _TEXT:
        return values.dictionary_decode()
    if pa.types.is_int64(values.type) and to == pa.float64():
        return values.cast(to, safe=False)
    return None
