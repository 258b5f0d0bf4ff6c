"""Columns while each becomes what it becomes by itself: imputed, encoded, taken to parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.predictor.parts import (
    PARTS,
    Codes,
    Dates,
    Filled,
    Guard,
    Lookup,
    Numbers,
    Words,
    Writer,
    beside,
    date_reader,
    nameless,
)
from workbench.predictor.rows import USUAL, Domain
from workbench.predictor.table import NUMERIC, Column, Table


class NotCompiled(Exception):
    """There is no way known to compile a part; the message says why."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A column that came to be: of which column of the table, and as which part or word of it."""

    name: str
    origin: str
    detail: Any = None


class Columns:
    """A table's columns on their way through steps that take each by itself.

    The steps are carried out on a frame of all values that each column is known to take, one that it is not, and a gap:
    what they make of these is the table to look up, exact by construction. A column of numbers has a gap in the first
    row, which tells what gaps are filled with.

    Parameters
    ----------
    encoded
        Names of the columns whose values are looked up.
    """

    def __init__(self, columns: Sequence[Column], domains: Mapping[str, Domain], encoded: AbstractSet[str]) -> None:
        self._columns = {column.name: column for column in columns}
        self._values = {
            name: [*domain.known, None, domain.unseen] for name, domain in domains.items() if name in encoded
        }
        self._frame = self._lay_out(domains)
        self._made = [_Made(name, name) for name in self._columns]
        self._vectorizers: dict[str, Any] = {}
        self._gaps: set[str] = set()
        self._unknowns: set[str] = set()
        self.fills: list[Filled] = []

    @property
    def names(self) -> list[str]:
        return [made.name for made in self._made]

    def carry_out(self, step: Any, made: Mapping[str, tuple[str, Any]] | None = None) -> None:
        """Carry a step out.

        Parameters
        ----------
        made
            New column → the one that it was made of, and as what of it.
        """
        before = {was.name: was for was in self._made}
        self._frame = step.transform(self._frame.copy())
        self._made = []
        for name in map(str, self._frame):
            if made and name in made:
                of, detail = made[name]
                self._made.append(_Made(name, before[of].origin, detail))
            else:
                self._made.append(before[name])

    def encode(self, step: Any) -> None:
        """Carry an encoder out that makes several columns of one."""
        mapping = step.transformer.mapping
        self.carry_out(step, {name: (told["col"], None) for told in mapping for name in told["mapping"].columns})

    def take_dates(self, step: Any) -> None:
        """Take parts of dates."""
        features = step.transformer.features
        self.carry_out(step, {f"{name}_{part}": (name, part) for name in step._include for part in features})

    def take_words(self, step: Any) -> None:
        """Count words."""
        made: dict[str, tuple[str, Any]] = {}
        for name, vectorizer in step.transformer.estimators_.items():
            self._vectorizers[name] = vectorizer
            words = vectorizer.get_feature_names_out()
            made |= {f"{name}_{word}": (name, place) for place, word in enumerate(words)}
        self.carry_out(step, made)

    def fill(self, step: Any) -> None:
        """Fill gaps in columns of numbers from one another."""
        if list(step.transformer.get_feature_names_out()) != list(step._include) or not self._are_plain(step._include):
            raise NotCompiled("Gaps are filled from one another in columns that are no plain numbers.")
        self.fills.append(Filled(np.array([self._place(name) for name in step._include]), nameless(step.transformer)))

    def refuse_gaps(self, step: Any) -> None:
        """Leave rows with gaps, and with values that a step knows none of, to the step itself."""
        origins = {made.name: made.origin for made in self._made}
        self._gaps |= {origins[name] for name in getattr(step.transformer, "columns", step._include)}
        self._unknowns |= {origins[name] for name in getattr(step.transformer, "mappings_", ())}

    def refuse_gaps_left(self) -> None:
        """Leave rows with gaps that nothing has filled so far to the pipeline itself: what follows refuses them."""
        missing = {name: held.index(None) for name, held in self._values.items()}
        self._gaps |= {
            made.origin
            for made in self._made
            if made.name in self._frame and pd.isna(self._frame[made.name].iloc[missing.get(made.origin, 0)])
        }

    def drop(self, names: AbstractSet[str]) -> None:
        self._made = [made for made in self._made if made.name not in names]
        self._frame = self._frame[self.names]

    def rename(self, match: str) -> None:
        self._made = [replace(made, name=re.sub(match, "", made.name)) for made in self._made]
        self._frame.columns = self.names

    def end(self) -> tuple[tuple[Writer, ...], Guard]:
        """Return what fills the matrix, and which rows it must not be trusted with.

        Raises
        ------
        NotCompiled
            Where a column would be given to the model as text.
        """
        features: dict[str, list[int]] = {}
        for place, made in enumerate(self._made):
            features.setdefault(made.origin, []).append(place)
        lookups = {name: self._lookup(name, taken) for name, taken in features.items() if name in self._values}
        plain = [name for name in features if name not in lookups and self._columns[name].kind in NUMERIC]
        writers: list[Writer] = [*([self._numbers(plain, features)] if plain else []), *lookups.values()]
        for name, taken in features.items():
            if name not in lookups and name not in plain:
                writers.append(self._read(name, taken))
        # What pandas makes of a gap among truth values is left to it, also where nothing comes of the column.
        truths = {name for name, column in self._columns.items() if column.kind == "bool" and name not in self._values}
        gaps = self._gaps | truths | set(self._vectorizers)
        numbers = [name for name in gaps if self._columns[name].kind in NUMERIC]
        texts = [name for name in gaps if self._columns[name].kind not in NUMERIC]
        guard = Guard(
            tuple(map(self._place, numbers)),
            tuple(map(self._place, texts)),
            tuple(lookup for name, lookup in lookups.items() if name in self._unknowns),
        )
        return tuple(writers), guard

    def _lay_out(self, domains: Mapping[str, Domain]) -> pd.DataFrame:
        rows = max([2, *map(len, self._values.values())])
        numbers: list[list[Any]] = []
        texts: list[list[Any]] = []
        for name, column in self._columns.items():
            held = self._values.get(name)
            if held is None:
                usual = domains[name].known[0] if domains[name].known else USUAL[column.kind]
                held = [None if column.kind == "number" else usual, usual]
            held = [*held, *[held[0]] * (rows - len(held))]
            (numbers if column.kind in NUMERIC else texts).append(held)
        laid = np.array(numbers, dtype=np.float64).reshape(-1, rows)
        return Table(tuple(self._columns.values()), laid, tuple(texts), rows).frame()

    def _lookup(self, name: str, features: Sequence[int]) -> Lookup:
        values = self._values[name]
        made = [self._made[place].name for place in features]
        return Lookup(
            is_number=self._columns[name].kind in NUMERIC,
            place=self._place(name),
            codes=Codes(values[:-1], unseen=len(values) - 1),
            missing=len(values) - 2,
            values=self._frame[made].to_numpy(dtype=np.float64)[: len(values)],
            features=beside(features),
        )

    def _numbers(self, names: Sequence[str], features: Mapping[str, Sequence[int]]) -> Numbers:
        places = [features[name][0] for name in names]
        first = self._frame.iloc[0]
        fills = [
            float(first[self._made[place].name]) if self._columns[name].kind == "number" else np.nan
            for name, place in zip(names, places, strict=True)
        ]
        return Numbers(np.array([self._place(name) for name in names]), np.array(fills), np.array(places))

    def _read(self, name: str, features: Sequence[int]) -> Writer:
        details = [self._made[place].detail for place in features]
        if name in self._vectorizers:
            return Words(self._place(name), self._vectorizers[name], np.array(details), np.array(features))
        if None in details:
            raise NotCompiled(f"The column {name} is given to the model as text.")
        unknown = set(details) - PARTS.keys()
        if unknown:
            raise NotCompiled(f"There is no way known to take the {min(unknown)} of a date.")
        return Dates(self._place(name), date_reader(details, self._columns[name].pattern), np.array(features))

    def _are_plain(self, names: Sequence[str]) -> bool:
        made = {made.name: made.origin for made in self._made}
        return all(
            made.get(name) == name and name not in self._values and self._columns[name].kind in NUMERIC
            for name in names
        )

    def _place(self, name: str) -> int:
        """Place of a column among a table's numbers, or among its texts."""
        is_number = self._columns[name].kind in NUMERIC
        return [other.name for other in self._columns.values() if (other.kind in NUMERIC) == is_number].index(name)
