"""The rows that pipelines are judged on: known targets, and none was fitted on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.judging.comparison import NotComparable
from workbench.judging.noise import SEED
from workbench.judging.sides import ADVICE, Role, Side, Table
from workbench.training.columns import values

Array = np.ndarray[Any, Any]

MOST = 50_000
"""Most rows that are looked at; of more, so many are drawn."""
FAMILIAR = 0.1
"""Share of the rows that seem to be some that a pipeline learned from, from which on it is told."""
FAMILIAR_MOST = 0.5
"""Share from which on they say nothing of how it does on new ones."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table, by their numbers from 0, and what a reader must know of them."""

    numbers: Array
    told: str
    notes: tuple[str, ...]


def choose(sides: Sequence[Side], table: Table, target: str) -> Rows:
    """Choose the rows of a table that pipelines can be judged on.

    Raises
    ------
    NotComparable
        When there are none.
    """
    if target not in table.frame:
        raise NotComparable(f"{table.name} has no column '{target}', which is to be predicted.")
    of_this = [(side.role, kept["rows"]) for side in sides if (kept := held_out(side, table)) is not None]
    numbers = np.arange(len(table.frame))
    for _, rows in of_this:
        numbers = np.intersect1d(numbers, rows)
    if not len(numbers):
        raise NotComparable(f"No row of {table.name} was held out from {_whom(sides)}. {ADVICE}")
    notes = []
    gaps = table.frame[target].isna().to_numpy()[numbers]
    if gaps.any():
        numbers = numbers[~gaps]
        notes.append(f"{int(gaps.sum()):,} rows without a {target} are left out.")
        if not len(numbers):
            raise NotComparable(f"No row of {table.name} that could be judged by has a {target}.")
    if len(numbers) > MOST:
        notes.append(f"{MOST:,} of {len(numbers):,} rows were drawn, with seed {SEED}.")
        numbers = np.sort(np.random.default_rng(SEED).choice(numbers, MOST, replace=False))
    notes += [note for side in sides if (note := _about_familiar(side, table, numbers, target))]
    return Rows(numbers, _told(table, sides, [role for role, _ in of_this]), tuple(notes))


def held_out(side: Side, table: Table) -> dict[str, Any] | None:
    """Return what a pipeline kept of the rows that it was not fitted on; None where it is not of this table.

    Raises
    ------
    NotComparable
        When it learned from this table and no row is known to be new to it.
    """
    if side.table_sha256 != table.sha256:
        return None
    if side.holdout is None:
        raise NotComparable(
            f"The {side.role} is of an earlier version of Workbench, which did not keep which rows of {table.name} it "
            f"was fitted on. {side.advice}".rstrip()
        )
    if not side.holdout["rows"]:
        raise NotComparable(f"The {side.role} was fitted on all rows of {table.name}. {side.advice}".rstrip())
    return dict(side.holdout)


def _told(table: Table, sides: Sequence[Side], held_out_from: Sequence[Role]) -> str:
    if not held_out_from:
        return f"rows of {table.name}, taken to be new to {_whom(sides)}"
    whom = "both" if len(held_out_from) > 1 else f"the {held_out_from[0]}"
    return f"rows of {table.name} that were held out from {whom}"


def _whom(sides: Sequence[Side]) -> str:
    return "both" if len(sides) > 1 else f"the {sides[0].role}"


def _about_familiar(side: Side, table: Table, numbers: Array, target: str) -> str | None:
    """Tell how many of the rows seem to be some that a pipeline learned from, where they are many.

    Raises
    ------
    NotComparable
        When they are most.
    """
    share = 0.0 if side.table_sha256 == table.sha256 else _familiar(side, table, numbers, target)
    if share < FAMILIAR:
        return None
    told = f"About {share:.0%} of these rows of {table.name} seem to be rows that the {side.role} learned from"
    if share >= FAMILIAR_MOST:
        raise NotComparable(f"{told}. {ADVICE}")
    return f"{told}: it is judged in part on what it knows."


def _familiar(side: Side, table: Table, numbers: Array, target: str) -> float:
    """Estimate the share of the rows that a pipeline learned from, by the sample of them that was kept."""
    reference = side.reference or {}
    sample = reference.get("sample")
    if not sample or not sample["numbers"] or any(name not in table.frame for name in sample["columns"]):
        return 0.0
    drawn = table.frame.iloc[numbers]
    here = set(zip(*(values(drawn[name]) for name in (*sample["columns"], target)), strict=True))
    learned = list(zip(*sample["columns"].values(), sample["target"], strict=True))
    # Where rows repeat anyway, one that is there again says nothing.
    single = [row for row, count in Counter(learned).items() if count == 1]
    if len(single) < len(learned) / 2:
        return 0.0
    among = sum(row in here for row in single)
    return min(1.0, among / len(single) * int(reference["rows"]) / len(numbers))
