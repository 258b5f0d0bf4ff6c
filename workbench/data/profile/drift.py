"""How a table differs from an earlier version of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.data.profile.features import Feature, Features
from workbench.data.profile.job import Table
from workbench.data.profile.measures import Value
from workbench.data.profile.parts import ColumnDrift, Drift
from workbench.data.values import label

MEASURE = (
    "Population stability index: the sum of (p - q) ln(p / q) over ten bins of equally many earlier values, or over "
    "the earlier values themselves where they are texts or few; Lewis, An Introduction to Credit Scoring, 1994"
)
BANDS = "below 0.1 stable, below 0.25 shifted, beyond changed; Siddiqi, Credit Risk Scorecards, 2006"
SHIFTED, CHANGED = 0.1, 0.25
_BINS = 10
_MOST_CATEGORIES = 50
_TOLD = 10
_SURE = 10
"""A value counts as new, or gone, where so many rows of the other sample would be expected to have it."""
_NORMAL_95 = 1.6448536269514722


def drift(table_before: Table, table: Table, before: Features, now: Features) -> Drift:
    """Compare two versions of a table, column by column, by the rows that were drawn of each."""
    earlier = {feature.name: feature for feature in before.columns}
    gaps_before = {name: gaps for name, _, gaps in table_before.columns}
    both = [feature for feature in now.columns if feature.name in earlier]
    gaps = {name: gaps for name, _, gaps in table.columns}
    return Drift(
        part="drift",
        before=table_before.id,
        rows_before=before.table_rows,
        rows=now.table_rows,
        added=tuple(feature.name for feature in now.columns if feature.name not in earlier),
        removed=tuple(name for name in earlier if name not in gaps),
        kinds=tuple(
            (feature.name, earlier[feature.name].kind, feature.kind)
            for feature in both
            if earlier[feature.name].kind != feature.kind
        ),
        columns=tuple(
            _column(
                _Pair(earlier[feature.name], feature, before.sampled_rows is None, now.sampled_rows is None),
                gaps_before[feature.name] / max(before.table_rows, 1),
                gaps[feature.name] / max(now.table_rows, 1),
            )
            for feature in both
        ),
        sampled_rows_before=before.sampled_rows,
        sampled_rows=now.sampled_rows,
        measure=MEASURE,
        bands=BANDS,
    )


def stability(before: NDArray[np.int64], now: NDArray[np.int64]) -> tuple[float, float]:
    """Return the population stability index of two counts of the same bins, and what chance alone stays below.

    Half a row is added to every bin, so that an empty one counts for much, and not for everything. Where nothing
    changed, the index follows a chi-square distribution, scaled by the sizes of both (Yurdakul, Statistical Properties
    of Population Stability Index, 2018); its 95 % quantile is Wilson and Hilferty's, The distribution of chi-square,
    1931.
    """
    is_used = (before + now) > 0
    before, now = before[is_used], now[is_used]
    p, q = (before + 0.5) / (before.sum() + len(before) / 2), (now + 0.5) / (now.sum() + len(now) / 2)
    freedom = len(before) - 1
    if freedom < 1:
        return 0.0, 0.0
    part = 2 / (9 * freedom)
    quantile = freedom * (1 - part + _NORMAL_95 * math.sqrt(part)) ** 3
    return float(((q - p) * np.log(q / p)).sum()), float(quantile * (1 / before.sum() + 1 / now.sum()))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A column in both versions, and whether all rows of each were taken."""

    before: Feature
    now: Feature
    all_before: bool
    all_now: bool


def _column(pair: _Pair, missing_before: float, missing: float) -> ColumnDrift:
    before, now = pair.before, pair.now
    is_same = before.kind == now.kind
    is_grouped = is_same and now.codes is not None and not (before.is_key or now.is_key)
    counts = _by_value(before, now) if is_grouped else _by_bin(before, now) if is_same and now.codes is None else None
    psi = noise = band = None
    if counts is not None and counts[0].sum() and counts[1].sum():
        psi, noise = stability(*counts)
        band = _band(psi, noise)
    return ColumnDrift(
        name=now.name,
        kind=now.kind,
        psi=None if psi is None else round(psi, 4),
        noise=None if noise is None else round(noise, 4),
        band=band,
        missing_before=missing_before,
        missing=missing,
        appeared=_only(now, before, all_others=pair.all_before) if is_grouped else None,
        vanished=_only(before, now, all_others=pair.all_now) if is_grouped else None,
    )


def _band(psi: float, noise: float) -> Literal["stable", "shifted", "changed"]:
    if psi < max(SHIFTED, noise):
        return "stable"
    return "shifted" if psi < CHANGED else "changed"


def _by_bin(before: Feature, now: Feature) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Count both in bins that hold equally many of the earlier values; in one each where these are few."""
    assert before.numbers is not None
    assert now.numbers is not None
    earlier, later = (values[~np.isnan(values)] for values in (before.numbers, now.numbers))
    if len(earlier) == 0:
        return None
    distinct = np.unique(earlier)
    if len(distinct) <= _BINS:
        # Whatever lies between two of the few has a bin of its own.
        edges = np.unique(np.concatenate([distinct, np.nextafter(distinct, np.inf)]))
    else:
        places = np.linspace(0, len(earlier) - 1, _BINS + 1)[1:-1].round().astype(np.int64)
        edges = np.unique(np.sort(earlier)[places])
    counts, counts_now = (
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        for values in (earlier, later)
    )
    return counts, counts_now


def _by_value(before: Feature, now: Feature) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count both by the most frequent earlier values, and all others as one."""
    places = {name: at for at, name in enumerate(before.labels[:_MOST_CATEGORIES])}
    return _counted(before, places), _counted(now, places)


def _counted(feature: Feature, places: Mapping[str, int]) -> NDArray[np.int64]:
    rest = len(places)
    # One more than there are labels: what has none is among the rest.
    to = np.array([*(places.get(name, rest) for name in feature.labels), rest], np.int64)
    return np.bincount(to[_codes(feature)], minlength=rest + 1)


def _only(feature: Feature, other: Feature, *, all_others: bool) -> tuple[Value, ...] | None:
    """Find the values that one version has and the other has not; None where not all of them were kept."""
    if feature.others or other.others:
        return None
    codes, codes_other = _codes(feature), _codes(other)
    counts = np.bincount(codes, minlength=len(feature.labels)).tolist()
    known = {other.labels[code] for code in np.unique(codes_other).tolist()}
    least = 1 if all_others else _SURE * len(codes) / max(len(codes_other), 1)
    found = [
        Value(label(name), count, count / len(codes))
        for name, count in zip(feature.labels, counts, strict=True)
        if count >= least and name not in known
    ]
    return tuple(sorted(found, key=lambda value: -value.count)[:_TOLD])


def _codes(feature: Feature) -> NDArray[np.int64]:
    assert feature.codes is not None
    return feature.codes[feature.codes >= 0]
