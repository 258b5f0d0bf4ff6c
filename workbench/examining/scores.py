"""A pipeline's answers measured: on rows that it learned from, on others, beside what knows nothing but the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.advisors.examination import Interval
from workbench.catalogue import TASKS, Metric, TaskName
from workbench.judging.answers import Answers, Labels, Numbers
from workbench.judging.asking import strata_of
from workbench.judging.noise import bootstrap, bounds, resampled

Array = np.ndarray[Any, Any]

ROWS_LEAST = 10
"""Fewest rows of which an interval is told."""


def metrics(task: TaskName, answers: Answers) -> tuple[dict[str, float | None], dict[str, str]]:
    """Measure by every metric of the leaderboard; tell why where one has no value."""
    measured = answers.measure()
    return {metric.name: measured.metrics.get(metric.name) for metric in TASKS[task].metrics}, measured.undefined


def interval(answers: Answers, metric: Metric) -> Interval | None:
    """Interval of a metric over rows, 95 %: bootstrap, by percentiles; None where it cannot be told."""
    if len(answers.predictions) < ROWS_LEAST or answers.measure().metrics[metric.name] is None:
        return None
    return as_interval(bounds(resampled(answers.statistic(metric.name), strata_of(answers), width=answers.width)))


def difference(before: Answers, after: Answers, metric: Metric) -> Interval | None:
    """Interval of the second less the first on the same rows, 95 %; None where it cannot be told."""
    defined = all(answers.measure().metrics[metric.name] is not None for answers in (before, after))
    if len(before.predictions) < ROWS_LEAST or not defined:
        return None
    statistics = before.statistic(metric.name), after.statistic(metric.name)
    return as_interval(bootstrap(*statistics, strata_of(before), width=before.width))


def as_interval(found: tuple[float, float] | None) -> Interval | None:
    return None if found is None else Interval(low=found[0], high=found[1])


def baseline(answers: Answers, learned: Array) -> Answers:
    """Answer the same rows by the class that was learned most of, or by the mean of what was learned.

    Parameters
    ----------
    learned
        Targets of the rows that the pipeline was fitted on.
    """
    if isinstance(answers, Numbers):
        return Numbers(answers.truth, np.full(len(answers.truth), learned.astype(float).mean()))
    assert isinstance(answers, Labels)
    most = Counter(learned.tolist()).most_common(1)[0][0]
    labels = np.full(len(answers.truth), most, dtype=answers.classes.known.dtype)
    size = len(answers.said.learned)
    scores = np.zeros((len(labels), size) if answers.classes.is_multiclass else len(labels))
    return replace(answers, said=replace(answers.said, labels=labels, scores=scores))


def class_shares(answers: Answers) -> Mapping[str, float]:
    """Class, as text → share of the rows."""
    if not isinstance(answers, Labels):
        return {}
    present, rows = np.unique(answers.truth, return_counts=True)
    return {str(label): float(count / len(answers.truth)) for label, count in zip(present, rows, strict=True)}
