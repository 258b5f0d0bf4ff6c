"""Columns of sampled rows, made ready for being compared with each other, and with those of another version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow, arrow_texts, filled, plain
from workbench.data.coded import Coded
from workbench.data.profile.dates import NO_DATE, rows_microseconds
from workbench.data.values import ColumnKind

MOST_CATEGORIES = 1000
"""Texts are kept by their most frequent values; all others are one."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the sampled rows.

    Attributes
    ----------
    numbers
        Shape (rows,): numbers, dates as microseconds, truths as 0 and 1; NaN where there is none. None of texts.
    codes
        Shape (rows,): the place of each text or truth in `labels`; -1 where there is none. None of numbers and dates.
    labels
        The most frequent texts, the most frequent first.
    others
        Whether there are more, all of which have the code ``len(labels)``.
    is_key
        Whether next to every row that has a text has another one.
    """

    name: str
    kind: ColumnKind
    numbers: NDArray[np.float64] | None = None
    codes: NDArray[np.int64] | None = None
    labels: tuple[str, ...] = ()
    others: bool = False
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Features:
    """All columns of the rows that were drawn of a table with `table_rows` rows."""

    table_rows: int
    rows: int
    columns: tuple[Feature, ...]

    @property
    def sampled_rows(self) -> int | None:
        """How many rows were drawn; None where all were taken."""
        return self.rows if self.rows < self.table_rows else None

    def column(self, name: str) -> Feature | None:
        return next((feature for feature in self.columns if feature.name == name), None)


def feature(name: str, kind: ColumnKind, stretch: pa.Array) -> Feature:
    """Make one column of sampled rows ready."""
    if pa.types.is_boolean(stretch.type):
        truths = filled(stretch.cast(pa.int8()), -1).astype(np.int64)
        return _truths(name, truths)
    if not pa.types.is_string(stretch.type):
        return Feature(name, kind, filled(stretch.cast(pa.float64(), safe=False), np.nan))
    if kind == "date":
        times = rows_microseconds(stretch)
        return Feature(name, kind, np.where(times == NO_DATE, np.nan, times.astype(np.float64)))
    coded = Coded.of(stretch)
    order = np.argsort(-coded.counts, kind="stable")
    ranks = np.empty(len(order) + 1, np.int64)
    ranks[order], ranks[-1] = np.minimum(np.arange(len(order)), MOST_CATEGORIES), -1
    labels = coded.values.take(arrow(order[:MOST_CATEGORIES])).to_pylist()
    return Feature(
        name,
        kind,
        codes=ranks[coded.codes],
        labels=tuple(labels),
        others=len(order) > MOST_CATEGORIES,
        is_key=is_key(len(order), int(coded.counts.sum())),
    )


def is_key(distinct: int, rows: int) -> bool:
    """Whether next to every row has a value of its own."""
    return rows > 1 and distinct > 0.9 * rows


def save(features: Features, path: Path) -> None:
    """Keep them in a file, whole or not at all."""
    arrays, fields = [], []
    for each in features.columns:
        arrays.append(_kept(each))
        about = {"kind": each.kind, "others": str(int(each.others)), "is_key": str(int(each.is_key))}
        fields.append(pa.field(each.name, arrays[-1].type, metadata=about))
    schema = pa.schema(fields, {"table_rows": str(features.table_rows)})
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(pa.record_batch(arrays, schema=schema))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path, names: tuple[str, ...]) -> Features | None:
    """Read what `save` kept of columns with these names; None where there is nothing."""
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            schema, batch = reader.schema, reader.get_batch(0)
            if tuple(schema.names) != names:
                return None
            table_rows = int(schema.metadata[b"table_rows"])
            columns = tuple(_loaded(schema.field(at), batch.column(at)) for at in range(len(names)))
            return Features(table_rows, batch.num_rows, columns)
    except (OSError, pa.ArrowInvalid):
        return None


def _kept(each: Feature) -> pa.Array:
    if each.codes is None:
        assert each.numbers is not None
        return arrow(each.numbers)
    if each.numbers is not None:
        return arrow(each.codes.astype(np.int8))
    labels = [*each.labels, ""] if each.others else each.labels
    return pa.DictionaryArray.from_arrays(arrow(each.codes.astype(np.int32), each.codes >= 0), arrow_texts(labels))


def _loaded(field: pa.Field, array: pa.Array) -> Feature:
    about = {name.decode(): value.decode() for name, value in field.metadata.items()}
    name, kind, others = field.name, about["kind"], about["others"] == "1"
    if pa.types.is_dictionary(field.type):
        labels = array.dictionary.to_pylist()
        codes = filled(array.indices, -1).astype(np.int64)
        kept = tuple(labels[:-1] if others else labels)
        return Feature(name, "text", codes=codes, labels=kept, others=others, is_key=about["is_key"] == "1")
    if pa.types.is_int8(field.type):
        return _truths(name, plain(array).astype(np.int64))
    # The file is closed before they are used.
    return Feature(name, "date" if kind == "date" else "number", plain(array).copy())


def _truths(name: str, truths: NDArray[np.int64]) -> Feature:
    return Feature(
        name, "bool", np.where(truths < 0, np.nan, truths.astype(np.float64)), truths, labels=("False", "True")
    )
