"""How far a measure, or the difference of two pipelines on the same rows or steps, is noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.ranking import CONFIDENCE, t_quantile

Array = np.ndarray[Any, Any]
Statistic = Callable[[Array], Array]
"""Places of selected rows, selections × rows, in; a value a selection out, not a number where there is none."""

RESAMPLES = 2_000
SEED = 1
CELLS = 100_000
"""Places that are drawn at a time: as many as fit into a processor's cache."""


def bootstrap(
    champion: Statistic, challenger: Statistic, strata: Array, *, width: int = 1
) -> tuple[float, float] | None:
    """Interval of challenger less champion: a paired bootstrap over rows, by percentiles (Efron and Tibshirani 1993).

    Parameters
    ----------
    strata
        A number a row; of each, as many rows are drawn as there are.
    width
        Numbers that a statistic holds for one selection, where they are more than the rows.

    Returns
    -------
    tuple of float, or None
        Lower and upper bound, 95 %; None where most selections have no value.
    """
    return bounds(resampled(lambda selected: challenger(selected) - champion(selected), strata, width=width))


def resampled(statistic: Statistic, strata: Array, *, width: int = 1, resamples: int = RESAMPLES) -> Array:
    """Return a statistic on rows that are drawn with repetition, where it has a value; arguments as `bootstrap`'s."""
    found = [statistic(selected) for selected in selections(strata, width=width, resamples=resamples)]
    values = np.concatenate(found)
    kept: Array = values[np.isfinite(values)]
    return kept if len(kept) > resamples / 2 else kept[:0]


def bounds(values: Array) -> tuple[float, float] | None:
    """Interval of what was `resampled`, 95 %, by percentiles; None where there is nothing."""
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def selections(strata: Array, *, width: int = 1, resamples: int = RESAMPLES) -> Iterator[Array]:
    """Draw rows with repetition, the same at every call: blocks of selections × places."""
    order = np.argsort(strata, kind="stable")
    _, firsts, sizes = np.unique(strata[order], return_index=True, return_counts=True)
    first, size = np.repeat(firsts, sizes), np.repeat(sizes, sizes)
    random = np.random.default_rng(SEED)
    block = max(1, CELLS // max(len(strata), width))
    for begin in range(0, resamples, block):
        drawn = random.random((min(block, resamples - begin), len(strata)))
        yield order[first + (drawn * size).astype(np.intp)]


def counts(selected: Array, rows: int) -> Array:
    """How often each of so many rows is in each selection: selections × rows."""
    many = len(selected)
    found = np.bincount((selected + np.arange(many)[:, None] * rows).ravel(), minlength=many * rows)
    return found.reshape(many, rows).astype(float)


def lags(steps: int) -> int:
    """Steps over which errors of a forecast are taken to hang together, their own step counted."""
    return math.ceil(math.sqrt(steps))


def of_steps(delta: float, influence: Array) -> tuple[float, float]:
    """Interval of a difference between two forecasts of the same steps, 95 %.

    The test of Diebold and Mariano (1995), with the correction for few steps and the quantiles of Student's t of
    Harvey, Leybourne and Newbold (1997). Covariances weigh as by Bartlett, so that no variance is negative (Newey and
    West 1987).

    Parameters
    ----------
    delta
        The difference.
    influence
        How much each step moves it: its mean moves with `delta`, one to one.
    """
    steps = len(influence)
    apart = influence - influence.mean()
    most = lags(steps)
    variance = float(apart @ apart) / steps
    for lag in range(1, most):
        variance += 2 * (1 - lag / most) * float(apart[lag:] @ apart[:-lag]) / steps
    few = (steps + 1 - 2 * most + most * (most - 1) / steps) / steps
    reach = t_quantile((1 + CONFIDENCE) / 2, steps - 1) * math.sqrt(max(variance, 0.0) / steps / few)
    return delta - reach, delta + reach
