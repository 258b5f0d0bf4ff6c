"""The distinct values of a column in order, with how often each occurs, and what follows from that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.arrays import plain
from workbench.data.profile.counting import Counted
from workbench.data.profile.measures import Histogram, Value
from workbench.data.values import label

TOP = 10
"""Most frequent values that are told."""
FEWEST_BINS, MOST_BINS = 10, 40
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_NARROWEST = 1e-300
_FAR = 10.0
"""The bulk of the values is drawn alone where all of them take more than so many times its room."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Finite values, ascending and distinct, and the rows of each.

    Attributes
    ----------
    values
        Shape (n,), n > 0, of the column's own type.
    counts
        Shape (n,).
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]

    @classmethod
    def of_counted(cls, counted: Counted) -> Spread | None:
        """Sort what was counted; None where nothing is finite."""
        return cls._of(plain(counted.values), counted.counts)

    @classmethod
    def of_sample(cls, values: NDArray[Any]) -> Spread | None:
        """Count values; None where none is finite."""
        return cls._of(*np.unique(values, return_counts=True))

    @classmethod
    def _of(cls, values: NDArray[Any], counts: NDArray[np.int64]) -> Spread | None:
        is_finite = np.isfinite(values)
        values, counts = values[is_finite], counts[is_finite]
        if len(values) == 0:
            return None
        order = np.argsort(values, kind="stable")
        return cls(values[order], counts[order])

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Return the values below which these shares lie, between two neighbours in proportion (numpy's own way)."""
        ends = np.cumsum(self.counts)
        found = []
        for share in shares:
            place = share * (self.rows - 1)
            below, above = (
                float(self.values[np.searchsorted(ends, at, side="right")])
                for at in (math.floor(place), math.ceil(place))
            )
            part = place - math.floor(place)
            found.append(below * (1 - part) + above * part)
        return found

    def share_outside(self, low: float, high: float) -> float:
        return float(self.counts[(self.values < low) | (self.values > high)].sum()) / self.rows

    def histogram(self, *, integral: bool) -> Histogram:
        """Count values in bins of one width, which is a round number; a whole one where all values are whole.

        The width is that of Freedman and Diaconis, On the histogram as a density estimator, 1981; from Sturges' number
        of bins where the middle half of the values is one value. There are at most 40 bins, and at least 10 unless
        there are fewer values.
        """
        low, high = self._drawn()
        width = self._width(low, high, integral=integral)
        if width == 0:
            return Histogram((low, high), (self.rows,))
        # A whole number lies in the middle of its bin, and none on an edge.
        shift = 0.5 if integral else 0.0
        first = math.floor((low + shift) / width)
        last = max(first + 1, math.floor((high + shift) / width) + 1)
        # Written and read, 0.3 is 0.3 again, and not three times 0.1.
        edges = np.array([float(f"{place * width - shift:.15g}") for place in range(first, last + 1)])
        if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
            return Histogram((low, high), (self.rows,))
        values = self.values.astype(np.float64)
        counts, _ = np.histogram(values, edges, weights=self.counts)
        below, above = self.counts[values < edges[0]].sum(), self.counts[values > edges[-1]].sum()
        return Histogram(tuple(edges.tolist()), tuple(int(count) for count in counts), int(below), int(above))

    def _drawn(self) -> tuple[float, float]:
        low, high = float(self.values[0]), float(self.values[-1])
        inner_low, inner_high = self.quantiles((0.01, 0.99))
        inner = inner_high - inner_low
        if inner > 0 and (high - low) / inner > _FAR:
            return max(low, inner_low - inner / 4), min(high, inner_high + inner / 4)
        return low, high

    def _width(self, low: float, high: float, *, integral: bool) -> float:
        room = high - low
        if room <= 0 or not math.isfinite(room):
            return 0.0
        first, third = self.quantiles((0.25, 0.75))
        bins = math.log2(self.rows) + 1
        if third > first:
            bins = room / (2 * (third - first) * self.rows ** (-1 / 3))
        # One is kept for the edges, which are moved to round numbers.
        wanted = room / min(max(bins, FEWEST_BINS), MOST_BINS - 1)
        if wanted < _NARROWEST:
            return 0.0
        if integral and wanted < 1:
            return 1.0
        power = 10.0 ** math.floor(math.log10(wanted))
        widths = [nice * power for nice in _NICE if not integral or (nice * power).is_integer()]
        fitting = [width for width in widths if FEWEST_BINS <= room / width <= MOST_BINS - 1] or widths[-1:]
        return min(fitting, key=lambda width: abs(width - wanted))

    def top(self, *, integral: bool) -> tuple[Value, ...]:
        """Return the most frequent values, of those as frequent the smallest."""
        order = np.argsort(-self.counts, kind="stable")[:TOP]
        return tuple(self.shown(at, integral=integral) for at in order.tolist())

    def shown(self, at: int, *, integral: bool) -> Value:
        count = int(self.counts[at])
        value = self.values[at].item()
        return Value(label(int(value) if integral else value), count, count / self.rows)
