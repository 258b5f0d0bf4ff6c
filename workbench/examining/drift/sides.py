"""The two sides that are compared: rows that a pipeline learned from, and rows of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from workbench.examining.drift.comparison import Known, Pair
from workbench.examining.drift.held import Held, Scale, of_column, of_records, of_values, scale_of
from workbench.training.columns import kind_of
from workbench.training.dates import learn_pattern

Array = np.ndarray[Any, Any]
LABELS_MOST = 100_000
"""Most distinct labels that are remembered of a column, to tell which ones are new."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Rows of one side; what is None was not looked at."""

    columns: Mapping[str, Held]
    predictions: Held | None = None
    scores: Held | None = None
    target: Held | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How the columns are to be read.

    Attributes
    ----------
    scales
        Input column → scale, in the pipeline's order.
    patterns
        Column of dates → how they are written; None: in several ways.
    target
        Its name; None: there is none.
    answers
        Scale of predictions and target.
    """

    scales: Mapping[str, Scale]
    patterns: Mapping[str, str | None] = field(default_factory=dict)
    target: str | None = None
    answers: Scale = "label"

    @classmethod
    def of_summary(cls, reference: Mapping[str, Any], *, target: str | None, answers: Scale) -> Form:
        """Take them from what a pipeline kept of the rows that it learned from; dates by the sample's first one."""
        scales = {name: scale_of(told["kind"]) for name, told in reference["columns"].items()}
        drawn = reference["sample"]["columns"]
        patterns = {
            name: learn_pattern(pd.Series(drawn.get(name) or [None], dtype=object).dropna())
            for name, scale in scales.items()
            if scale == "date"
        }
        return cls(scales, patterns, target, answers)

    @classmethod
    def of_table(
        cls,
        frame: pd.DataFrame,
        columns: Sequence[str],
        dates: Mapping[str, str | None],
        *,
        target: str | None,
        answers: Scale,
    ) -> Form:
        """Take them from the table that a pipeline was fitted on."""
        return cls({name: scale_of(kind_of(frame[name], dates)) for name in columns}, dates, target, answers)

    def of_frame(self, frame: pd.DataFrame) -> Side:
        """Read rows of a table that has all input columns; its target, where it has that."""
        columns = {name: of_column(frame[name], scale, self.patterns.get(name)) for name, scale in self.scales.items()}
        has_target = self.target is not None and self.target in frame
        return Side(columns, target=of_column(frame[self.target], self.answers) if has_target else None)

    def of_log(self, inputs: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> Side:
        """Read rows as they were asked for and answered."""
        scores = [answer.get("score") for answer in answers]
        return Side(
            {name: of_records(inputs, name, scale, self.patterns.get(name)) for name, scale in self.scales.items()},
            predictions=self.said([answer.get("prediction") for answer in answers]),
            scores=of_values(scores, "number") if any(score is not None for score in scores) else None,
        )

    def of_sample(self, reference: Mapping[str, Any]) -> Side:
        """Read the sample that a pipeline kept of the rows that it learned from."""
        sample = reference["sample"]
        return Side(
            {
                name: of_values(sample["columns"][name], scale, self.patterns.get(name))
                for name, scale in self.scales.items()
            },
            predictions=None if sample["predictions"] is None else self.said(sample["predictions"]),
            target=None if sample["target"] is None else self.said(sample["target"]),
        )

    def said(self, labels: Sequence[Any]) -> Held:
        """Read predictions, or targets."""
        return of_values(labels, self.answers)

    def known(self, reference: Mapping[str, Any] | None, frame: pd.DataFrame | None) -> Mapping[str, Known]:
        """Tell what is known of all rows that were learned from: by the rows where they are there, else the summary.

        Parameters
        ----------
        frame
            All of them; None: they are not there any more.
        """
        return {name: self._known(name, scale, reference, frame) for name, scale in self.scales.items()}

    def _known(self, name: str, scale: Scale, reference: Mapping[str, Any] | None, frame: pd.DataFrame | None) -> Known:
        pattern = self.patterns.get(name)
        if frame is not None:
            held = of_column(frame[name], scale, pattern)
            if scale == "label":
                labels = frozenset(held.values.tolist())
                return Known(len(frame), labels=labels if len(labels) <= LABELS_MOST else None)
            if len(held.values):
                return Known(len(frame), float(held.values.min()), float(held.values.max()))
            return Known(len(frame))
        if reference is None:
            return Known()
        told, rows = reference["columns"][name], int(reference["rows"])
        if scale == "label":
            listed = of_values([value for value, _ in told.get("values", ())], "label")
            return Known(rows, labels=None if told.get("rest") else frozenset(listed.values.tolist()))
        bounds = of_values([told.get("min"), told.get("max")], scale)
        return Known(rows) if bounds.missing or bounds.unfit else Known(rows, *bounds.values.tolist())


def pairs(reference: Side, live: Side, known: Mapping[str, Known]) -> list[Pair]:
    """Put both sides together: input columns first, then what both have of predictions, scores and target."""
    found = [
        Pair(name, held, live.columns[name], known=known.get(name, Known())) for name, held in reference.columns.items()
    ]
    for name, of, one, other in (
        ("predictions", "prediction", reference.predictions, live.predictions),
        ("scores", "score", reference.scores, live.scores),
        ("target", "target", reference.target, live.target),
    ):
        if one is not None and other is not None:
            found.append(Pair(name, one, other, of=of))  # type: ignore[arg-type]  # literals, which a loop hides
    return found
