"""The column that is to be predicted: how its values are spread, and which features go with it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pyarrow import compute

from workbench.data.arrays import plain
from workbench.data.profile.association import (
    CRAMER,
    RATIO,
    SPEARMAN,
    can_be_compared,
    cramer,
    groups,
    ratio,
    spearman,
)
from workbench.data.profile.counting import Counted
from workbench.data.profile.features import Feature, Features
from workbench.data.profile.measures import Numbers, Value
from workbench.data.profile.parts import ColumnPart, Strength, Target
from workbench.data.values import label

MOST_CLASSES_OF_NUMBERS = 20
"""Whole numbers are taken as classes up to so many distinct ones."""
MOST_SHOWN = 50


def target(column: ColumnPart, counted: Counted | None, features: Features) -> Target:
    """Put together what is told of the target.

    Parameters
    ----------
    column
        Its profile.
    counted
        The rows of each of its values; None where they are too many.
    features
        The sampled rows, the target's among them.
    """
    own = next(feature for feature in features.columns if feature.name == column.name)
    is_classes = _is_classes(column)
    counts = np.zeros(0, np.int64) if counted is None or not is_classes else counted.counts
    strengths, unrated = _strengths(own, features, is_classes=is_classes)
    return Target(
        part="target",
        name=column.name,
        kind=column.kind,
        rows=column.rows,
        missing=column.missing,
        is_classes=is_classes,
        class_count=column.distinct.count if is_classes else 0,
        classes=_shown(counted) if counted is not None and is_classes else (),
        evenness=_evenness(counts),
        imbalance=float(counts.max() / counts.min()) if len(counts) > 1 else None,
        measures=column.measures,
        features=strengths,
        unrated=unrated,
        sampled_rows=features.sampled_rows,
    )


def _is_classes(column: ColumnPart) -> bool:
    if isinstance(column.measures, Numbers):
        return column.measures.integral and column.distinct.count <= MOST_CLASSES_OF_NUMBERS
    return column.kind in ("text", "bool")


def _shown(counted: Counted) -> tuple[Value, ...]:
    """Return the most frequent values, of those as frequent the first in order."""
    total = int(counted.counts.sum())
    order = plain(compute.array_sort_indices(counted.values))
    order = order[np.argsort(-counted.counts[order], kind="stable")][:MOST_SHOWN]
    return tuple(
        Value(label(_whole(counted.values[at].as_py())), int(counted.counts[at]), int(counted.counts[at]) / total)
        for at in order.tolist()
    )


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) else value


def _evenness(counts: NDArray[np.int64]) -> float | None:
    if len(counts) < 2:
        return None
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(len(counts)))


def _strengths(own: Feature, features: Features, *, is_classes: bool) -> tuple[tuple[Strength, ...], tuple[str, ...]]:
    found, unrated = [], []
    # A key tells nothing of other rows, and a constant nothing at all.
    is_told = can_be_compared(own)
    codes = _classes(own) if is_classes else None
    for feature in features.columns:
        if feature.name == own.name:
            continue
        strength, measure = math.nan, ""
        if is_told and can_be_compared(feature):
            strength, measure = _strength(own, codes, feature)
        if math.isnan(strength):
            unrated.append(feature.name)
        else:
            found.append(Strength(feature.name, round(strength, 4), measure))
    return tuple(sorted(found, key=lambda each: -each.strength)), tuple(unrated)


def _classes(own: Feature) -> NDArray[np.int64]:
    if own.codes is not None:
        return groups(own)
    assert own.numbers is not None
    codes = np.full(len(own.numbers), -1)
    is_known = ~np.isnan(own.numbers)
    codes[is_known] = np.unique(own.numbers[is_known], return_inverse=True)[1]
    return codes


def _strength(own: Feature, codes: NDArray[np.int64] | None, feature: Feature) -> tuple[float, str]:
    if codes is not None:
        if feature.codes is not None:
            return cramer(codes, groups(feature)), CRAMER.name
        assert feature.numbers is not None
        return ratio(feature.numbers, codes), RATIO.name
    assert own.numbers is not None
    if feature.numbers is not None:
        return abs(float(spearman([own.numbers, feature.numbers])[0, 1])), SPEARMAN.name
    return ratio(own.numbers, groups(feature)), RATIO.name
