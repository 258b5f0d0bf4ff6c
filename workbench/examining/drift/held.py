"""Values of a column as drift is measured: numbers, dates as numbers, or labels; gaps and what does not fit counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.dates import read_date
from workbench.training.columns import Kind, values

Array = np.ndarray[Any, Any]
Scale = Literal["number", "date", "label"]
LABEL_MOST = 80
"""Longest label, in characters: what is longer is told from others by its beginning and its length."""
_EPOCH = np.datetime64(0, "s")


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Values of one column.

    Attributes
    ----------
    values
        Those that are there: float64, for dates seconds since 1970; labels as texts.
    missing
        Rows without one; what is not finite counts as missing.
    unfit
        Rows with one of another type.
    """

    scale: Scale
    values: Array
    missing: int = 0
    unfit: int = 0

    @property
    def rows(self) -> int:
        return len(self.values) + self.missing + self.unfit


def scale_of(kind: Kind | str, *, is_label: bool = False) -> Scale:
    """Return how a kind of column is measured; labels may be numbers."""
    return "label" if is_label or kind in ("text", "bool") else "date" if kind == "date" else "number"


def of_column(column: pd.Series[Any], scale: Scale, pattern: str | None = None) -> Held:
    """Read a column of a table; `pattern` is that of its dates."""
    if scale == "number" and column.dtype.kind in "iuf":
        found = column.to_numpy(dtype=float, na_value=np.nan)
        finite = found[np.isfinite(found)]
        return Held(scale, finite, missing=len(found) - len(finite))
    # Each value is read once, however many rows have it.
    codes, known = pd.factorize(column)
    raw = values(pd.Series(known))
    read = _READERS[scale](raw, pattern)
    is_gap, fits = (
        np.array(found, dtype=bool) for found in ([_is_gap(one) for one in raw], [one is not None for one in read])
    )
    there = codes[codes >= 0]
    there = there[~is_gap[there]]
    kept = there[fits[there]]
    made = np.array([one if one is not None else np.nan for one in read], dtype=object if scale == "label" else float)
    return Held(scale, made[kept], missing=len(codes) - len(there), unfit=len(there) - len(kept))


def of_values(raw: Sequence[Any], scale: Scale, pattern: str | None = None) -> Held:
    """Read values as JSON has them; None is a gap."""
    there = [value for value in raw if not _is_gap(value)]
    read = _READERS[scale](there, pattern)
    kept = [value for value in read if value is not None]
    made = np.array(kept, dtype=object if scale == "label" else float)
    return Held(scale, made, missing=len(raw) - len(there), unfit=len(there) - len(kept))


def of_records(rows: Sequence[Mapping[str, Any]], name: str, scale: Scale, pattern: str | None = None) -> Held:
    """Read a column of rows; a row that lacks it has a gap."""
    return of_values([row.get(name) for row in rows], scale, pattern)


def label(value: Any) -> str | None:
    """Write a value as a label, the same whether a number was whole or not; None: it is no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # There are two zeros, which are one number.
        return f"{value + 0:.15g}"
    if not isinstance(value, str):
        return None
    return value if len(value) <= LABEL_MOST else f"{value[:LABEL_MOST]}… ({len(value):,} characters)"


def shown(value: float, scale: Scale) -> float | str:
    """Return a number as JSON tells it; a date as ISO 8601, without its time at midnight."""
    if scale != "date":
        return float(value)
    moment = _EPOCH + np.timedelta64(round(value), "s")
    return str(moment).removesuffix("T00:00:00")


def _is_gap(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _numbers(raw: Iterable[Any], _: str | None) -> list[float | None]:
    return [_float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None for value in raw]


def _float(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _dates(raw: Iterable[Any], pattern: str | None) -> list[float | None]:
    read: dict[str, float | None] = {}
    for value in raw:
        if isinstance(value, str) and value not in read:
            moment = read_date(value, pattern)
            read[value] = None if moment is None else float((np.datetime64(moment) - _EPOCH) / np.timedelta64(1, "s"))
    return [read[value] if isinstance(value, str) else None for value in raw]


def _labels(raw: Iterable[Any], _: str | None) -> list[str | None]:
    return [label(value) for value in raw]


_READERS: Mapping[Scale, Callable[[Iterable[Any], str | None], Sequence[Any]]] = {
    "number": _numbers,
    "date": _dates,
    "label": _labels,
}
