"""What pipelines say of rows whose targets are known: measured once, and on many selections of the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from workbench.judging.noise import Statistic, counts
from workbench.training.auc import Areas
from workbench.training.measured import Measured
from workbench.training.supervised import regression
from workbench.training.supervised.classification import Classes, Said
from workbench.training.supervised.counts import cells, matrices, measure

Array = np.ndarray[Any, Any]


class Answers(Protocol):
    """What one pipeline says.

    Attributes
    ----------
    predictions
        As the target has them, one a row.
    width
        Numbers that a statistic holds for one selection.
    """

    @property
    def predictions(self) -> Array: ...

    @property
    def width(self) -> int: ...

    def measure(self) -> Measured:
        """Measure all rows, by every metric of the leaderboard."""
        ...

    def statistic(self, metric: str) -> Statistic:
        """Return what measures selections of the rows by one metric that is defined on all of them."""
        ...

    def take(self, rows: Array) -> Answers:
        """Return those of some rows."""
        ...


@dataclass(frozen=True, slots=True)
class Labels:
    """What a classifier says."""

    classes: Classes
    truth: Array
    said: Said

    @property
    def predictions(self) -> Array:
        return self.said.labels

    @property
    def width(self) -> int:
        return len(self.classes.known) ** 2

    def measure(self) -> Measured:
        return self.classes.measure(self.truth, self.said)

    def take(self, rows: Array) -> Labels:
        scores = None if self.said.scores is None else self.said.scores[rows]
        return Labels(self.classes, self.truth[rows], replace(self.said, labels=self.said.labels[rows], scores=scores))

    def statistic(self, metric: str) -> Statistic:
        if metric == "AUC":
            return self._areas()
        size, is_binary = len(self.classes.known), self.classes.is_binary
        places = cells(self.classes.known, self.truth, self.said.labels)
        return lambda selected: measure(metric, matrices(places[selected], size), is_binary=is_binary)

    def _areas(self) -> Statistic:
        scores = self.said.scores
        assert scores is not None, "only what is defined is asked for"
        if not self.classes.is_multiclass:
            areas = Areas.of(self.truth == self.classes.known[-1], scores)
            return lambda selected: areas.of_selections(counts(selected, len(self.truth)))
        present, rows = np.unique(self.truth, return_counts=True)
        of_each = [Areas.of(self.truth == label, scores[:, self.said.place(label)]) for label in present]

        def of_many(selected: Array) -> Array:
            tallies = counts(selected, len(self.truth))
            return np.asarray(np.average([areas.of_selections(tallies) for areas in of_each], axis=0, weights=rows))

        return of_many


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a regressor says."""

    truth: Array
    said: Array

    @property
    def predictions(self) -> Array:
        return self.said

    @property
    def width(self) -> int:
        return 1

    def measure(self) -> Measured:
        return regression.errors(self.truth, self.said)

    def take(self, rows: Array) -> Numbers:
        return Numbers(self.truth[rows], self.said[rows])

    def statistic(self, metric: str) -> Statistic:
        function = regression.MEASURES[metric]
        return lambda selected: function(self.truth[selected.T], self.said[selected.T])


@dataclass(frozen=True, slots=True)
class Pair:
    """What both say of the same rows.

    Attributes
    ----------
    strata
        Number of each row's class; 0 throughout where there are no classes.
    """

    champion: Answers
    challenger: Answers
    strata: Array

    def take(self, rows: Array) -> Pair:
        return Pair(self.champion.take(rows), self.challenger.take(rows), self.strata[rows])

    def __len__(self) -> int:
        return len(self.strata)
