"""How much worse a pipeline gets where one input column is shuffled."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.advisors.examination import Importance
from workbench.catalogue import Metric
from workbench.judging.asking import answered, listen
from workbench.judging.noise import SEED
from workbench.judging.sides import Side, Table

REPEATS = 5
ROWS_MOST = 2_000
"""Most rows that are drawn for a repeat."""
ROWS_LEAST = 100
VALUES_MOST = 1_000_000
"""Values, rows × columns, that the pipeline is asked about in all: of more columns, fewer rows are drawn."""
CALL_MOST = 40_000
"""Most rows that the pipeline is asked about at once: several columns are shuffled in one call, a block each."""
CALLS = 4
"""Calls that the time must suffice for, so that it can be kept."""


@dataclass(frozen=True, slots=True)
class Shuffled:
    """What shuffling columns did.

    Attributes
    ----------
    drops
        Column → how much worse the metric got, by repeat.
    rows
        That were drawn for a repeat.
    rows_meant
        That are drawn where time allows.
    """

    drops: Mapping[str, Sequence[float]]
    rows: int
    rows_meant: int


def rows_of(frame_rows: int, columns: int) -> int:
    """Tell how many rows are drawn for a repeat, by counts alone."""
    by_cost = VALUES_MOST // (REPEATS * (columns + 1) * max(1, columns))
    return min(frame_rows, ROWS_MOST, max(ROWS_LEAST, by_cost))


def drops(
    side: Side,
    frame: pd.DataFrame,
    truth: pd.Series[Any],
    columns: Sequence[str],
    metric: Metric,
    *,
    row_s: float,
    patience_s: float,
) -> Shuffled:
    """Shuffle each column and measure the whole pipeline, in its own process.

    Permutation importance (Breiman 2001) as ``sklearn.inspection.permutation_importance`` defines it, but with rows
    drawn anew for each repeat, with repetition, so that repeats differ as other rows would; many columns in one call;
    and an end in time: what is measured by then is returned, each column as often as every other, give or take one.
    Where time does not suffice for a single repeat, 100 rows are drawn for each.

    Parameters
    ----------
    frame, truth
        Rows that it answers for, under a fresh index, and their targets.
    row_s
        Seconds that it took for one, at most: by it calls are kept short, which changes no number.
    patience_s
        Seconds after which nothing more is begun.
    """
    original = side.load()
    ends = time.monotonic() + patience_s
    random = np.random.default_rng(SEED)
    sign = 1 if metric.greater_is_better else -1
    found: dict[str, list[float]] = {name: [] for name in columns}

    def measure(rows: pd.DataFrame, targets: pd.Series[Any]) -> list[float | None]:
        """Measure blocks of as many rows as there are targets, one after another."""
        heard = listen(original, side.task, rows.reset_index(drop=True))
        size = len(targets)
        values: list[float | None] = []
        for start in range(0, len(rows), size):
            inside = np.flatnonzero((heard.places >= start) & (heard.places < start + size))
            values.append(_value(side, targets, heard.places[inside] - start, heard.said, inside, metric))
        return values

    few = frame.head(ROWS_LEAST)
    # The first call may import libraries.
    for _ in range(2):
        began = time.monotonic()
        listen(original, side.task, few)
        row_s = min(row_s, max(time.monotonic() - began, 1e-6) / len(few))
    meant = rows_of(len(frame), len(columns))
    is_affordable = row_s * meant * (len(columns) + 1) <= patience_s
    size = meant if is_affordable else min(meant, ROWS_LEAST)
    call = min(CALL_MOST, int(patience_s / CALLS / row_s))
    at_once = max(1, call // size - 1)
    for _ in range(REPEATS):
        drawn = random.choice(len(frame), size)
        rows, targets = frame.iloc[drawn], truth.iloc[drawn].reset_index(drop=True)
        shuffled = random.permutation(size)
        whole: float | None = None
        for start in range(0, len(columns), at_once):
            if time.monotonic() > ends:
                return Shuffled(found, size, meant)
            names = columns[start : start + at_once]
            blocks = [rows.assign(**{name: rows[name].array[shuffled]}) for name in names]
            if start == 0:
                whole, *without = measure(pd.concat([rows, *blocks], ignore_index=True), targets)
            else:
                without = measure(pd.concat(blocks, ignore_index=True), targets)
            for name, value in zip(names, without, strict=True):
                if whole is not None and value is not None:
                    found[name].append(sign * (whole - value))
    return Shuffled(found, size, meant)


def _value(side: Side, targets: pd.Series[Any], places: Any, said: Any, inside: Any, metric: Metric) -> float | None:
    if not len(places):
        return None
    # The table's name stands in no answer here: what would be told of it was told when the rows were first asked about.
    answers, _ = answered(side.task, targets.iloc[places], {side.role: (said, inside)}, _NO_TABLE)
    return answers[side.role].measure().metrics[metric.name]


_NO_TABLE = Table(pd.DataFrame(), "", "")


def summarised(found: Shuffled) -> tuple[Importance, ...]:
    """Return mean and spread of each column that was measured, the largest drop first."""
    many = [
        Importance(
            column=name,
            drop=float(np.mean(values)),
            std=float(np.std(values)),
            repeats=len(values),
            rows=found.rows,
        )
        for name, values in found.drops.items()
        if values
    ]
    return tuple(sorted(many, key=lambda importance: -importance.drop))
