"""The order of a leaderboard and what its numbers can bear, shared by the run that picks and the table that shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

CONFIDENCE = 0.95


def rank(means: Mapping[str, float | None], *, greater_is_better: bool) -> list[str]:
    """Order models by their unrounded mean, best first.

    Equal means keep the order of `means`, which is PyCaret's own order of models; models without a mean come last.

    >>> rank({"lr": 0.8, "dt": None, "rf": 0.9, "et": 0.9}, greater_is_better=True)
    ['rf', 'et', 'lr', 'dt']
    """
    sign = -1.0 if greater_is_better else 1.0

    def place(model: str) -> tuple[bool, float]:
        mean = means[model]
        return (mean is None, 0.0 if mean is None else sign * mean)

    return sorted(means, key=place)


def mean_of(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are there, None where none is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def deviation(values: Sequence[float | None], *, ddof: int = 0) -> float | None:
    """Standard deviation of the values that are there, None where there are too few; `ddof` as numpy has it."""
    known = [value for value in values if value is not None]
    mean = mean_of(known)
    if mean is None or len(known) <= ddof:
        return None
    # A model may be off by numbers whose squares no float holds.
    return math.hypot(*(value - mean for value in known)) / math.sqrt(len(known) - ddof)


def relative_spread(values: Sequence[float | None]) -> float | None:
    """Standard deviation in percent of the mean's size, None below two values and where the mean is 0."""
    known = [value for value in values if value is not None]
    mean, spread = mean_of(known), deviation(known)
    return None if len(known) < 2 or not mean or spread is None else spread / abs(mean) * 100


def mean_test_ratio(rows: Iterable[tuple[int, int]]) -> float | None:
    """Mean over folds of test rows to training rows, None where there is no fold.

    Parameters
    ----------
    rows
        How many rows each fold tests on, and how many it trains on.
    """
    return mean_of([tested / trained for tested, trained in rows])


def even_test_ratio(folds: int) -> float:
    """Test rows to training rows where each row is tested on in one of several folds of a size, and trained on else."""
    return 1 / (folds - 1)


def interval(values: Sequence[float | None], *, test_ratio: float) -> tuple[float, float] | None:
    """Confidence interval of the mean over cross-validation folds, 95 %.

    Folds share their training rows, so their scores vary less than those of independent tables would. The variance is
    corrected for that by the ratio ρ of test to training rows (Nadeau and Bengio 2003, *Inference for the
    generalization error*): ``mean ± t · s · √(1/k + ρ)`` over the k folds that have a value.

    Parameters
    ----------
    test_ratio
        ρ, of the folds as they were split: how many of them have a value yet does not change it.

    Returns
    -------
    tuple of float, or None
        Lower and upper bound; None for fewer than two values.
    """
    error = _error(values, test_ratio)
    mean = mean_of(values)
    if error is None or mean is None:
        return None
    count = sum(value is not None for value in values)
    reach = t_quantile(0.5 + CONFIDENCE / 2, count - 1) * error
    return mean - reach, mean + reach


def p_of_no_difference(
    one: Sequence[float | None], other: Sequence[float | None], *, test_ratio: float
) -> float | None:
    """Two-sided p of the corrected paired t-test over the folds that both have (Nadeau and Bengio 2003).

    Parameters
    ----------
    test_ratio
        As `interval` takes it.

    Returns
    -------
    float, or None
        None for fewer than two shared folds. 1 where all differences are zero, 0 where all are the same other number.
    """
    differences = [a - b for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    error, mean = _error(differences, test_ratio), mean_of(differences)
    if error is None or mean is None:
        return None
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return 2 * (1 - t_probability(abs(mean) / error, len(differences) - 1))


def _error(values: Sequence[float | None], test_ratio: float) -> float | None:
    """Corrected standard error of a mean over folds."""
    count = sum(value is not None for value in values)
    spread = deviation(values, ddof=1)
    return None if spread is None else spread * math.sqrt(1 / count + test_ratio)


def t_probability(t: float, freedom: int) -> float:
    """Probability that Student's t with so many degrees of freedom is at most `t`.

    By the finite sums for whole degrees of freedom: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4.
    """
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom % 2:
        term, total = cosine, 0.0
        for step in range(1, freedom - 1, 2):
            total += term
            term *= cosine**2 * (step + 1) / (step + 2)
        central = 2 / math.pi * (angle + sine * total)
    else:
        term, total = 1.0, 0.0
        for step in range(0, freedom, 2):
            total += term
            term *= cosine**2 * (step + 1) / (step + 2)
        central = sine * total
    return 0.5 + central / 2


@cache
def t_quantile(probability: float, freedom: int) -> float:
    """Value that Student's t stays under with a probability of one half or more, to 1e-10, by bisection."""
    low, high = 0.0, 1.0
    while t_probability(high, freedom) < probability:
        high *= 2
    while high - low > 1e-10 * max(1.0, high):
        middle = (low + high) / 2
        low, high = (middle, high) if t_probability(middle, freedom) < probability else (low, middle)
    return (low + high) / 2
