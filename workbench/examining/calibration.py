"""Whether probabilities mean what they say: binned, with what chance alone would make of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.advisors.examination import Calibration, CalibrationBin
from workbench.judging.noise import SEED
from workbench.ranking import CONFIDENCE

Array = np.ndarray[Any, Any]

BINS = 10
SIMULATIONS = 1_000
ROWS_LEAST = 50
"""Five rows a bin: below, a distance says nothing."""


def measure(of: str, probabilities: Array, came_true: Array) -> Calibration | None:
    """Hold probabilities against what came true.

    How large a distance is by chance is found by simulation: outcomes are drawn by the probabilities themselves and
    binned alike (consistency resampling, Bröcker and Smith 2007). In a small sample the distance is large by chance,
    and so is what it is held against.

    Parameters
    ----------
    of
        Class that they are the probabilities of; ``""``: each of the class that was predicted.
    probabilities
        From 0 to 1, one a row.
    came_true
        Whether it was so, one a row.

    Returns
    -------
    Calibration, or None
        None below 50 rows.
    """
    rows = len(probabilities)
    if rows < ROWS_LEAST:
        return None
    order = np.argsort(probabilities, kind="stable")
    said, came = probabilities[order].astype(float), came_true[order].astype(float)
    starts = _starts(said)
    sizes = np.diff([*starts, rows])
    predicted = np.add.reduceat(said, starts) / sizes
    observed = np.add.reduceat(came, starts) / sizes
    error = float(sizes @ np.abs(observed - predicted) / rows)
    chance = _by_chance(said, starts, sizes, predicted)
    return Calibration(
        of=of,
        bins=tuple(
            CalibrationBin(rows=int(size), predicted=float(mean), observed=float(share))
            for size, mean, share in zip(sizes, predicted, observed, strict=True)
        ),
        error=error,
        expected=float(chance.mean()),
        error_by_chance=float(np.quantile(chance, CONFIDENCE)),
        brier=float(np.mean((said - came) ** 2)),
        p=float((1 + (chance >= error - 1e-12).sum()) / (1 + len(chance))),
    )


def _starts(said: Array) -> Array:
    """Begin a bin at each tenth of the rows, and never between equal probabilities."""
    places = np.linspace(0, len(said), BINS + 1)[:-1].astype(int)
    return np.asarray(np.unique(np.searchsorted(said, said[places], side="left")))


def _by_chance(said: Array, starts: Array, sizes: Array, predicted: Array) -> Array:
    """Return the errors of as many simulations in which every probability is right."""
    random = np.random.default_rng(SEED)
    errors = np.zeros(SIMULATIONS)
    for start, size, mean in zip(starts, sizes, predicted, strict=True):
        here = said[start : start + size]
        # Where all are equal, a binomial count is the same as so many draws.
        if here[0] == here[-1]:
            hits = random.binomial(size, here[0], SIMULATIONS)
        else:
            hits = np.count_nonzero(random.random((SIMULATIONS, size)) < here, axis=1)
        errors += np.abs(hits / size - mean) * size / len(said)
    return errors
