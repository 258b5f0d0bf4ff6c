"""What is examined, and the rows of its table by whether it learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue import Metric
from workbench.judging.comparison import NotComparable
from workbench.judging.noise import SEED
from workbench.judging.rows import choose
from workbench.judging.sides import Side, Table

Array = np.ndarray[Any, Any]

ROWS_MOST = 20_000
"""Most rows that it was not fitted on which are looked at; of more, so many are drawn."""
SAMPLE_MOST = 5_000
"""Most rows that it was fitted on which are looked at."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A pipeline, the table that it learned from, and what it is judged by."""

    side: Side
    table: Table
    target: str
    metric: Metric

    @property
    def taken(self) -> list[str]:
        """Names of the columns that it takes, by its schema."""
        return [str(column["name"]) for column in self.side.schema if column["name"] != self.target]

    def frame(self, numbers: Array) -> pd.DataFrame:
        """Pick rows as the pipeline takes them; raises `NotComparable` where it does not."""
        return self.side.taken(self.table, numbers) if len(numbers) else pd.DataFrame()

    def truth(self, numbers: Array) -> pd.Series[Any]:
        return self.table.frame[self.target].iloc[numbers]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of the table, by their numbers from 0, in random order.

    Attributes
    ----------
    held_out
        Those that it was not fitted on, and whose target is known; at most 20,000.
    learned
        Those that it was fitted on.
    held_out_in_all
        How many there are.
    told
        Which rows they are, in a few words.
    why
        Why there are no rows held out, in a sentence; empty: there are some.
    notes
        What a reader must know of them.
    """

    held_out: Array
    learned: Array
    held_out_in_all: int = 0
    told: str = ""
    why: str = ""
    notes: Sequence[str] = ()


def split(subject: Subject) -> Split:
    """Tell the rows that a classifier or regressor learned from and those that it did not."""
    side, table, target = subject.side, subject.table, subject.target
    if target not in table.frame:
        return Split(_none(), _none(), why=f"{table.name} has no column '{target}', which is to be predicted.")
    known = np.flatnonzero(table.frame[target].notna().to_numpy())
    is_own = side.table_sha256 == table.sha256
    kept = side.holdout if is_own else None
    learned = np.setdiff1d(known, np.array(kept["rows"], dtype=int)) if kept is not None else _none()
    random = np.random.default_rng(SEED)
    try:
        chosen = choose((side,), table, target)
    except NotComparable as why:
        return Split(_none(), random.permutation(learned), why=str(why))
    held_out = random.permutation(chosen.numbers)[:ROWS_MOST]
    in_all = len(np.intersect1d(known, kept["rows"])) if kept is not None else len(known)
    return Split(held_out, random.permutation(learned), in_all, chosen.told, notes=chosen.notes)


def _none() -> Array:
    return np.array([], dtype=int)
