"""A pipeline asked about rows: what it predicts of them, and how well it does where their truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.advisors.examination import Interval
from workbench.catalogue import Metric, TaskName
from workbench.examining.scores import interval, metrics
from workbench.judging.asking import Kept, answered, listen
from workbench.judging.comparison import NotComparable
from workbench.judging.sides import Side, Table
from workbench.predictor.original import Original, Predictions
from workbench.predictor.schema import Schema

Array = np.ndarray[Any, Any]
SCORED_LEAST = 30
"""Fewest rows with a truth on which a score is told."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric on some rows, with its 95 % interval; None where that has none."""

    rows: int
    value: float
    bounds: Interval | None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline that is loaded, with the columns that rows must have."""

    task: TaskName
    original: Original
    schema: Schema

    @classmethod
    def load(cls, side: Side) -> Pipeline:
        """Unpickle verified bytes, which runs their code: in a process of its own only."""
        original = side.load()
        known = Schema.of(side.schema, side.sample)
        taken = original.columns or [column.name for column in known.columns]
        return cls(side.task, original, known.narrowed(taken, original.dates))

    def predict(self, frame: pd.DataFrame) -> Predictions:
        """Predict rows of a table.

        Raises
        ------
        BadRequest
            ``predict.invalid_rows``, ``predict.failed``: it does not take them.
        """
        return self.original.predict(self.schema.of_frame(frame))

    def measure(self, frame: pd.DataFrame, target: str, metric: Metric) -> Measured:
        """Measure it on rows of a table whose truth is known.

        Raises
        ------
        BadRequest
            ``predict.invalid_rows``: it does not take them.
        NotComparable
            When they are too few, of another type, or the metric is undefined on them.
        """
        frame = frame[frame[target].notna()].reset_index(drop=True)
        if len(frame) < SCORED_LEAST:
            raise NotComparable(f"{len(frame):,} rows have a {target}; to score the pipeline takes {SCORED_LEAST}.")
        heard = listen(self.original, self.task, self.schema.of_frame(frame).frame())
        # Preprocessing may drop rows.
        truth = frame[target].iloc[heard.places]
        kept: Kept = {"pipeline": (heard.said, np.arange(len(truth)))}
        found, _ = answered(self.task, truth, kept, Table(frame, "the table", ""))
        said = found["pipeline"]
        values, undefined = metrics(self.task, said)
        value = values.get(metric.name)
        if value is None:
            raise NotComparable(
                f"{metric.name} of these rows is undefined: {undefined.get(metric.name, 'no reason told')}"
            )
        return Measured(len(truth), value, interval(said, metric))
