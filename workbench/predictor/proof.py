"""Proof that a compiled pipeline equals the pipeline itself, on the stored sample and on random rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from workbench.errors import BadRequest
from workbench.predictor.original import Predictions, refused
from workbench.predictor.table import Table

TOLERANCE = 1e-9
"""Largest difference between numbers, relative to them: what an order of summation may do."""
LEAST = 1e-12
"""Largest difference between numbers near zero, relative to the largest of their table."""
ALONE = 3
"""Rows of a table that are predicted one by one where the pipeline refuses it as a whole."""

Predicts = Callable[[Table], Predictions]


class Unequal(Exception):
    """A compiled pipeline is not equal to the pipeline itself; the message says where."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown.

    Attributes
    ----------
    rows
        Rows that both predict.
    difference
        Largest difference between numbers, relative to them.
    """

    rows: int = 0
    difference: float = 0.0

    def __add__(self, other: Proof) -> Proof:
        return Proof(self.rows + other.rows, max(self.difference, other.difference))


def prove(compiled: Predicts, original: Predicts, tables: Iterable[tuple[Table, int]]) -> Proof:
    """Compare what two predict of tables.

    Parameters
    ----------
    tables
        Each with how many of its rows are predicted one by one as well.

    Raises
    ------
    Unequal
        Where a label is another, a number differs by more than `TOLERANCE`, one refuses what the other predicts, or
        both refuse all.
    """
    proof = Proof()
    for table, alone in tables:
        together, expected = table, _outcome(original, table)
        if isinstance(expected, BadRequest):
            # Those without a gap may be fit to be predicted together.
            together = table.take(np.flatnonzero(table.whole()))
            expected = _outcome(original, together)
        if len(together):
            proof += _compared(_outcome(compiled, together), expected, len(together))
        for row in range(min(alone if together is table else ALONE, len(table))):
            one = table.take([row])
            proof += _compared(_outcome(compiled, one), _outcome(original, one), 1)
    if not proof.rows:
        raise Unequal("The pipeline itself refuses every row that it could be compared on.")
    return proof


def difference(found: Predictions, expected: Predictions) -> float:
    """Return the largest difference between numbers, relative to them.

    Raises
    ------
    Unequal
        As `prove`.
    """
    if len(found.labels) != len(expected.labels) or (found.scores is None) != (expected.scores is None):
        raise Unequal(f"{len(found.labels)} rows came of {len(expected.labels)}, or other things than were asked for.")
    largest = 0.0
    if expected.labels and type(expected.labels[0]) is float:
        largest = _numbers_apart(found.labels, expected.labels)
    else:
        for row, (one, other) in enumerate(zip(found.labels, expected.labels, strict=True)):
            if one != other or type(one) is not type(other):
                raise Unequal(f"Row {row} is {one!r}, and {other!r} by the pipeline itself.")
    if found.scores is not None and expected.scores is not None:
        largest = max(largest, _numbers_apart(found.scores, expected.scores))
    return largest


def _outcome(predicts: Predicts, table: Table) -> Predictions | BadRequest:
    try:
        return predicts(table)
    except BadRequest as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - what cannot be carried out is as good as refused: the pipeline is asked
        return refused(error)


def _compared(found: Predictions | BadRequest, expected: Predictions | BadRequest, rows: int) -> Proof:
    if isinstance(expected, BadRequest):
        if isinstance(found, Predictions):
            raise Unequal(f"It predicts what the pipeline itself refuses: {expected.message}")
        return Proof()
    if isinstance(found, BadRequest):
        raise Unequal(f"It refuses what the pipeline itself predicts: {found.message}")
    return Proof(rows, difference(found, expected))


def _numbers_apart(found: list[float], expected: list[float]) -> float:
    ours, theirs = np.array(found), np.array(expected)
    missing = np.isnan(theirs)
    if (np.isnan(ours) != missing).any():
        raise Unequal("One is not a number where the other is.")
    ours, theirs = ours[~missing], theirs[~missing]
    apart = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    if not apart.any():
        return 0.0
    size = np.maximum(np.abs(ours), np.abs(theirs))
    relative = apart / np.where(size == 0, 1.0, size)
    counts = apart > LEAST * size.max()
    largest = float(relative[counts].max(initial=0.0))
    if largest > TOLERANCE:
        worst = int(np.argmax(np.where(counts, relative, 0)))
        raise Unequal(f"A number is {ours[worst]!r}, and {theirs[worst]!r} by the pipeline itself.")
    return largest
