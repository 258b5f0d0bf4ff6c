"""One batch, in its own process: a data source in, a file with its predictions out."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import psutil

from workbench.data.sources import Sources
from workbench.errors import WorkbenchError
from workbench.predictor.schema import InvalidRows, Schema
from workbench.predictor.table import Table
from workbench.service.loading import load
from workbench.serving import batches
from workbench.serving.batches import BatchRecord
from workbench.settings import Settings
from workbench.store.files import sha256_of
from workbench.store.store import Store, open_store
from workbench.store.tables import BatchRow

if TYPE_CHECKING:
    import pandas as pd

CHUNK_ROWS = 20_000
TELL_S = 0.25
"""Least time between two words on how far it is."""
LABEL, SCORE = "prediction_label", "prediction_score"
"""Columns that are added, by the names of PyCaret's ``predict_model``."""


def carry_out(batch_id: str, owner: str, settings: Settings) -> None:  # noqa: ARG001 - as every process
    """Carry a batch to its end; every outcome but a dead process is told here."""
    store = open_store(settings).holding(BatchRow, batch_id)
    record = batches.register(store, batch_id, os.getpid(), psutil.Process().create_time())
    if record is None:
        return
    path = settings.predictions / f"{record.id}.csv"
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = _predict(store, record, partial)
        sha256 = sha256_of(partial)
        partial.replace(path)
        if not batches.finish(store, record.id, file=path.name, sha256=sha256, rows_done=rows):
            path.unlink()
    except Exception as error:  # noqa: BLE001 - the batch keeps its first line, its log the traceback
        traceback.print_exc(file=sys.stderr)
        why = error.message if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        batches.fail(store, record.id, why)
    finally:
        partial.unlink(missing_ok=True)
        store.close()


def _predict(store: Store, record: BatchRecord, partial: Path) -> int:
    """Write the table with its predictions, a part at a time; return how many rows it has."""
    sources = Sources(store)
    frame = sources.load(sources.get(record.source_id, hidden=True))
    predictor = load(store, record.pipeline_id)
    label = _free(LABEL, frame.columns)
    score = _free(SCORE, frame.columns)
    # What follows a series is one forecast, from its first step on.
    most = len(frame) if predictor.is_forecaster else CHUNK_ROWS
    told = time.monotonic()
    with partial.open("wb") as to:
        for start in range(0, len(frame), most):
            rows = frame.iloc[start : start + most].reset_index(drop=True)
            predicted = predictor.predict(checked(rows, predictor.schema, start))
            added: dict[str, list[Any]] = {label: predicted.labels}
            if predicted.scores is not None:
                added[score] = predicted.scores
            _write(rows, added, to, header=start == 0)
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                if not batches.progress(store, record.id, start + len(rows)):
                    raise RuntimeError("The batch was ended.")
    return len(frame)


def checked(rows: pd.DataFrame, schema: Schema, start: int) -> Table:
    """Check a part of a table; what is wrong is told by where it stands in the whole."""
    try:
        return schema.of_frame(rows)
    except InvalidRows as error:
        raise error.after(start) from None


def _write(rows: pd.DataFrame, added: Mapping[str, Sequence[Any]], to: BinaryIO, *, header: bool) -> None:
    """Write rows, and columns beside them, as CSV: texts quoted, numbers with as few digits as tell them apart."""
    import pyarrow as pa
    from pyarrow import csv

    table = pa.Table.from_pandas(rows, preserve_index=False)
    for name, values in added.items():
        table = table.append_column(name, pa.array(values))
    csv.write_csv(table, to, csv.WriteOptions(include_header=header))


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a column's name that a table has not got yet."""
    known, number, free = set(taken), 1, name
    while free in known:
        number += 1
        free = f"{name}_{number}"
    return free
