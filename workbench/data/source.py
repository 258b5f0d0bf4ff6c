"""What is known of a data source: its identity, how its file is read, and the facts of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from html import escape
from typing import Any

from workbench.access.actor import Actor
from workbench.data.values import ColumnKind
from workbench.store.tables import SourceRow


@dataclass(frozen=True, slots=True)
class Column:
    """Facts of one column.

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
        among those of the first rows, 10,000 values or more; none where all of them are about as rare.
    rarest
        Rows of the least frequent value; None where `distinct_exact` is False or there is no value.
    integral
        Whether it holds whole numbers only.
    unique
        Whether every row has a value of its own; where `distinct_exact` is False, that was seen of the first rows only,
        10,000 or more.
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
    unique: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as plain data that JSON can hold."""
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
    version: int
    kind: str
    row_count: int
    column_count: int
    size_bytes: int

    @classmethod
    def of(cls, source: Source) -> SourceLine:
        return cls(
            source.id,
            source.name,
            source.version,
            source.kind,
            source.row_count,
            len(source.columns),
            source.size_bytes,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """One version of a data source, as stored; it never changes.

    Attributes
    ----------
    version
        From 1; a table that was read again and had changed is the next version.
    kind
        Where it came from: ``upload``, ``file``, ``sql``, ``object``, ``inline`` or ``sample``.
    sha256
        Of the bytes as they came, of the stored table where it came as rows; where the user said how it is to be read,
        of that too.
    size_bytes
        Size of what came.
    notices
        What was repaired or decided while the table was read, a sentence each.
    format
        How it was read: its type and what else that took, such as encoding and delimiter; under ``kinds`` what the user
        said of columns.
    origin
        Where it is read from again, without secrets; empty where it cannot be. Its ``stamp`` alone is renewed. Of a
        place of the server's own, callers by key and viewers see its kind and stamp alone.
    family_id
        Id of its first version.
    location
        Name of the table's file inside the home's data folder.
    table_sha256
        Of that file; None for one that an older Workbench stored as it came.
    raw
        Name of the file with the bytes as they came, in the same folder; None where they were not kept.
    is_current
        Whether it is the newest version.
    is_deleted
        Whether it is hidden and kept only for the runs that used it.
    """

    id: str
    name: str
    version: int
    kind: str
    sha256: str
    size_bytes: int
    row_count: int
    columns: tuple[Column, ...]
    notices: tuple[str, ...]
    created_at: datetime
    format: dict[str, Any] = field(hash=False)
    origin: dict[str, Any] = field(hash=False)
    family_id: str = field(repr=False)
    location: str = field(repr=False)
    table_sha256: str | None = field(repr=False)
    raw: str | None = field(repr=False)
    is_current: bool = True
    is_deleted: bool = False

    @classmethod
    def of(cls, row: SourceRow) -> Source:
        return cls(
            id=row.id,
            name=row.name,
            version=row.version,
            kind=row.kind,
            sha256=row.sha256,
            size_bytes=row.size_bytes,
            row_count=row.row_count,
            columns=tuple(Column.of(column) for column in row.columns),
            notices=tuple(row.notices),
            created_at=row.created_at,
            format=dict(row.format),
            origin=dict(row.origin),
            family_id=row.family_id or row.id,
            location=row.location,
            table_sha256=row.table_sha256,
            raw=row.raw,
            is_current=row.live_name is not None,
            is_deleted=row.deleted_at is not None,
        )

    def shown_to(self, actor: Actor) -> Source:
        """Return it with as much of its origin as somebody may see."""
        # What has a reach was named by a key, and leads to nothing of the server's.
        if actor.sees_places or "reach" in self.origin:
            return self
        shown = {name: value for name, value in self.origin.items() if name in ("kind", "stamp")}
        return replace(self, origin=shown)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns that are read as text whatever stands in them."""
        return tuple(column.name for column in self.columns if column.kind in ("text", "date"))

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "kind": self.kind,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "row_count": self.row_count,
            "columns": [column.as_dict() for column in self.columns],
            "notices": list(self.notices),
            "created_at": self.created_at.isoformat(),
            "format": dict(self.format),
            "origin": dict(self.origin),
            "family_id": self.family_id,
            "location": self.location,
            "table_sha256": self.table_sha256,
            "raw": self.raw,
            "is_current": self.is_current,
            "is_deleted": self.is_deleted,
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
