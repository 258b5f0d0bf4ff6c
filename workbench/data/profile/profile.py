"""A profile, as far as it is computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.data.profile.parts import (
    Association,
    ColumnPart,
    Drift,
    End,
    Failed,
    Head,
    Part,
    Target,
    as_dict,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is told of a table so far.

    Attributes
    ----------
    head
        None while nothing is told.
    columns
        Those that are done, in the table's order.
    association, target, drift
        None until they are done; the last two also where they were not asked for.
    seconds, peak_bytes
        What it took to compute, and the most memory that it took; None while it is not complete.
    failures
        Why something could not be computed, a sentence each.
    is_complete
        Whether there is nothing to wait for.
    """

    head: Head | None = None
    columns: tuple[ColumnPart, ...] = ()
    association: Association | None = None
    target: Target | None = None
    drift: Drift | None = None
    seconds: float | None = None
    peak_bytes: int | None = None
    failures: tuple[str, ...] = ()
    is_complete: bool = False

    @classmethod
    def of(cls, parts: Iterable[Part], *, is_complete: bool) -> Profile:
        """Put parts together, in whatever order they came."""
        found: dict[type, list[Any]] = {}
        for part in parts:
            found.setdefault(type(part), []).append(part)

        ends: list[End] = found.get(End, [])

        def only(kind: type) -> Any:
            return found.get(kind, [None])[-1]

        return cls(
            head=only(Head),
            columns=tuple(found.get(ColumnPart, ())),
            association=only(Association),
            target=only(Target),
            drift=only(Drift),
            seconds=sum(end.seconds for end in ends) if is_complete else None,
            peak_bytes=max((end.peak_bytes for end in ends), default=None) if is_complete else None,
            failures=tuple(failed.reason for failed in found.get(Failed, ())),
            is_complete=is_complete,
        )

    def column(self, name: str) -> ColumnPart | None:
        """Return a column by its name; None while it is not done, or where there is none."""
        return next((column for column in self.columns if column.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        parts = {"head": self.head, "association": self.association, "target": self.target, "drift": self.drift}
        return {name: None if part is None else as_dict(part) for name, part in parts.items()} | {
            "columns": [as_dict(column) for column in self.columns],
            "seconds": self.seconds,
            "peak_bytes": self.peak_bytes,
            "failures": list(self.failures),
            "is_complete": self.is_complete,
        }
