"""How much worse a pipeline gets where one input column is shuffled."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
"""Rows that are drawn anew for each repeat."""
ROWS_LEAST = 100
CALL_MOST = 40_000
"""Most rows that the pipeline is asked about at once: several columns are shuffled in one call, a block each."""

Drops = dict[str, list[float]]


def drops(
    side: Side,
    frame: pd.DataFrame,
    truth: pd.Series[Any],
    columns: Sequence[str],
    metric: Metric,
    *,
    row_s: float,
    patience_s: float,
) -> Drops:
    """Shuffle each column and measure the whole pipeline, in its own process.

    Permutation importance (Breiman 2001) as ``sklearn.inspection.permutation_importance`` defines it, but with rows
    drawn for each repeat, many columns in one call, and an end in time: what is measured by then is returned, each
    column as often as every other, give or take one.

    Parameters
    ----------
    frame, truth
        Rows that it answers for, under a fresh index, and their targets.
    row_s
        Seconds that it takes for one, among many.
    patience_s
        Seconds after which nothing more is begun.
    """
    original = side.load()
    ends = time.monotonic() + patience_s
    random = np.random.default_rng(SEED)
    sign = 1 if metric.greater_is_better else -1
    found: Drops = {name: [] for name in columns}

    def measure(rows: pd.DataFrame, targets: pd.Series[Any]) -> list[float | None]:
        """Measure blocks of as many rows as there are targets, one after another."""
        heard = listen(original, side.task, rows.reset_index(drop=True))
        size = len(targets)
        values: list[float | None] = []
        for start in range(0, len(rows), size):
            inside = np.flatnonzero((heard.places >= start) & (heard.places < start + size))
            values.append(_value(side, targets, heard.places[inside] - start, heard.said, inside, metric))
        return values

    affordable = int(patience_s / 2 / row_s / (len(columns) + 1) / REPEATS)
    size = min(len(frame), ROWS_MOST, max(ROWS_LEAST, affordable))
    at_once = max(1, CALL_MOST // size - 1)
    for _ in range(REPEATS):
        drawn = random.choice(len(frame), size, replace=False)
        rows, targets = frame.iloc[drawn], truth.iloc[drawn].reset_index(drop=True)
        shuffled = random.permutation(size)
        for start in range(0, len(columns), at_once):
            if time.monotonic() > ends:
                return found
            names = columns[start : start + at_once]
            blocks = [rows, *(rows.assign(**{name: rows[name].array[shuffled]}) for name in names)]
            whole, *without = measure(pd.concat(blocks, ignore_index=True), targets)
            for name, value in zip(names, without, strict=True):
                if whole is not None and value is not None:
                    found[name].append(sign * (whole - value))
    return found


def _value(side: Side, targets: pd.Series[Any], places: Any, said: Any, inside: Any, metric: Metric) -> float | None:
    if not len(places):
        return None
    # The table's name stands in no answer here: what would be told of it was told when the rows were first asked about.
    answers, _ = answered(side.task, targets.iloc[places], {side.role: (said, inside)}, _NO_TABLE)
    return answers[side.role].measure().metrics[metric.name]


_NO_TABLE = Table(pd.DataFrame(), "", "")


def summarised(found: Drops) -> tuple[Importance, ...]:
    """Return mean and spread of each column that was measured, the largest drop first."""
    many = [
        Importance(column=name, drop=float(np.mean(values)), std=float(np.std(values)))
        for name, values in found.items()
        if values
    ]
    return tuple(sorted(many, key=lambda importance: -importance.drop))
