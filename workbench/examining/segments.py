"""Rows that a pipeline does worse on than on all others: by values of its columns, and by ranges of their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from workbench.advisors.examination import SegmentScore
from workbench.catalogue import TASKS, Metric
from workbench.judging.answers import Answers, Labels, Numbers
from workbench.judging.noise import resampled
from workbench.training.columns import jsonable

Array = np.ndarray[Any, Any]

ROWS_LEAST = 50
"""Fewest rows of a segment that is looked for, and of all others."""
NAMED_LEAST = 20
"""Fewest rows of a segment of a column that was named, from which on chance can be told."""
VALUES_MOST = 12
"""Most values of a column that are looked at one by one, the most frequent."""
RANGES = 4
"""Ranges of a column of numbers, of as many rows each."""
COLUMNS_MOST = 60
KEPT_MOST = 12
"""Most segments that are told of those that were looked for."""
RESAMPLES = 200
_INSTEAD = {"R2": "MAE"}
"""Metric → what segments are scored by instead: R2 holds rows against their own mean."""


@dataclass(frozen=True, slots=True)
class _Segment:
    column: str
    kind: Literal["value", "range", "missing"]
    value: str
    places: Array


@dataclass(frozen=True, slots=True)
class Found:
    """Segments, and of how many that were tested they are."""

    segments: tuple[SegmentScore, ...]
    looked_at: int
    columns: int


def scored_by(task: str, metric: Metric) -> Metric:
    """Return the metric by which segments are scored."""
    found = TASKS[task].metric(_INSTEAD.get(metric.name, metric.name))
    assert found is not None, metric.name
    return found


def look_for(answers: Answers, frame: pd.DataFrame, metric: Metric) -> Found:
    """Look for the segments that a pipeline does worst on.

    Parameters
    ----------
    frame
        The rows that it answered for, in the same order, with the columns to look at.
    """
    columns = list(frame)[:COLUMNS_MOST]
    many = [
        segment
        for name in columns
        for segment in _segments(frame[name])
        if ROWS_LEAST <= len(segment.places) <= len(frame) - ROWS_LEAST
    ]
    scored = _scored(answers, many, metric, least=ROWS_LEAST)
    worse = [found for found in scored if _is_worse(found, metric)]
    worse.sort(key=lambda found: (found.p if found.p is not None else 1.0, found.column, found.value))
    return Found(tuple(worse[:KEPT_MOST]), sum(found.p is not None for found in scored), len(columns))


def of_column(answers: Answers, column: pd.Series[Any], metric: Metric) -> Found:
    """Score every segment of one column, the worst first; those without a score last."""
    many = [segment for segment in _segments(column) if len(segment.places)]
    scored = _scored(answers, many, metric, least=NAMED_LEAST)
    sign = 1 if metric.greater_is_better else -1
    scored.sort(key=lambda found: (found.score is None, sign * (found.score or 0.0)))
    return Found(tuple(scored), sum(found.p is not None for found in scored), 1)


def _segments(column: pd.Series[Any]) -> Iterator[_Segment]:
    name = str(column.name)
    gaps = column.isna().to_numpy()
    if gaps.any():
        yield _Segment(name, "missing", "missing", np.flatnonzero(gaps))
    frequent = column.value_counts()
    if column.dtype.kind in "iuf" and len(frequent) > VALUES_MOST:
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        known = numbers[np.isfinite(numbers)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1)))
        for low, high in pairwise(edges):
            is_first = low == edges[0]
            inside = ((numbers >= low) if is_first else (numbers > low)) & (numbers <= high)
            if inside.any():
                least, most = numbers[inside].min(), numbers[inside].max()
                yield _Segment(name, "range", f"{least:g} to {most:g}", np.flatnonzero(inside))
        return
    if column.dtype.kind == "M":
        return
    for value in frequent.index[:VALUES_MOST]:
        yield _Segment(name, "value", str(jsonable(value)), np.flatnonzero((column == value).to_numpy(dtype=bool)))


def _is_worse(found: SegmentScore, metric: Metric) -> bool:
    if found.score is None or found.elsewhere is None:
        return False
    return found.score < found.elsewhere if metric.greater_is_better else found.score > found.elsewhere


def _scored(answers: Answers, many: Sequence[_Segment], metric: Metric, *, least: int) -> list[SegmentScore]:
    whole = np.arange(len(answers.predictions))
    spread = _spread(answers, metric)
    found: list[tuple[_Segment, float | None, float | None, float | None]] = []
    for segment in many:
        others = np.setdiff1d(whole, segment.places, assume_unique=True)
        score, elsewhere = (_value(answers, places, metric) for places in (segment.places, others))
        p = None
        if min(len(segment.places), len(others)) >= least and score is not None and elsewhere is not None:
            p = _p(answers.take(segment.places), score - elsewhere, spread, len(whole), metric)
        found.append((segment, score, elsewhere, p))
    tested = [p for *_, p in found if p is not None]
    corrected = iter(multipletests(tested, method="holm")[1].tolist() if tested else [])
    return [
        SegmentScore(
            column=segment.column,
            kind=segment.kind,
            value=segment.value,
            rows=len(segment.places),
            score=score,
            elsewhere=elsewhere,
            p=p,
            p_corrected=None if p is None else min(1.0, next(corrected)),
            **_means(answers, segment.places),
        )
        for segment, score, elsewhere, p in found
    ]


def _value(answers: Answers, places: Array, metric: Metric) -> float | None:
    return answers.take(places).measure().metrics[metric.name] if len(places) else None


def _spread(answers: Answers, metric: Metric) -> float | None:
    """Standard error of the metric on all rows, by bootstrap; None where it cannot be told."""
    if answers.measure().metrics[metric.name] is None:
        return None
    rows = np.zeros(len(answers.predictions), dtype=int)
    values = resampled(answers.statistic(metric.name), rows, width=answers.width, resamples=RESAMPLES)
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _p(here: Answers, difference: float, spread: float | None, rows: int, metric: Metric) -> float | None:
    """Probability of a difference between a segment and all others as large by chance, two-sided.

    The error of the segment's score is that of its own rows, and at least that of as many rows drawn from all: a score
    that happens not to vary in a small segment is not certain.
    """
    if spread is None:
        return None
    size = len(here.predictions)
    own = resampled(here.statistic(metric.name), np.zeros(size, dtype=int), width=here.width, resamples=RESAMPLES)
    if len(own) < 2:
        return None
    error = np.hypot(max(float(own.std(ddof=1)), spread * np.sqrt(rows / size)), spread * np.sqrt(rows / (rows - size)))
    return float(2 * stats.t.sf(abs(difference) / error, size - 1)) if error > 0 else 1.0


def _means(answers: Answers, places: Array) -> dict[str, float]:
    """What is so and what is predicted, on average: of two classes shares of the last one."""
    here = answers.take(places)
    if isinstance(here, Numbers):
        return {"observed": float(here.truth.mean()), "predicted": float(here.said.mean())}
    if isinstance(here, Labels) and len(here.classes.known) == 2:
        last = here.classes.known[-1]
        return {"observed": float((here.truth == last).mean()), "predicted": float((here.said.labels == last).mean())}
    return {}
