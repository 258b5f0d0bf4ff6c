"""The weighted absolute percentage error, which PyCaret lacks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def wape(truth: Array, forecast: Array) -> float:
    """Absolute errors in percent of absolute actual values, in sum; infinite where the target is 0 throughout.

    >>> wape(np.array([1.0, 3.0]), np.array([2.0, 3.0]))
    25.0
    """
    total = float(np.sum(np.abs(truth)))
    return float(np.sum(np.abs(truth - forecast))) / total * 100 if total else math.inf
