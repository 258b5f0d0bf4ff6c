"""Counts of one column, gathered a chunk at a time in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.data.source import LABEL_CHARACTERS, Column, ColumnKind

if TYPE_CHECKING:
    import pandas as pd

MOST_DISTINCT = 10_000
_TOP = 5
_KIND_OF_DTYPE = {"i": "int", "u": "uint", "f": "float", "b": "bool"}


@dataclass(slots=True)
class Tally:
    """What the chunks of a column seen so far hold.

    Attributes
    ----------
    kinds
        The types that pandas gave to chunks with a value in them.
    counts
        Rows of each of the first `MOST_DISTINCT` distinct values.
    """

    name: str
    kinds: set[str] = field(default_factory=set)
    counts: dict[Any, int] = field(default_factory=dict)
    is_full: bool = False
    missing: int = 0
    is_integral: bool = True
    is_dates: bool = True
    finite: int = 0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    def add(self, values: pd.Series[Any]) -> None:
        """Count a chunk."""
        import numpy as np
        import pandas as pd

        codes, uniques = pd.factorize(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
        self.missing += len(values) - int(counts.sum())
        if len(uniques) == 0:
            return
        distinct = uniques.tolist()
        kind = _KIND_OF_DTYPE.get(values.dtype.kind, "text")
        if kind == "text" and all(isinstance(value, bool) for value in distinct):
            kind = "bool"
        elif kind == "text" and not isinstance(distinct[0], str):
            kind = "huge"
        self.kinds.add(kind)
        self._count(distinct, counts.tolist())
        if kind == "text":
            self.is_dates = self.is_dates and all(_is_date(value) for value in distinct)
        elif kind in ("int", "uint", "float"):
            self._measure(np.asarray(uniques, dtype="float64"), counts)

    @property
    def is_mixed(self) -> bool:
        """Whether chunks differ in a way that makes text of the whole column."""
        numbers = self.kinds & {"int", "uint", "float"}
        groups = len(self.kinds - numbers) + bool(numbers)
        # Beyond int64, pandas keeps whole numbers only where no value is missing and none is negative.
        overflow = "uint" in self.kinds and (self.missing > 0 or self.minimum < 0)
        # Whole numbers of more than 64 bits are Python's own in a newer pandas, and text in an older one.
        return groups > 1 or overflow or "huge" in self.kinds

    def column(self) -> Column:
        kind = self._kind()
        is_measured = kind == "number" and self.finite > 0
        ranked = sorted(self.counts.items(), key=lambda pair: -pair[1])[:_TOP]
        is_integral = kind == "number" and self.is_integral and self.finite > 0
        return Column(
            name=self.name,
            kind=kind,
            missing=self.missing,
            distinct=len(self.counts),
            minimum=self.minimum if is_measured else None,
            maximum=self.maximum if is_measured else None,
            mean=self.total / self.finite if is_measured and math.isfinite(self.total) else None,
            top=tuple((_label(value, is_integral=is_integral), count) for value, count in ranked),
            rarest=min(self.counts.values()) if self.counts and not self.is_full else None,
            integral=is_integral,
            distinct_exact=not self.is_full,
        )

    def _kind(self) -> ColumnKind:
        if self.kinds == {"bool"}:
            return "bool"
        if "text" in self.kinds:
            return "date" if self.is_dates else "text"
        return "number"

    def _count(self, distinct: list[Any], counts: Iterable[int]) -> None:
        known = self.counts
        for value, count in zip(distinct, counts, strict=True):
            if value in known:
                known[value] += count
            elif len(known) < MOST_DISTINCT:
                known[value] = count
            else:
                self.is_full = True

    def _measure(self, distinct: Any, counts: Any) -> None:
        import numpy as np

        is_finite = np.isfinite(distinct)
        distinct, counts = distinct[is_finite], counts[is_finite]
        self.is_integral = self.is_integral and bool(is_finite.all() and (distinct == np.floor(distinct)).all())
        if len(distinct) == 0:
            return
        self.finite += int(counts.sum())
        with np.errstate(over="ignore"):
            self.total += float(distinct @ counts)
        self.minimum = min(self.minimum, float(distinct.min()))
        self.maximum = max(self.maximum, float(distinct.max()))


def _is_date(text: str) -> bool:
    if not (len(text) >= 7 and text[:4].isdigit() and text[4] == "-" and text[5:7].isdigit()):
        return False
    try:
        datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        return False
    return True


def _label(value: Any, *, is_integral: bool) -> str:
    text = str(int(value)) if is_integral else str(value)
    return text if len(text) <= LABEL_CHARACTERS else f"{text[: LABEL_CHARACTERS - 1]}…"
