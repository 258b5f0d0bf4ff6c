"""What was seen of a table's rows, as plain data: measured once, kept in a file, judged for each run anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 3
"""Part of a file's name, so that what another Workbench measured in another way is measured again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One column of the rows that were looked at.

    Attributes
    ----------
    known, distinct
        Rows that have a value, and distinct values among them.
    score
        How well it alone predicts the target, on rows from which the prediction was not made; None where that was not
        or could not be measured.
    is_by_rank
        Whether that is a share of the variance of the target's ranks, and not of its numbers.
    copy
        ``renamed``, ``linear`` or ``ordered`` where it is the target in another form, in all rows of the table.
    gaps_tell
        Class that its gaps tell, and whether its rows are the gaps; None where there is no such class.
    ascending
        Part of the steps from row to row that go upwards, of those that go anywhere; None where that means nothing.
    drift
        How well the period alone, one of ten, predicts the target; of dates only.
    runs
        How far the rows of a value stand together: 1 without a gap, about 0 in any order.
    likeness, likeness_by_chance
        Part of the target's variance that lies between the rows of one value and those of another, beyond chance, and
        its standard deviation by chance.
    """

    name: str
    known: int
    distinct: int
    score: float | None = None
    is_by_rank: bool = False
    copy: str | None = None
    gaps_tell: tuple[str, bool] | None = None
    ascending: float | None = None
    drift: float | None = None
    runs: float = 0.0
    likeness: float | None = None
    likeness_by_chance: float | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What was seen of a table's columns.

    Attributes
    ----------
    rows, table_rows
        Rows that were looked at, and those there are.
    measure
        Of the scores: ``AUC``, where 0.5 is chance, or ``R²``, where 0 is.
    twins
        Names of columns that hold the same thing.
    computed
        Left name, sign and right name of pairs from which the target is computed, in all rows of the table.
    classes
        Rows of each class of the target in the whole table, fewest first, at most 20; empty where there are none.
    """

    rows: int
    table_rows: int
    measure: str | None = None
    columns: Mapping[str, Seen] = field(default_factory=dict)
    twins: tuple[tuple[str, ...], ...] = ()
    computed: tuple[tuple[str, str, str], ...] = ()
    classes: tuple[tuple[str, int], ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.rows == self.table_rows

    @property
    def words(self) -> str:
        """Say what was looked at."""
        if self.is_whole:
            return f"All {self.rows:,} rows were looked at."
        return f"{self.rows:,} of {self.table_rows:,} rows were looked at, in stretches all over the table."

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Columns:
        """Rebuild what `as_dict` gave."""
        seen = {name: Seen(**{**each, "gaps_tell": _pair(each["gaps_tell"])}) for name, each in told["columns"].items()}
        lists = {name: tuple(tuple(each) for each in told[name]) for name in ("twins", "computed", "classes")}
        return cls(**{**told, "columns": seen, **lists})

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are alike in all features of a run.

    Attributes
    ----------
    rows, table_rows
        Rows that were compared, and those there are.
    sizes
        How many rows are alike, and how many such groups there are; from two rows on.
    conflicting
        Rows of groups in which the target differs.
    pairs, expected_pairs
        Pairs of rows that are alike, and how many there would be if the columns had nothing to do with each other.
    agreeing, agreeing_by_chance
        Those of these pairs that have the same target too, and how many would if rows that are alike told nothing of
        it; all of them where there is no target.
    copied, copied_by_chance
        Of pairs of rows that agree in one column, that which marks copies best: the part that agrees in all others and
        the target, and the part that would if the others had nothing to do with it; None where there are too few.
    """

    rows: int
    table_rows: int
    sizes: tuple[tuple[int, int], ...]
    conflicting: int
    pairs: float
    expected_pairs: float
    agreeing: float
    agreeing_by_chance: float
    copied: float | None = None
    copied_by_chance: float | None = None

    @property
    def alike(self) -> int:
        """Rows that have a twin."""
        return sum(size * groups for size, groups in self.sizes)

    @property
    def is_whole(self) -> bool:
        return self.rows == self.table_rows

    def across(self, folds: int) -> float:
        """Share of all rows that have a twin in another fold, of so many that are even and drawn at random."""
        met = sum(size * groups * (1 - folds ** (1.0 - size)) for size, groups in self.sizes)
        return met / self.rows if self.rows else 0.0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Rows:
        """Rebuild what `as_dict` gave."""
        return cls(**{**told, "sizes": tuple((size, groups) for size, groups in told["sizes"])})

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of a table for one run.

    Attributes
    ----------
    columns, rows
        None where they could not be looked at, or there was no need.
    failure
        Why not; None where nothing was in the way.
    """

    columns: Columns | None = None
    rows: Rows | None = None
    failure: str | None = None

    def seen(self, name: str) -> Seen | None:
        """Return what was seen of a column."""
        return None if self.columns is None else self.columns.columns.get(name)


def _pair(told: Any) -> tuple[str, bool] | None:
    return None if told is None else (told[0], told[1])
