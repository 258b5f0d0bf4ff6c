"""Reading all of a table, as the ingest does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from workbench.data.formats.reader import Asked, Limits, Reader, Widened
from workbench.data.origins.origin import Origin
from workbench.errors import WorkbenchError

KEPT = (pa.int64(), pa.uint64(), pa.float64(), pa.bool_(), pa.string(), pa.dictionary(pa.int32(), pa.string()))
_TRIES = 20


def whole(reader: Reader) -> pa.Table:
    """Read a table from its start until nothing widens, holding each batch to the schema."""
    for _ in range(_TRIES):
        schema, batches = reader.schema, []
        try:
            for batch in reader.batches():
                assert batch.schema == schema
                batches.append(batch)
        except Widened:
            continue
        assert reader.schema == schema
        assert set(schema.types) <= set(KEPT)
        return pa.Table.from_batches(batches, schema=schema)
    raise AssertionError("It was widened again and again.")


def columns(reader: Reader) -> dict[str, list[Any]]:
    """Read the values of each column."""
    return whole(reader).to_pydict()


def opened(origin: Origin, work: Path, *, asked: Asked | None = None) -> Reader:
    """Open an origin, the bytes that it fetches being of no interest."""
    return origin.open(Limits(work), asked or Asked(), lambda *_: None).reader


def refused(call: Any) -> WorkbenchError:
    """Call what has to be refused, and return how."""
    with pytest.raises(WorkbenchError) as caught:
        call()
    return caught.value
