"""Random rows of what a pipeline tells of its columns: values that it knows, values that it cannot know, and gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from workbench.predictor.table import NUMERIC, Column, ColumnKind, Table

MISSING, UNSEEN = 0.08, 0.06
"""Shares of the cells of wild rows that are empty, and that hold what no training row held."""
STRANGE = "\N{SECTION SIGN} never seen"
USUAL: Mapping[ColumnKind, Any] = {"number": 1.0, "bool": 1.0, "text": "a", "date": "2000-01-01"}
"""What stands for a value of a column of which none is known."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of a column's values.

    Attributes
    ----------
    known
        Values of the training table, as far as sample and pipeline tell; no gaps.
    is_category
        Whether the pipeline looks its values up.
    """

    column: Column
    known: tuple[Any, ...]
    is_category: bool

    @property
    def unseen(self) -> Any:
        """A value of the column's kind that is not known."""
        return STRANGE if self.column.kind not in NUMERIC else max(self.known, default=0.0) + 7.5


def domains(
    steps: Iterable[tuple[str, Any]], columns: Sequence[Column], sample: Sequence[Mapping[str, Any]]
) -> dict[str, Domain]:
    """Gather what the fitted steps of a pipeline, and a few rows of its table, tell of columns."""
    categories: dict[str, list[Any]] = {}
    others: dict[str, list[Any]] = {}
    for _, step in steps:
        transformer = getattr(step, "transformer", step)
        for name, values in _categories(transformer):
            categories.setdefault(name, []).extend(values)
        for name, fill in zip(
            getattr(transformer, "feature_names_in_", ()), getattr(transformer, "statistics_", ()), strict=False
        ):
            others.setdefault(str(name), []).append(fill)
    found = {}
    for column in columns:
        seen = [row[column.name] for row in sample if row.get(column.name) is not None]
        fits = _fits_number if column.kind in NUMERIC else _fits_text
        values = [*categories.get(column.name, ()), *seen, *others.get(column.name, ())]
        known = dict.fromkeys(float(value) if column.kind in NUMERIC else value for value in values if fits(value))
        found[column.name] = Domain(column, tuple(known), column.name in categories)
    return found


def draw(domains: Iterable[Domain], rows: int, random: np.random.Generator, *, wild: bool) -> Table:
    """Draw rows.

    Parameters
    ----------
    wild
        Whether there are gaps among them, categories that no training row had, and numbers out of all proportion. There
        are none in columns of truth values that had none: few models take that, and all rows would be refused for it.
    """
    numbers, texts, columns = [], [], []
    for domain in domains:
        columns.append(domain.column)
        if domain.column.kind in NUMERIC:
            drawn = _numbers(domain, rows, random, wild=wild)
            if wild and domain.column.dtype != "bool":
                drawn[random.random(rows) < MISSING] = np.nan
            numbers.append(drawn)
        else:
            held = _texts(domain, rows, random, wild=wild)
            texts.append([None if wild and random.random() < MISSING else text for text in held])
    return Table(tuple(columns), np.array(numbers) if numbers else np.empty((0, rows)), tuple(texts), rows)


def _categories(transformer: Any) -> Iterable[tuple[str, Iterable[Any]]]:
    """Return the values that a step looks up, by column."""
    for told in getattr(getattr(transformer, "ordinal_encoder", transformer), "mapping", None) or ():
        mapping = told["mapping"]
        yield str(told["col"]), list(getattr(mapping, "index", mapping))
    for name, rare in getattr(transformer, "to_other_", {}).items():
        yield str(name), rare
    for name, mapping in getattr(transformer, "mappings_", {}).items():
        yield str(name), list(mapping)


def _fits_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | np.bool_) and bool(np.isfinite(value))


def _fits_text(value: Any) -> bool:
    return isinstance(value, str)


def _numbers(domain: Domain, rows: int, random: np.random.Generator, *, wild: bool) -> Any:
    known = np.array(domain.known or (USUAL["number"],))
    if domain.column.kind == "bool":
        return random.integers(0, 2, rows).astype(float)
    drawn = random.choice(known, rows)
    if domain.is_category:
        if wild:
            drawn[random.random(rows) < UNSEEN] = domain.unseen
        return drawn
    low, high = known.min(), known.max()
    spread = (high - low) or abs(low) or 1.0
    anywhere = random.uniform(low - spread, high + spread, rows)
    if wild:
        anywhere[random.random(rows) < UNSEEN] *= 1000
    if (known == np.trunc(known)).mean() > 0.5:
        anywhere = np.trunc(anywhere)
    return np.where(random.random(rows) < 0.5, drawn, anywhere)


def _texts(domain: Domain, rows: int, random: np.random.Generator, *, wild: bool) -> list[str]:
    known = list(domain.known) or [USUAL[domain.column.kind]]
    drawn: list[str] = [known[place] for place in random.integers(0, len(known), rows)]
    if domain.column.kind == "date":
        pattern = "%Y-%m-%d" if all(_DAY.fullmatch(text) for text in known) else domain.column.pattern
        if pattern:
            days = [date(1999, 1, 1) + timedelta(days=int(day)) for day in random.integers(0, 12000, rows)]
            drawn = [
                day.strftime(pattern) if random.random() < 0.5 else text for day, text in zip(days, drawn, strict=True)
            ]
        return drawn
    if not domain.is_category:
        # Text that is read word by word.
        words = " ".join(known).split() or [USUAL["text"]]
        drawn = [" ".join([text, *random.choice(words, 3)]) for text in drawn]
    strange = random.random(rows) < (UNSEEN if wild else 0)
    return [f"{domain.unseen} {row}" if strange[row] else text for row, text in enumerate(drawn)]
