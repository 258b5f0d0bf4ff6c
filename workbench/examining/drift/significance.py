"""Whether a difference between two samples is more than chance, and the correction for how many were looked at."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from workbench.examining.drift.cells import OWN_EXPECTED, Counted

Array = np.ndarray[Any, Any]

CORRECTION = "Holm"
"""Holm, A simple sequentially rejective multiple test procedure, 1979: the chance that any test at all cries wolf stays
below the level however the columns hang together, as they mostly do. The false discovery rate of Benjamini and Hochberg
would let one in twenty of the columns that are reported be a false one, and an alarm is raised by any of them.
"""


LIKELY = 0.2
"""A p-value that is not looked at more closely: no level is so high."""
DRAWN = 9_999
SEED = 1


class Tested(NamedTuple):
    """A test, by name."""

    name: str
    statistic: float | None
    p: float


def of_numbers(reference: Array, live: Array) -> Tested:
    """Test numbers by the two-sample test of Kolmogorov and Smirnov: exact to 10,000 values, conservative with ties."""
    with warnings.catch_warnings():
        # It says so where it cannot be exact, and is asymptotic then.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = stats.ks_2samp(reference, live)
    return Tested("Kolmogorov–Smirnov", float(found.statistic), float(found.pvalue))


def of_counts(counted: Counted) -> Tested | None:
    """Test categories by Pearson's chi-squared, two by Fisher's exact test; None: there is one cell only.

    A correction for many tests asks for p-values far out, where the chi-squared distribution is too light as long as
    few rows are to be expected in a cell. So the statistic is held against tables with the same sums, drawn at random.
    Where none of those comes as far, the p-value is that of the cell that stands out most, times the cells: that is
    valid too, below the least that can be told by drawing.
    """
    table = np.array([counted.reference, counted.live])
    if table.shape[1] < 2:
        return None
    table = _without_rare(table)
    if table.shape[1] == 2:
        return Tested("Fisher's exact", None, float(stats.fisher_exact(table)[1]))
    statistic, p, _, expected = stats.chi2_contingency(table, correction=False)
    if p < LIKELY:
        p = _by_drawing(table, expected, float(statistic))
    return Tested("chi-squared", float(statistic), float(p))


def _by_drawing(table: Array, expected: Array, statistic: float) -> float:
    together, rows = table.sum(axis=0), int(table[1].sum())
    drawn = np.random.default_rng(SEED).multivariate_hypergeometric(together, rows, DRAWN, method="marginals")
    # Both sides are as far from what is to be expected, in opposite directions.
    found = ((drawn - expected[1]) ** 2 * (1 / expected[0] + 1 / expected[1])).sum(axis=1)
    passed = int((found >= statistic * (1 - 1e-9)).sum())
    if passed:
        return (passed + 1) / (DRAWN + 1)
    of_each = stats.hypergeom(together.sum(), together, rows)
    one_sided = np.minimum(of_each.cdf(table[1]), of_each.sf(table[1] - 1))
    return float(min(1 / (DRAWN + 1), 2 * len(together) * one_sided.min()))


def of_gaps(missing: Sequence[int], rows: Sequence[int]) -> float | None:
    """Return the p of Fisher's exact test that both sides have as many gaps; None where neither has any."""
    if not sum(missing) or not min(rows):
        return None
    return float(stats.fisher_exact([list(missing), [of - gaps for of, gaps in zip(rows, missing, strict=True)]])[1])


def corrected(found: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for how many tests there are, see `CORRECTION`; None where none could be made.

    Those count too, with a p-value of 1: whether a column has gaps, or two values, is seen in the rows that are judged,
    and how many tests there are must not depend on that.
    """
    if not found:
        return []
    adjusted = multipletests([1.0 if p is None else p for p in found], method=CORRECTION.lower())[1].tolist()
    return [None if p is None else float(of) for p, of in zip(found, adjusted, strict=True)]


def _without_rare(table: Array) -> Array:
    """Add the last cell to the one before where too few rows are to be expected in it for the chi-squared test."""
    together = table.sum(axis=0)
    expected = together * table.sum(axis=1).min() / max(1, together.sum())
    while table.shape[1] > 2 and expected[-1] < OWN_EXPECTED:
        table = np.column_stack([table[:, :-2], table[:, -2:].sum(axis=1)])
        expected = np.append(expected[:-2], expected[-2:].sum())
    return table
