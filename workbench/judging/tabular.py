"""Classifiers and regressors: measured as on a leaderboard, compared row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue import TASKS, Metric
from workbench.judging.answers import Pair
from workbench.judging.asking import ask
from workbench.judging.comparison import Comparison, Difference, Segment, Verdict
from workbench.judging.noise import RESAMPLES, SEED, bootstrap
from workbench.judging.rows import choose
from workbench.judging.sides import Side, Table
from workbench.training.columns import values
from workbench.training.measured import Measured
from workbench.training.request import Limits

Array = np.ndarray[Any, Any]

ROWS_LEAST = 30
"""Fewest rows on which two pipelines are told apart."""
DIFFERING_LEAST = 6
"""Fewest labels in which two classifiers must differ. That all of five are in favour of one comes about by chance once
in sixteen times, of six once in thirty-two: McNemar 1947, exact and two-sided.
"""
SEGMENTS_MOST = 20
SEGMENT_LEAST = 20
"""Fewest rows of a segment on which they are told apart."""


def compare(
    champion: Side,
    challenger: Side,
    table: Table,
    *,
    target: str,
    metric: Metric,
    segment: str | None,
    limits: Limits,
) -> Comparison:
    """Compare two classifiers or regressors.

    Raises
    ------
    NotComparable
        When there are no rows by which to judge, or the champion does not answer.
    Unanswered
        When the challenger does not.
    """
    chosen = choose((champion, challenger), table, target)
    asked = ask(champion, challenger, table, chosen, target, limits)
    found = _judge(asked.pair, metric, least=ROWS_LEAST)
    names = [known.name for known in TASKS[champion.task].metrics]
    notes = [*chosen.notes, *asked.notes]
    segments: tuple[Segment, ...] = ()
    if segment is not None and segment not in table.frame:
        notes.append(f"{table.name} has no column '{segment}' to tell segments by.")
    elif segment is not None:
        segments = tuple(_segments(asked.pair, table.frame[segment].iloc[asked.numbers], metric))
    of_each = ", as many of each class as there are" if champion.task == "classification" else ""
    return Comparison(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        verdict=found.verdict,
        rows=len(asked.pair),
        rows_from=chosen.told,
        champion={name: found.champion.metrics.get(name) for name in names},
        challenger={name: found.challenger.metrics.get(name) for name in names},
        difference=found.difference,
        method=(
            f"Paired bootstrap over rows (Efron and Tibshirani 1993): {RESAMPLES:,} resamples{of_each}, seed {SEED}; "
            "95 % interval by percentiles."
        ),
        segments=segments,
        notes=(*([found.note] if found.note else []), *notes),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """Both measured on some rows, and what their difference amounts to; `note` says what lacks for a judgement."""

    champion: Measured
    challenger: Measured
    difference: Difference | None
    verdict: Verdict
    note: str = ""


def _judge(pair: Pair, metric: Metric, *, least: int) -> _Judged:
    champion, challenger = pair.champion.measure(), pair.challenger.measure()
    before, after = champion.metrics[metric.name], challenger.metrics[metric.name]
    if before is None or after is None:
        role, measured = ("champion", champion) if before is None else ("challenger", challenger)
        note = f"{metric.name} of the {role} is undefined: {measured.undefined[metric.name]}"
        return _Judged(champion, challenger, None, "not comparable", note)
    difference, note = _difference(pair, metric, after - before, least)
    verdict = difference.verdict(greater_is_better=metric.greater_is_better)
    return _Judged(champion, challenger, difference, verdict, note)


def _difference(pair: Pair, metric: Metric, delta: float, least: int) -> tuple[Difference, str]:
    if len(pair) < least:
        return Difference(delta), f"{len(pair)} rows are too few to tell a difference from noise: it takes {least}."
    statistics = pair.champion.statistic(metric.name), pair.challenger.statistic(metric.name)
    bounds = bootstrap(*statistics, pair.strata, width=pair.champion.width)
    if bounds is None:
        return Difference(delta), f"{metric.name} is undefined on most selections of these rows."
    differing = int((pair.champion.predictions != pair.challenger.predictions).sum())
    if metric.name == "AUC" or differing >= DIFFERING_LEAST or not differing:
        return Difference(delta, *bounds), ""
    low, high = bounds
    note = (
        f"The two differ on {differing} rows only: that may be chance whatever the rows, so the interval reaches to 0."
    )
    return Difference(delta, min(low, 0.0), max(high, 0.0)), note


def _segments(pair: Pair, column: pd.Series[Any], metric: Metric) -> Iterator[Segment]:
    """Judge the rows of each value of a column, the most frequent first; rare values are taken together."""
    frequent = column.value_counts().index[:SEGMENTS_MOST]
    for value, shown in zip(frequent, values(pd.Series(frequent)), strict=True):
        yield _segment(pair, np.flatnonzero(column == value), shown, metric)
    rare = column.notna() & ~column.isin(frequent)
    if rare.any():
        yield _segment(pair, np.flatnonzero(rare), f"{column[rare].nunique():,} other values", metric)
    if column.isna().any():
        yield _segment(pair, np.flatnonzero(column.isna()), None, metric)


def _segment(pair: Pair, places: Array, value: Any, metric: Metric) -> Segment:
    found = _judge(pair.take(places), metric, least=SEGMENT_LEAST)
    note = "too few rows" if len(places) < SEGMENT_LEAST else found.note
    return Segment(
        value=value,
        rows=len(places),
        champion=found.champion.metrics[metric.name],
        challenger=found.challenger.metrics[metric.name],
        difference=found.difference,
        note=note,
    )
