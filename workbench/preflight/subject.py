"""The table of a run as its set-up sees it: what is a feature, what is named for something, what can be left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.catalogue import TASKS
from workbench.data.source import Column, Source
from workbench.plain import listed
from workbench.preflight.findings import Mend
from workbench.preflight.widths import option
from workbench.runs.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Subject:
    """A table, and what is asked for of it."""

    source: Source
    spec: RunSpec

    @property
    def has_target(self) -> bool:
        return TASKS[self.spec.task].has_target

    @property
    def is_series(self) -> bool:
        return self.spec.task == "time_series"

    @property
    def is_classes(self) -> bool:
        return self.spec.task == "classification"

    @property
    def target(self) -> Column | None:
        return None if self.spec.target is None else self.source.column(self.spec.target)

    @property
    def features(self) -> tuple[Column, ...]:
        """Columns that are learned from."""
        others = {self.spec.target, self.spec.options.get("ground_truth"), *self.named("ignore_features")}
        others |= set(self.named("index")) if self.is_series else set()
        return tuple(column for column in self.source.columns if column.name not in others)

    def setup(self, name: str) -> Any:
        """Return the value of a set-up option, the default where it is not named; None where the task has no such."""
        return option(self.spec.setup, self.spec.task, name)

    def named(self, name: str) -> Sequence[str]:
        """Return the columns that a set-up option names."""
        return columns_named(self.spec, name, self.spec.setup.get(name))

    def is_named(self, column: str) -> bool:
        """Whether a set-up option other than ``ignore_features`` names a column: somebody has decided on it."""
        return any(column in self.named(name) for name in self.spec.setup if name != "ignore_features")

    def leave_out(self, columns: Iterable[str]) -> Mend | None:
        """Return what leaves columns out; None where the set-up names one of them, or nothing would be left."""
        wanted = [name for name in columns if name not in self.named("ignore_features")]
        left = [column.name for column in self.features if column.name not in wanted]
        if "ignore_features" not in TASKS[self.spec.task].options or any(map(self.is_named, wanted)):
            return None
        if not wanted or (not left and not self.is_series):
            return None
        return self.add("ignore_features", wanted, f"Leave out {listed(wanted)}")

    def add(self, name: str, columns: Sequence[str], label: str) -> Mend:
        """Return what names columns in a set-up option, beside those that it names already."""
        return Mend(label, {"setup": {name: [*self.named(name), *columns]}})


def columns_named(spec: RunSpec, name: str, value: Any) -> Sequence[str]:
    """Return the columns that a value of a set-up option names."""
    kind = TASKS[spec.task].options[name].kind if name in TASKS[spec.task].options else None
    if not value:
        return ()
    if kind == "column":
        return (value,)
    if kind == "groups":
        return [column for columns in value.values() for column in columns]
    return list(value) if kind in ("columns", "levels") else ()
