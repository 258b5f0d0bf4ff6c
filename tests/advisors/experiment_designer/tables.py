"""Tables as the designer is shown them, made of a few facts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.advisors.table import Column, Table
from workbench.preflight.checks.columns import names_rows

FRACTIONS = (
    "cm",
    "rate",
    "bmi",
    "charges",
    "vibration",
    "pressure",
    "mean",
    "worst",
    "amount",
    "fare",
    "income",
    "temp",
)
"""Parts of names of columns that hold no whole numbers."""


def read(name: str) -> tuple[dict[str, Table], list[dict[str, Any]]]:
    """Read a file of goals: its tables, by name, and the goals."""
    told = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return {name: table(name, each) for name, each in told["tables"].items()}, told["goals"]


def table(name: str, told: Mapping[str, Any]) -> Table:
    """Make a table of its rows and columns."""
    columns = tuple(column(told["rows"], told.get("step_days"), *each) for each in told["columns"])
    return Table(source_id=name, name=name, rows=told["rows"], columns=columns)


def column(
    rows: int, step: float | None, name: str, kind: Any, distinct: int, top: list[str], rarest: int | None = None
) -> Column:
    counts = [rows - (rarest or 0), rarest] if rarest else [rows // distinct] * len(top)
    is_integral = kind == "number" and not any(part in name.lower() for part in FRACTIONS)
    return Column(
        name=name,
        kind=kind,
        distinct=distinct,
        is_integral=is_integral,
        is_unique=distinct == rows,
        minimum=1.0,
        maximum=90.0,
        top=tuple(zip(top, counts, strict=True)),
        rarest=rarest,
        names_rows=names_rows(name),
        suits="classification" if kind != "number" or (is_integral and distinct <= 20) else "regression",
        step_days=step if kind == "date" else None,
    )
