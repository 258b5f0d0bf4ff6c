"""A column of numbers: what is counted and measured of all its rows, and what of a sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.data.arrays import arrow, plain
from workbench.data.profile.counting import Counting
from workbench.data.profile.gaps import suspected_numbers
from workbench.data.profile.measures import Numbers, Outliers, Value
from workbench.data.profile.moments import Extremes, Moments, finite
from workbench.data.profile.spread import Spread

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
HEAPED_SHARE, HEAPED_AMONG = 0.3, 10
"""Share of the values that makes a single one a heap, in a column of more than so many."""


class NumberScan(Counting):
    """Goes through a column of numbers, a stretch at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._moments = Moments()
        self._lowest, self._highest = Extremes(), Extremes(largest=True)
        self._zeros = self._negatives = self._infinite = 0
        self._integral = True

    def add(self, start: int, stretch: pa.Array) -> None:
        """Take the rows from `start` on."""
        values, rows = present(stretch)
        self.missing += len(stretch) - len(values)
        self._counter.add(arrow(values))
        if values.dtype.kind == "f":
            is_finite = np.isfinite(values)
            if not is_finite.all():
                self._infinite += len(values) - int(is_finite.sum())
                rows = np.flatnonzero(is_finite) if rows is None else rows[is_finite]
                values = values[is_finite]
            self._integral = self._integral and bool((values == np.floor(values)).all())
        self._zeros += len(values) - int(np.count_nonzero(values))
        self._negatives += int((values < 0).sum())
        self._moments.add(values.astype(np.float64, copy=False))
        self._lowest.add(start, values, rows)
        self._highest.add(start, values, rows)

    def measures(self, sample: pa.Array) -> Numbers | None:
        """Return what was found; None where there is no value.

        Parameters
        ----------
        sample
            The sampled rows, used where there are too many values to have counted each.
        """
        counted = self.counted
        if counted is not None and len(counted.counts) == 0:
            return None
        drawn = present(sample)[0]
        spread = Spread.of_sample(drawn) if counted is None else Spread.of_counted(counted)
        integral = self._integral and self._infinite == 0
        return Numbers(
            of="number",
            integral=integral,
            zeros=self._zeros,
            negatives=self._negatives,
            infinite=self._infinite,
            minimum=self._lowest.first,
            maximum=self._highest.first,
            mean=self._moments.average,
            std=self._moments.std,
            skew=self._moments.skew,
            quantiles={} if spread is None else _quantiles(spread),
            histogram=None if spread is None else spread.histogram(integral=integral),
            top=() if spread is None else spread.top(integral=integral),
            heaped=None if spread is None else _heaped(spread, integral=integral),
            outliers=None if spread is None else self._outliers(spread),
            suspects=() if spread is None else suspected_numbers(spread, integral=integral),
            sampled_rows=len(sample) if counted is None else None,
        )

    def _outliers(self, spread: Spread) -> Outliers | None:
        first, third = spread.quantiles((0.25, 0.75))
        width = third - first
        if width <= 0 or finite(first - 3 * width) is None or finite(third + 3 * width) is None:
            return None
        low, high = first - 1.5 * width, third + 1.5 * width
        return Outliers(
            low=low,
            high=high,
            share=spread.share_outside(low, high),
            far_share=spread.share_outside(first - 3 * width, third + 3 * width),
            lowest=tuple(each for each in self._lowest.told if each.value < low),
            highest=tuple(each for each in self._highest.told if each.value > high),
        )


def present(stretch: pa.Array) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Return the values that are there, minus zero as zero, and their places; None: all are there."""
    places = None
    if stretch.null_count:
        places = np.flatnonzero(plain(stretch.is_valid()))
        stretch = stretch.drop_null()
    values: NDArray[Any] = plain(stretch)
    if values.dtype.kind == "f":
        values = values + 0.0
        is_number = ~np.isnan(values)
        if not is_number.all():
            values = values[is_number]
            places = np.flatnonzero(is_number) if places is None else places[is_number]
    return values, places


def _quantiles(spread: Spread) -> dict[str, float]:
    found = spread.quantiles([percentile / 100 for percentile in PERCENTILES])
    return {
        str(percentile): value for percentile, value in zip(PERCENTILES, found, strict=True) if math.isfinite(value)
    }


def _heaped(spread: Spread, *, integral: bool) -> Value | None:
    most = spread.shown(int(np.argmax(spread.counts)), integral=integral)
    return most if len(spread.values) > HEAPED_AMONG and most.share >= HEAPED_SHARE else None
