"""Rows that a pipeline does worse on than on all others: by values of its columns, and by ranges of their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.advisors.examination import SegmentScore
from workbench.catalogue import TASKS, Metric
from workbench.examining.dealing import luck
from workbench.judging.answers import Answers, Labels, Numbers
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
    scored, surprise = _scored(answers, many, metric, least=ROWS_LEAST)
    worse = [number for number, found in enumerate(scored) if _is_worse(found, metric)]
    worse.sort(key=lambda number: (surprise[number], scored[number].column, scored[number].value))
    kept = tuple(scored[number] for number in worse[:KEPT_MOST])
    return Found(kept, sum(found.p is not None for found in scored), len(columns))


def of_column(answers: Answers, column: pd.Series[Any], metric: Metric) -> Found:
    """Score every segment of one column, the worst first; those without a score last."""
    many = [segment for segment in _segments(column) if len(segment.places)]
    scored, _ = _scored(answers, many, metric, least=NAMED_LEAST)
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


def _scored(
    answers: Answers, many: Sequence[_Segment], metric: Metric, *, least: int
) -> tuple[list[SegmentScore], Sequence[float]]:
    """Score segments; tell beside each how surprising that is, as a probability, also where `p` cannot be smaller."""
    whole = np.arange(len(answers.predictions))
    scores: list[tuple[float | None, float | None]] = []
    for segment in many:
        others = np.setdiff1d(whole, segment.places, assume_unique=True)
        scores.append((_value(answers, segment.places, metric), _value(answers, others, metric)))
    is_whole_defined = answers.measure().metrics[metric.name] is not None
    tested = [
        number
        for number, (segment, both) in enumerate(zip(many, scores, strict=True))
        if is_whole_defined and None not in both and least <= len(segment.places) <= len(whole) - least
    ]
    alone, among_all, surprise = (np.full(len(many), np.nan) for _ in range(3))
    if tested:
        found = luck(answers, [many[number].places for number in tested], metric)
        alone[tested], among_all[tested], surprise[tested] = found.alone, found.among_all, found.surprise
    return [
        SegmentScore(
            column=segment.column,
            kind=segment.kind,
            value=segment.value,
            rows=len(segment.places),
            score=score,
            elsewhere=elsewhere,
            p=_told(alone[number]),
            p_corrected=_told(among_all[number]),
            **_means(answers, segment.places),
        )
        for number, (segment, (score, elsewhere)) in enumerate(zip(many, scores, strict=True))
    ], np.nan_to_num(surprise, nan=1.0).tolist()


def _told(p: float) -> float | None:
    return float(p) if np.isfinite(p) else None


def _value(answers: Answers, places: Array, metric: Metric) -> float | None:
    return answers.take(places).measure().metrics[metric.name] if len(places) else None


def _means(answers: Answers, places: Array) -> dict[str, float]:
    """What is so and what is predicted, on average: of two classes shares of the last one."""
    here = answers.take(places)
    if isinstance(here, Numbers):
        return {"observed": float(here.truth.mean()), "predicted": float(here.said.mean())}
    if isinstance(here, Labels) and len(here.classes.known) == 2:
        last = here.classes.known[-1]
        return {"observed": float((here.truth == last).mean()), "predicted": float((here.said.labels == last).mean())}
    return {}
