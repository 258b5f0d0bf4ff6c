"""Which columns could be predicted, and which of them most likely is meant to be."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from workbench.advisors.advice import Told
from workbench.advisors.names import parts_of, stems
from workbench.advisors.table import Column, Table
from workbench.advisors.thresholds import Thresholds


class Candidate(Told):
    """A column that could be the target, and what speaks for it, as words that follow "it"."""

    name: str
    why: str
    is_likely: bool


def candidates(table: Table, thresholds: Thresholds) -> tuple[Candidate, ...]:
    """Return the columns that could be the target, the likeliest first.

    What speaks for one counts in this order: that it is the target of a table that comes with Workbench; that its name
    is one that targets have, such as ``target``, for an outcome, such as ``churned``, or has such a word in it; that it
    is the last column, or the first. Among equals the later one comes first: tables are written with their target at
    the end. All but the first column and those in between are likely.
    """
    ranked = sorted(
        (_rank(column, place, table), -place, column.name)
        for place, column in enumerate(table.columns)
        if can_be_predicted(column, table.rows, thresholds)
    )
    return tuple(Candidate(name=name, why=_WHY[rank], is_likely=rank < _UNSURE) for rank, _, name in ranked)


def can_be_predicted(column: Column, rows: int, thresholds: Thresholds) -> bool:
    """Whether a column can be a target at all: neither a date nor constant, and no name of its rows."""
    if column.kind == "date" or column.distinct < 2 or column.missing >= rows:
        return False
    if column.kind == "text":
        return not column.is_unique and column.distinct <= thresholds["analyst.classes_most"]
    return not (column.is_unique and column.is_integral and column.names_rows)


_KNOWN, _NAMED, _OUTCOME, _OUTCOME_TOO, _LAST, _FIRST, _NEITHER = range(7)
_UNSURE = _FIRST
_WHY = (
    "is the target of this table, which comes with Workbench",
    "is named as targets are",
    "is named for an outcome",
    "has the word for an outcome in its name",
    "is the last column, where tables mostly have their target",
    "is the first column",
    "can be predicted",
)


def _rank(column: Column, place: int, table: Table) -> int:
    if column.name == table.known_target:
        return _KNOWN
    own = set(stems(parts_of(column.name)))
    words = _words()
    if own & words["target"]:
        return _NAMED
    if own & words["outcome"] and not column.names_rows:
        return _OUTCOME if own <= words["outcome"] | words["flag"] else _OUTCOME_TOO
    return _LAST if place == len(table.columns) - 1 else _FIRST if place == 0 else _NEITHER


@cache
def _words() -> dict[str, frozenset[str]]:
    told: dict[str, Sequence[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {kind: frozenset(stems(words)) for kind, words in told.items()}
