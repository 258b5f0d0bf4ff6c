"""Columns that a run cannot compute with, and those that are left to learn from."""

from __future__ import annotations

from collections.abc import Collection

from workbench.advisors.table import Column, Table
from workbench.advisors.thresholds import Thresholds


def unusable(table: Table, thresholds: Thresholds) -> dict[str, str]:
    """Return the columns that no run can compute with, and why not: words that follow their name.

    Infinite numbers are known of tables only that have a profile.
    """
    told = {column.name: _why(column, thresholds) for column in table.columns}
    return {name: why for name, why in told.items() if why}


def learnable(table: Table, left_out: Collection[str | None]) -> list[Column]:
    """Return the columns that something can be learned from: those that have two values or more."""
    return [column for column in table.columns if column.name not in left_out and column.distinct > 1]


def nothing_left(table: Table, target: str | None) -> str:
    """Say that no column is left to learn from, in a few words."""
    beside = f" beside '{target}'" if target is not None else ""
    return f"no column of {table.name}{beside} has anything to learn from"


def _why(column: Column, thresholds: Thresholds) -> str:
    if column.infinite:
        return f"holds infinite numbers in {column.infinite:,} row{'' if column.infinite == 1 else 's'}"
    greatest = max((abs(bound) for bound in (column.minimum, column.maximum) if bound is not None), default=0.0)
    if greatest > thresholds["analyst.magnitude"]:
        return f"holds numbers as great as {greatest:.1e}, beyond what models compute with"
    return ""
