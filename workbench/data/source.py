"""What is known of a data source: its identity, how its file is read, and a profile of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Literal

from workbench.data.layout import Layout
from workbench.store.tables import SourceRow

ColumnKind = Literal["number", "text", "bool", "date"]
LABEL_CHARACTERS = 100
"""Longest text that a profile shows of a value."""


@dataclass(frozen=True, slots=True)
class Column:
    """Profile of one column.

    Attributes
    ----------
    kind
        What a whole ``pandas.read_csv`` makes of it; ``date`` is text of which every value is an ISO 8601 date.
    missing
        Rows without a value.
    distinct
        Distinct values, missing ones aside; at least so many where `distinct_exact` is False.
    minimum, maximum, mean
        Over the finite values of a number column; None for other kinds, and where there is no such value.
    top
        The most frequent values, at most five, with their counts. Where `distinct_exact` is False, the most frequent
        among the first 10,000 distinct values.
    rarest
        Rows of the least frequent value; None where `distinct_exact` is False or there is no value.
    integral
        Whether it holds whole numbers only.
    """

    name: str
    kind: ColumnKind
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    rarest: int | None = None
    integral: bool = False
    distinct_exact: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the profile as plain data that JSON can hold."""
        return asdict(self) | {"top": [list(pair) for pair in self.top]}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Column:
        """Rebuild what `as_dict` gave."""
        return cls(**{**stored, "top": tuple((value, count) for value, count in stored["top"])})


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What a list shows of a data source."""

    id: str
    name: str
    kind: str
    row_count: int
    column_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A data source, as stored.

    Attributes
    ----------
    kind
        ``upload`` or ``sample``.
    notices
        What was repaired or decided while the file was read, a sentence each.
    format
        How the file is read: its type, encoding and delimiter. The column names are those of `columns`.
    location
        File name inside the home's data folder.
    is_deleted
        Whether it is hidden and kept only for the runs that used it.
    """

    id: str
    name: str
    kind: str
    sha256: str
    size_bytes: int
    row_count: int
    columns: tuple[Column, ...]
    notices: tuple[str, ...]
    created_at: datetime
    format: dict[str, Any] = field(hash=False)
    location: str = field(repr=False)
    is_deleted: bool = False

    @classmethod
    def of(cls, row: SourceRow) -> Source:
        return cls(
            id=row.id,
            name=row.name,
            kind=row.kind,
            sha256=row.sha256,
            size_bytes=row.size_bytes,
            row_count=row.row_count,
            columns=tuple(Column.of(column) for column in row.columns),
            notices=tuple(row.notices),
            created_at=row.created_at,
            format=dict(row.format),
            location=row.location,
            is_deleted=row.deleted_at is not None,
        )

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns that are read as text whatever stands in them."""
        return tuple(column.name for column in self.columns if column.kind in ("text", "date"))

    @property
    def layout(self) -> Layout:
        return Layout.of(self.format, self.column_names)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "row_count": self.row_count,
            "columns": [column.as_dict() for column in self.columns],
            "notices": list(self.notices),
            "created_at": self.created_at.isoformat(),
            "format": dict(self.format),
        }

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(column.name)}</th><td>{column.kind}</td><td>{column.missing:,}</td>"
            f"<td>{column.distinct:,}{'' if column.distinct_exact else '+'}</td></tr>"
            for column in self.columns
        )
        notices = "".join(f"<li>{escape(notice)}</li>" for notice in self.notices)
        return (
            f"<p><b>{escape(self.name)}</b> · {self.row_count:,} rows · {len(self.columns):,} columns</p>"
            f"<ul>{notices}</ul>"
            f"<table><tr><th>column</th><th>kind</th><th>missing</th><th>distinct</th></tr>{rows}</table>"
        )
