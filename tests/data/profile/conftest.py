from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from workbench.data.profile.columns import Columns
from workbench.data.profile.features import Features
from workbench.data.profile.job import Table
from workbench.data.profile.parts import ColumnPart


@pytest.fixture
def random() -> np.random.Generator:
    """Draw the same numbers in each test, whichever others run."""
    return np.random.default_rng(11)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Table]:
    """Store columns as the tables of a home are stored; names that begin with `when` are dates."""

    def store(columns: dict[str, Any], *, id: str = "t", group_rows: int = 128 * 1024) -> Table:
        table = pa.table(
            {name: values if isinstance(values, pa.Array) else list(values) for name, values in columns.items()}
        )
        path = tmp_path / f"{id}.parquet"
        parquet.write_table(table, path, row_group_size=group_rows)
        told = tuple((field.name, _kind(field), table[field.name].null_count) for field in table.schema)
        return Table(id, path, told)

    return store


def _kind(field: pa.Field) -> str:
    if pa.types.is_boolean(field.type):
        return "bool"
    if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type):
        return "date" if field.name.startswith("when") else "text"
    return "number"


@pytest.fixture
def profiled(stored: Callable[..., Table]) -> Callable[..., ColumnPart]:
    """Profile a column."""

    def profile(values: Sequence[Any] | pa.Array, *, name: str = "a", group_rows: int = 128 * 1024) -> ColumnPart:
        return Columns(stored({name: values}, group_rows=group_rows)).profile(0)[0]

    return profile


@pytest.fixture
def drawn(stored: Callable[..., Table]) -> Callable[..., Features]:
    """Make the columns of a table ready for being compared."""

    def draw(columns: dict[str, Any], *, id: str = "t") -> Features:
        found = Columns(stored(columns, id=id))
        return Features(found.rows, len(found.sampled), tuple(found.features()))

    return draw
