"""What is to be profiled, as it is handed to the process that does it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.data.values import ColumnKind

FORMAT = 1
"""Part of a file's name, so that what another Workbench told in another way is computed again."""


@dataclass(frozen=True, slots=True)
class Table:
    """A stored table.

    Attributes
    ----------
    path
        A Parquet file whose columns are numbers, truths and texts.
    columns
        Name, kind, and rows without a value, in the file's order.
    """

    id: str
    path: Path
    columns: tuple[tuple[str, ColumnKind, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self.columns)

    @property
    def sample(self) -> Path:
        """Where the rows that were drawn of it are kept."""
        return self.profile("-sample")

    def profile(self, ending: str = "") -> Path:
        """Where a profile of it is kept."""
        return self.path.parent / f"{self.id}.profile{FORMAT}{ending}"


@dataclass(frozen=True, slots=True)
class Job:
    """One file of a profile: the columns, or how they go with a target, or how they changed since another version."""

    table: Table
    target: str | None = None
    before: Table | None = None

    @property
    def path(self) -> Path:
        """The file; whoever drops the table drops what begins with its id and goes on with ``.profile``."""
        if self.target is not None:
            # Any text can be the name of a column, and not of a file.
            digest = hashlib.sha256(self.target.encode()).hexdigest()[:16]
            return self.table.profile(f"-target-{digest}")
        if self.before is not None:
            return self.table.profile(f"-since-{self.before.id}")
        return self.table.profile()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        told = asdict(self)
        for name in ("table", "before"):
            if told[name] is not None:
                told[name]["path"] = str(told[name]["path"])
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Job:
        """Rebuild what `as_dict` gave."""
        before = None if told["before"] is None else _table(told["before"])
        return cls(_table(told["table"]), told["target"], before)


def _table(told: Mapping[str, Any]) -> Table:
    return Table(told["id"], Path(told["path"]), tuple((name, kind, gaps) for name, kind, gaps in told["columns"]))
