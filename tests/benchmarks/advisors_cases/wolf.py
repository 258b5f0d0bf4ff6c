"""How often the drift analyst cries wolf: two draws of one population, again and again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.drift_calibration import Alarms, alarms, made

RESAMPLES = 500
COLUMNS = 12
SIZES = ((500, 200), (5_000, 1_000))
"""Rows of the reference, and of the window."""


def calibrated() -> Iterator[Alarms]:
    """Draw 500 times for each pair of sizes, from a table with ties, rare categories, gaps and dates."""
    frame = made(COLUMNS)
    for reference, window in SIZES:
        yield alarms("made", frame, reference=reference, window=window, resamples=RESAMPLES)
