"""The profile panel: each column, how they go together, what goes with the target, what changed since a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.data.profile.parts import as_dict
from workbench_widgets import plotting
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Bytes, Command, Panel, script
from workbench_widgets.profiling import Looked, line

_EMPTY: dict[str, Any] = {"head": None, "lines": {}, "association": None, "target": None, "drift": None}


class ProfilePanel(Panel):
    """What is computed of the chosen table, shown while it is computed; all of a column where it is asked for."""

    _esm = script("columns", "plots", "figures", "column", "wholes", "profile")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._source: str | None = None
        self._told: Looked | None = None
        super().__init__(
            desk.workbench,
            source=None,
            **_EMPTY,
            asked={"target": None, "against": None},
            seconds=None,
            trouble=[],
            is_over=True,
            has_plots=plotting.script() is not None,
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "column": self._column,
            "aim": self._aim,
            "compare": self._compare,
            "plot_library": lambda: Bytes(plotting.packed()),
        }

    def feed(self) -> bool:
        with self._feeding:
            chosen = self._desk.source_id
            looked = self._desk.profiling.look(chosen)
            if chosen != self._source:
                self.show(source=None if chosen is None else self._described(chosen), **_EMPTY)
                self._source = chosen
            if looked is not self._told:
                self._tell(looked)
                self._told = looked
            return not looked.is_over

    def _described(self, id: str) -> dict[str, Any]:
        source = self.workbench.data.get(id)
        versions = self.workbench.data.versions(source)
        return {
            "id": source.id,
            "name": source.name,
            "version": source.version,
            "rows": source.row_count,
            "columns": [[column.name, column.kind] for column in source.columns],
            "versions": [
                {"id": each.id, "version": each.version, "created": each.created_at.isoformat()} for each in versions
            ],
        }

    def _tell(self, looked: Looked) -> None:
        told, question = looked.profile, looked.question
        known = self._view["lines"]
        new = {column.name: line(column) for column in told.columns if column.name not in known}
        parts = {name: getattr(told, name) for name in ("head", "association", "target", "drift")}
        self.show(
            put={"lines": new} if new else None,
            **{name: None if part is None else as_dict(part) for name, part in parts.items()},
            asked={"target": question and question.target, "against": question and question.against},
            seconds=told.seconds,
            trouble=[*told.failures, *([looked.error] if looked.error else [])],
            is_over=looked.is_over,
        )

    def _column(self, source: str, name: str) -> dict[str, Any] | None:
        """Tell all of a column of any version; None while it is not computed."""
        found = self._desk.profiling.column(source, name)
        return None if found is None else as_dict(found)

    def _aim(self, source: str, target: str | None) -> None:
        self._desk.profiling.aim(source, target)
        self.feed()
        self._feeder.wake()

    def _compare(self, source: str, against: str | None) -> None:
        self._desk.profiling.compare(source, against and self.workbench.data.get(against).id)
        self.feed()
        self._feeder.wake()
