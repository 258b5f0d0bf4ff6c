"""A stored table, a column at a time: each is read once, in stretches that fit into little memory."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from workbench.data.arrays import arrow
from workbench.data.profile import sample
from workbench.data.profile.counting import Counted
from workbench.data.profile.dates import DateScan
from workbench.data.profile.features import Feature, feature
from workbench.data.profile.job import Table
from workbench.data.profile.measures import Distinct, Measures
from workbench.data.profile.numbers import NumberScan
from workbench.data.profile.parts import ColumnPart
from workbench.data.profile.texts import SAMPLED_CHARACTERS, TextScan
from workbench.data.profile.truths import TruthScan
from workbench.data.values import ColumnKind

_STRETCH_ROWS, _FEWEST_ROWS = 128 * 1024, 1024
_STRETCH_BYTES = 8 * 1024 * 1024
_MOST_THREADS = 4


class Scan(Protocol):
    """What goes through a column."""

    missing: int

    def add(self, start: int, stretch: pa.Array) -> None: ...

    @property
    def distinct(self) -> Distinct: ...

    @property
    def counted(self) -> Counted | None: ...

    def measures(self, sample: pa.Array) -> Measures | None: ...


class Columns:
    """The columns of a stored table, and the rows that are drawn of it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._own = threading.local()
        self._metadata = parquet.read_metadata(table.path)
        self.rows: int = self._metadata.num_rows
        self.sampled = sample.draw(self.rows, sample.size(self.rows, len(table.columns)))

    def profiled(self) -> Iterator[tuple[ColumnPart, Feature]]:
        """Go through all columns, some at the same time, and give them in the table's order."""
        threads = max(1, min(_MOST_THREADS, os.cpu_count() or 1))
        with ThreadPoolExecutor(threads) as pool:
            ahead: deque[Future[tuple[ColumnPart, Feature]]] = deque()
            try:
                for index in range(len(self._table.columns)):
                    ahead.append(pool.submit(self.profile, index))
                    if len(ahead) > threads:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def profile(self, index: int) -> tuple[ColumnPart, Feature]:
        """Go through one column."""
        scan, drawn = self._scanned(index)
        name, kind, _ = self._table.columns[index]
        return self._part(index, scan, drawn), feature(name, kind, drawn)

    def counted(self, index: int) -> tuple[ColumnPart, Counted | None]:
        """Go through one column, and count its values; None where they are too many."""
        scan, drawn = self._scanned(index)
        return self._part(index, scan, drawn), scan.counted

    def features(self) -> Iterator[Feature]:
        """Draw the sampled rows, without profiling the columns."""
        for index, (name, kind, _) in enumerate(self._table.columns):
            drawn = [self._drawn(start, stretch) for start, stretch in self._stretches(index)]
            yield feature(name, kind, _joined(drawn))

    def _scanned(self, index: int) -> tuple[Scan, pa.Array]:
        scan: Scan = NumberScan()
        drawn = []
        for start, stretch in self._stretches(index):
            if start == 0:
                scan = _scan(stretch.type, self._table.columns[index][1])
            scan.add(start, stretch)
            drawn.append(self._drawn(start, stretch))
        return scan, _joined(drawn)

    def _part(self, index: int, scan: Scan, drawn: pa.Array) -> ColumnPart:
        name, kind, _ = self._table.columns[index]
        return ColumnPart(
            part="column",
            index=index,
            name=name,
            kind=kind,
            rows=self.rows,
            missing=scan.missing,
            distinct=scan.distinct,
            measures=scan.measures(drawn),
        )

    def _stretches(self, index: int) -> Iterator[tuple[int, pa.Array]]:
        name = self._table.columns[index][0]
        size = self._stretch_rows(index)
        start = 0
        for batch in self._file().iter_batches(batch_size=size, columns=[name], use_threads=False):
            stretch = _usual(batch.column(batch.schema.get_field_index(name)))
            yield start, stretch
            start += len(stretch)

    def _file(self) -> parquet.ParquetFile:
        # A reader is not made for being shared between threads, and opening one takes its time where a table is wide.
        if not hasattr(self._own, "file"):
            self._own.file = parquet.ParquetFile(self._table.path, metadata=self._metadata)
        return self._own.file

    def _stretch_rows(self, index: int) -> int:
        groups = range(self._metadata.num_row_groups)
        size = sum(self._metadata.row_group(group).column(index).total_uncompressed_size for group in groups)
        fitting: int = _STRETCH_BYTES * self.rows // max(size, 1)
        return max(_FEWEST_ROWS, min(_STRETCH_ROWS, fitting))

    def _drawn(self, start: int, stretch: pa.Array) -> pa.Array:
        if len(self.sampled) == self.rows:
            taken = stretch
        else:
            first, last = np.searchsorted(self.sampled, (start, start + len(stretch)))
            taken = stretch.take(arrow(self.sampled[first:last] - start))
        if pa.types.is_dictionary(taken.type):
            taken = taken.dictionary_decode()
        if pa.types.is_string(taken.type):
            taken = compute.utf8_slice_codeunits(taken, 0, SAMPLED_CHARACTERS)
        return taken


def _joined(drawn: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(drawn) if drawn else arrow(np.zeros(0))


def _scan(kind: pa.DataType, column: ColumnKind) -> Scan:
    if pa.types.is_boolean(kind):
        return TruthScan()
    if not (pa.types.is_dictionary(kind) or pa.types.is_string(kind)):
        return NumberScan()
    return DateScan() if column == "date" else TextScan()


def _usual(stretch: pa.Array) -> pa.Array:
    """Return the values by one of the few types that a stored table has."""
    kind = stretch.type
    if pa.types.is_null(kind) or pa.types.is_decimal(kind) or (pa.types.is_floating(kind) and kind != pa.float64()):
        return stretch.cast(pa.float64())
    if pa.types.is_integer(kind) and kind.bit_width < 64:
        return stretch.cast(pa.int64())
    return stretch.cast(pa.string()) if pa.types.is_large_string(kind) else stretch
