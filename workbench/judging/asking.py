"""Pipelines asked about the same rows, each in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue import TaskName
from workbench.judging.answers import Answers, Labels, Numbers, Pair
from workbench.judging.comparison import NotComparable
from workbench.judging.rows import Rows
from workbench.judging.sides import Role, Side, Table
from workbench.predictor.original import Original
from workbench.training.request import Limits
from workbench.training.supervised.classification import Classes, Said, hear

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one pipeline says of the rows that it answers for, by their places: of labels `Said`, or numbers."""

    places: Array
    said: Any


@dataclass(frozen=True, slots=True)
class Asked:
    """What both say, of which rows of the table, and what a reader must know of that."""

    pair: Pair
    numbers: Array
    notes: tuple[str, ...]


def ask(champion: Side, challenger: Side, table: Table, rows: Rows, target: str, limits: Limits) -> Asked:
    """Ask two classifiers or regressors.

    Raises
    ------
    NotComparable
        When the rows do not fit, or the champion does not answer.
    Unanswered
        When the challenger does not.
    """
    # The challenger first: where it does not answer, nothing else matters.
    heard: dict[Role, Heard] = {
        side.role: side.ask(partial(_loaded, side, side.taken(table, rows.numbers)), limits)
        for side in (challenger, champion)
    }
    places = np.intersect1d(heard["champion"].places, heard["challenger"].places)
    if not len(places):
        raise NotComparable("There is no row that both answer for: their preprocessing drops rows with gaps.")
    notes = [
        f"The {role} answers for {len(found.places):,} of {len(rows.numbers):,} rows: it drops those with gaps."
        for role, found in heard.items()
        if len(found.places) < len(rows.numbers)
    ]
    numbers = rows.numbers[places]
    truth = table.frame[target].iloc[numbers]
    kept = {role: (found.said, np.searchsorted(found.places, places)) for role, found in heard.items()}
    answers, more = answered(champion.task, truth, kept, table)
    strata = strata_of(answers["champion"])
    return Asked(Pair(answers["champion"], answers["challenger"], strata), numbers, (*notes, *more))


Kept = Mapping[Role, tuple[Any, Array]]
"""What each says, and the places of the common rows in it."""


def answered(
    task: TaskName, truth: pd.Series[Any], kept: Kept, table: Table
) -> tuple[dict[Role, Labels] | dict[Role, Numbers], list[str]]:
    """Put what classifiers or regressors say beside the truth, and tell what a reader must know of that.

    Raises
    ------
    NotComparable
        When they predict something else than the target holds.
    """
    return _answered_labels(truth, kept, table) if task == "classification" else _answered_numbers(truth, kept, table)


def strata_of(answers: Answers) -> Array:
    """Number of each row's class; 0 throughout where there are no classes."""
    if isinstance(answers, Labels):
        return np.searchsorted(answers.classes.known, answers.truth)
    return np.zeros(len(answers.predictions), dtype=int)


def _loaded(side: Side, frame: pd.DataFrame) -> Heard:
    return listen(side.load(), side.task, frame)


def listen(original: Original, task: TaskName, frame: pd.DataFrame) -> Heard:
    """Ask a classifier or regressor that is loaded about rows under a fresh index."""
    ready = prepared(original, frame)
    fitted = original.estimator
    if task == "classification":
        said: Any = hear(
            fitted, ready, lambda labels: np.asarray(original.decode(labels)), is_multiclass=len(fitted.classes_) > 2
        )
    else:
        said = np.asarray(original.decode(fitted.predict(ready)), dtype=float)
    return Heard(ready.index.to_numpy(), said)


def prepared(original: Original, frame: pd.DataFrame) -> pd.DataFrame:
    """Carry out all steps before the estimator on the columns that it was fitted on."""
    # Earlier versions of Workbench stored the columns too that were left out.
    taken = [name for name in frame if original.columns is None or name in original.columns]
    return original.prepare(frame[taken])


def _answered_labels(truth: pd.Series[Any], kept: Kept, table: Table) -> tuple[dict[Role, Labels], list[str]]:
    said: dict[Role, Said] = {}
    actual = np.array(truth.tolist())
    for role, (found, places) in kept.items():
        if _are_numbers(actual) != _are_numbers(found.learned):
            holds, predicts = _told(actual), _told(found.learned)
            raise NotComparable(f"'{truth.name}' of {table.name} holds {holds}, while the {role} predicts {predicts}.")
        scores = None if found.scores is None else found.scores[places]
        said[role] = replace(found, labels=found.labels[places], scores=scores)
    learned = np.concatenate([found.learned for found in said.values()])
    known = np.unique(np.concatenate([actual, learned]))
    classes = Classes(known, is_multiclass=len(known) > 2)
    if classes.is_multiclass:
        said = {role: _with_columns(found) for role, found in said.items()}
    answers = {role: Labels(classes, actual, found) for role, found in said.items()}
    unknown = ~np.isin(actual, learned)
    if not unknown.any():
        return answers, []
    named = ", ".join(str(label) for label in np.unique(actual[unknown]))
    knows = "neither knows" if len(said) > 1 else "it does not know"
    return answers, [f"{int(unknown.sum()):,} rows are of classes that {knows}: {named}."]


def _with_columns(said: Said) -> Said:
    """Turn one number a row, which speaks for the second of two classes, into a column a class."""
    if said.scores is None or said.scores.ndim > 1:
        return said
    return replace(said, scores=np.column_stack([-said.scores, said.scores]))


def _are_numbers(values: Array) -> bool:
    return values.dtype.kind in "biuf"


def _told(values: Array) -> str:
    return "numbers" if _are_numbers(values) else "texts"


def _answered_numbers(truth: pd.Series[Any], kept: Kept, table: Table) -> tuple[dict[Role, Numbers], list[str]]:
    try:
        actual = truth.to_numpy(dtype=float)
    except (TypeError, ValueError):
        whom = "both predict" if len(kept) > 1 else f"the {next(iter(kept))} predicts"
        raise NotComparable(f"'{truth.name}' of {table.name} holds texts, while {whom} numbers.") from None
    return {role: Numbers(actual, found[places]) for role, (found, places) in kept.items()}, []
