"""Where a pipeline errs: classes that it takes for others, and numbers that it misses."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from workbench.advisors.examination import Confusion, Interval, ResidualBin, Residuals
from workbench.judging.answers import Labels, Numbers
from workbench.judging.noise import bounds, resampled
from workbench.training.supervised.counts import confusion

Array = np.ndarray[Any, Any]

QUANTILES = (1, 5, 25, 50, 75, 95, 99)
"""In percent."""
BINS = 10
CLASSES_MOST = 50
"""Most classes that are told one by one."""


def confused(answers: Labels) -> Confusion | None:
    """Count rows by class and prediction; None where there are too many classes to be read."""
    known = answers.classes.known
    if len(known) > CLASSES_MOST:
        return None
    matrix = confusion(known, answers.truth, answers.predictions)
    return Confusion(
        labels=tuple(str(label) for label in known), matrix=tuple(tuple(int(cell) for cell in row) for row in matrix)
    )


def residuals(answers: Numbers) -> Residuals | None:
    """Summarise truth less prediction; None where a prediction is not finite."""
    truth, said = answers.truth.astype(float), answers.said.astype(float)
    missed = truth - said
    if not len(missed) or not np.isfinite(missed).all():
        return None
    interval = bounds(resampled(lambda selected: missed[selected].mean(axis=1), np.zeros(len(missed), dtype=int)))
    is_constant = np.ptp(said) == 0 or np.ptp(np.abs(missed)) == 0
    growth = None if is_constant or len(missed) < 3 else stats.spearmanr(np.abs(missed), said)
    return Residuals(
        bias=float(missed.mean()),
        bias_interval=None if interval is None or len(missed) < 2 else Interval(low=interval[0], high=interval[1]),
        quantiles={
            str(percent): float(value)
            for percent, value in zip(QUANTILES, np.percentile(missed, QUANTILES), strict=True)
        },
        spread=float(truth.std()),
        bins=tuple(
            ResidualBin(
                rows=len(part),
                predicted=float(said[part].mean()),
                residual=float(missed[part].mean()),
                size=float(np.abs(missed[part]).mean()),
            )
            for part in np.array_split(np.argsort(said, kind="stable"), BINS)
            if len(part)
        ),
        growth=None if growth is None else float(growth.statistic),
        growth_p=None if growth is None else float(growth.pvalue),
    )
