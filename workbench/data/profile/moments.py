"""What is measured of numbers a stretch at a time: mean and spread, the smallest and the largest."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.profile.measures import Extreme

_KEPT = 5
_ROUNDING = 1e-14


@dataclass(slots=True)
class Moments:
    """Count, mean, and the sums of the second and third powers of the distance from it.

    Two stretches are put together as in Pébay, Formulas for robust, one-pass parallel computation of covariances and
    arbitrary-order statistical moments, 2008.
    """

    count: int = 0
    mean: float = 0.0
    second: float = 0.0
    third: float = 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        """Take finite values, shape (n,)."""
        if len(values) == 0:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            away = values - mean
            squares = away * away
            second, third = float(squares.sum()), float((squares * away).sum())
        if self.count == 0:
            self.count, self.mean, self.second, self.third = len(values), mean, second, third
            return
        before, here = self.count, len(values)
        count = before + here
        between = mean - self.mean
        square = between * between * before * here / count
        self.third += third + square * between * (before - here) / count
        self.third += 3 * between * (before * second - here * self.second) / count
        self.second += second + square
        self.mean += between * here / count
        self.count = count

    @property
    def average(self) -> float | None:
        return finite(self.mean) if self.count else None

    @property
    def std(self) -> float | None:
        if self.count < 2 or finite(self.second) is None:
            return None
        return math.sqrt(self.second / (self.count - 1))

    @property
    def skew(self) -> float | None:
        count = self.count
        if count < 3 or finite(self.second) is None:
            return None
        deviation = math.sqrt(self.second / count)
        # What rounding alone leaves of equal values is no spread.
        if deviation <= abs(self.mean) * _ROUNDING:
            return None
        plain = self.third / count / deviation / deviation / deviation
        return finite(plain * math.sqrt(count * (count - 1)) / (count - 2))


@dataclass(slots=True)
class Extremes:
    """The smallest values, or the largest, with the first rows that have them."""

    largest: bool = False
    values: NDArray[Any] | None = None
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, start: int, values: NDArray[Any], rows: NDArray[np.int64] | None) -> None:
        """Take finite values of the rows from `start` on; `rows` are their places, or None where none is left out."""
        places = self._worth_a_look(values)
        if len(places) == 0:
            return
        at = start + (places if rows is None else rows[places])
        found = values[places]
        if self.values is not None:
            found, at = np.concatenate([self.values, found]), np.concatenate([self.rows, at])
        ranks = np.unique(found, return_inverse=True)[1]
        # Rows ascend, and of equal values the first row stays first.
        order = np.argsort(-ranks if self.largest else ranks, kind="stable")[:_KEPT]
        self.values, self.rows = found[order], at[order]

    @property
    def first(self) -> float | None:
        return None if self.values is None else float(self.values[0])

    @property
    def told(self) -> tuple[Extreme, ...]:
        if self.values is None:
            return ()
        return tuple(Extreme(int(row), float(value)) for row, value in zip(self.rows, self.values, strict=True))

    def _worth_a_look(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the places of values that may be among the most extreme so far: few, unless many are equal."""
        places = None
        if self.values is not None and len(self.values) == _KEPT:
            last = self.values[-1]
            places = np.flatnonzero(values > last if self.largest else values < last)
            values = values[places]
        if len(values) > _KEPT:
            at = len(values) - _KEPT if self.largest else _KEPT - 1
            bound = np.partition(values, at)[at]
            kept = np.flatnonzero(values >= bound if self.largest else values <= bound)
            return kept if places is None else places[kept]
        return np.arange(len(values)) if places is None else places


def finite(value: float) -> float | None:
    """Return a number that JSON can hold, or None."""
    return value if math.isfinite(value) else None
