"""Both sides counted in the same bins or categories, and how far the counts are from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

Array = np.ndarray[Any, Any]

TENTHS = 10
OWN_EXPECTED = 5
"""Rows that a category is to have in the smaller sample, were both alike, to be counted by itself: Cochran's rule for
the chi-squared test (Some methods for strengthening the common chi-squared tests, 1954).
"""
CATEGORIES_MOST = 30
OTHERS = "all others"
BARS = 14
"""Bins of a plot, the open ones on both sides among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Counts of both sides in the same cells."""

    labels: Sequence[str]
    reference: Array
    live: Array

    @property
    def shares(self) -> tuple[Array, Array]:
        return self.reference / max(1, self.reference.sum()), self.live / max(1, self.live.sum())


def by_tenths(reference: Array, live: Array) -> Counted:
    """Count numbers in bins with a tenth each of the reference.

    Where a value is so frequent that bounds coincide, it has a bin of its own; a constant has three: below, itself,
    above.
    """
    places = np.linspace(0, len(reference) - 1, TENTHS + 1).round().astype(int)
    bounds = np.sort(reference)[places]
    inner, lasting = bounds[1:-1], np.unique(bounds[:-1][bounds[:-1] == bounds[1:]])
    # A bin holds its upper edge: one that ends right below a frequent value leaves that value alone in the next.
    edges = np.unique(np.concatenate([inner, lasting, np.nextafter(lasting, -np.inf)]))
    return Counted((), *(_binned(values, edges) for values in (reference, live)))


def by_category(reference: Array, live: Array) -> Counted:
    """Count labels; those that are rare on both sides together are one cell.

    Which are rare is told by both sides together, so that it says nothing of their difference and tests stay valid.
    """
    places, known = pd.factorize(np.concatenate([reference, live]), sort=True)
    before = np.bincount(places[: len(reference)], minlength=len(known))
    now = np.bincount(places[len(reference) :], minlength=len(known))
    together = before + now
    order = np.argsort(-together, kind="stable")
    expected = together * min(len(reference), len(live)) / max(1, together.sum())
    own = [at for at in order[:CATEGORIES_MOST] if expected[at] >= OWN_EXPECTED] or list(order[:1])
    rest = np.setdiff1d(order, own)
    if len(rest) == 1:
        own, rest = [*own, rest[0]], rest[:0]
    labels = [str(known[at]) for at in own]
    counts, counts_now = before[own], now[own]
    if len(rest):
        labels.append(OTHERS)
        counts, counts_now = np.append(counts, before[rest].sum()), np.append(counts_now, now[rest].sum())
    return Counted(labels, counts, counts_now)


def for_plot(reference: Array, live: Array) -> tuple[Array, Counted]:
    """Count numbers in bins of one width between the bulks of both sides, with an open one at each end.

    Returns
    -------
    edges, Counted
        One bin more than there are edges.
    """
    low = min(np.quantile(values, 0.01) for values in (reference, live))
    high = max(np.quantile(values, 0.99) for values in (reference, live))
    edges = np.unique(np.linspace(low, high, BARS - 1)) if np.isfinite(high - low) else np.array([low])
    counts = (
        np.bincount(np.searchsorted(edges, of, side="right"), minlength=len(edges) + 1) for of in (reference, live)
    )
    return edges, Counted((), *counts)


def stability(counted: Counted) -> tuple[float, float]:
    """Return the population stability index, and what chance alone adds to it on average.

    The index is the sum of ``(q - p) ln(q / p)`` (Lewis, An Introduction to Credit Scoring, 1994). Half a row is added
    to each cell, so that an empty one counts for much, and not for everything. Where both sides are alike it follows a
    chi-squared distribution scaled by ``1/n + 1/m`` (Yurdakul, Statistical Properties of Population Stability Index,
    2018), whose mean is one less than there are cells.
    """
    is_used = (counted.reference + counted.live) > 0
    before, now = counted.reference[is_used], counted.live[is_used]
    p, q = ((counts + 0.5) / (counts.sum() + len(counts) / 2) for counts in (before, now))
    chance = (len(before) - 1) * (1 / before.sum() + 1 / now.sum())
    return float(((q - p) * np.log(q / p)).sum()), float(chance)


def distance(counted: Counted) -> float:
    """Return the Jensen–Shannon distance, base 2: 0 where shares are the same, 1 where no cell is common (Lin 1991)."""
    found = float(jensenshannon(*counted.shares, base=2))
    # Rounding may leave the root of a number below 0 where shares are the same.
    return found if np.isfinite(found) else 0.0


def _binned(values: Array, edges: Array) -> Array:
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
