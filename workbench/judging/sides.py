"""Pipelines that are asked about rows, and the table on whose rows they are."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from workbench.catalogue import TaskName
from workbench.errors import BadRequest
from workbench.judging.comparison import NotComparable, Unanswered
from workbench.predictor.original import Original
from workbench.predictor.schema import Schema
from workbench.training.executors.isolation import Lost, alone
from workbench.training.request import Limits

Array = np.ndarray[Any, Any]
Role = Literal["champion", "challenger", "pipeline"]
T = TypeVar("T")

ADVICE = "Name a data source with rows that neither has seen."


@dataclass(frozen=True, slots=True)
class Side:
    """One pipeline, its bytes verified.

    Attributes
    ----------
    role
        What it is called: one of two that are compared, or ``pipeline`` where it is asked alone.
    table_sha256
        Of the table that it was fitted on.
    schema, sample, holdout, reference
        As its run stored them; what an earlier version of Workbench did not store is None.
    index
        Column of dates of a series; None: it has none.
    gap
        Rows between the end of a series and its first forecast.
    """

    role: Role
    task: TaskName
    pickled: bytes
    table_sha256: str
    schema: Sequence[Mapping[str, str]]
    sample: Sequence[Mapping[str, Any]]
    holdout: Mapping[str, Any] | None = None
    reference: Mapping[str, Any] | None = None
    index: str | None = None
    gap: int = 0

    @property
    def advice(self) -> str:
        """What to do where it cannot be judged on the rows of a table; of one that is asked alone, nothing is told."""
        return "" if self.role == "pipeline" else ADVICE

    def taken(self, table: Table, rows: Array) -> pd.DataFrame:
        """Pick the columns that it takes, as it takes them.

        Raises
        ------
        NotComparable
            When they are not there, or hold something else.
        """
        frame = table.frame.iloc[rows].reset_index(drop=True)
        try:
            return Schema.of(self.schema, self.sample).of_frame(frame).frame()
        except BadRequest as error:
            raise NotComparable(f"The {self.role} does not take the rows of {table.name}: {error.message}") from error

    def load(self) -> Original:
        """Unpickle it, which runs its code: in a process of its own only."""
        return Original(pickle.loads(self.pickled), task=self.task)

    def ask(self, question: Callable[[], T], limits: Limits) -> T:
        """Have it answer in a process of its own.

        Raises
        ------
        Unanswered
            When the challenger raises, dies or takes too long.
        NotComparable
            When another does: a champion may well be replaced then, by somebody who knows.
        """
        try:
            return alone(question, limits)
        except Lost as lost:
            told = f"The {self.role} did not answer. {lost}"
            if self.role == "challenger":
                raise Unanswered(told) from lost
            raise NotComparable(told) from lost


@dataclass(frozen=True, slots=True)
class Table:
    """A table, under a fresh index."""

    frame: pd.DataFrame
    name: str
    sha256: str
