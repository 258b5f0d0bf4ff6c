"""The columns of a table as JSON holds them: kinds, rows, values."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["number", "text", "bool", "date"]


def kind_of(column: pd.Series[Any], dates: Collection[str] = ()) -> Kind:
    """What a column holds, whatever pandas made of its gaps.

    Parameters
    ----------
    dates
        Names of columns that hold dates as text.
    """
    if column.name in dates or column.dtype.kind == "M":
        return "date"
    if column.dtype.kind == "b":
        return "bool"
    if column.dtype.kind in "iuf":
        return "number"
    # True and false with a gap among them are objects to pandas.
    return "bool" if pd.api.types.infer_dtype(column, skipna=True) == "boolean" else "text"


def schema(frame: pd.DataFrame, dates: Collection[str] = ()) -> list[dict[str, str]]:
    """Return name, dtype and kind of each column, in order."""
    return [
        {"name": str(name), "dtype": str(column.dtype), "kind": kind_of(column, dates)}
        for name, column in frame.items()
    ]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON holds them; a gap, and a number that is not finite, is None."""
    columns = [values(column) for _, column in frame.items()]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def values(column: pd.Series[Any]) -> list[Any]:
    """Return one column so; dates are written as ISO 8601 has them."""
    if column.dtype.kind in "iub":
        return column.tolist()
    if column.dtype.kind == "f":
        return column.astype(object).where(np.isfinite(column), None).tolist()
    gaps = column.isna().tolist()
    return [None if gap else jsonable(value) for value, gap in zip(column.tolist(), gaps, strict=True)]


def jsonable(value: Any) -> Any:
    """Return one value that is no gap so."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item"):
        return jsonable(value.item())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
