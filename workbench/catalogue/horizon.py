"""How far a forecast looks ahead, and the rows that its splits take: the same sum for a request and for training.

``n`` rows are split into ``k`` folds of ``h`` forecasts each, the last of them ``H`` rows ahead, gap included. As
PyCaret has it, the last ``H`` rows are held out first, and no fold sees them. Fold ``i`` of ``0 … k − 1`` learns from
rows that end ``H + (k − 1 − i) · h`` before what is left ends, and is scored on ``h`` rows, the first of them
``gap + 1`` rows later. An expanding split learns from all rows up to its end, a sliding one from as many as the first.

PyCaret has no gap, and needs none: it is a horizon that leaves its first steps out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import BadRequest

LEAST = 2
"""Fewest rows that the first split may learn from: with one alone nothing can be scaled or differenced."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The steps that are forecast.

    Attributes
    ----------
    steps
        How many rows each lies after the last row that was learned from, gap included, nearest first.
    gap
        Rows between the last row that was learned from and the first that could be forecast.
    """

    steps: tuple[int, ...]
    gap: int = 0

    @classmethod
    def of(cls, setup: Mapping[str, Any]) -> Horizon:
        """Read a set-up.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when the steps or the gap are none.
        """
        ahead, gap = setup.get("fh", 1), setup.get("gap", 0)
        steps = list(range(1, ahead + 1)) if _is_whole(ahead) else ahead
        if not isinstance(steps, (list, tuple)) or not steps or not all(_is_whole(s) and s >= 1 for s in steps):
            raise BadRequest(
                "spec.invalid",
                f"The option 'fh' is {ahead!r}; it takes a number of steps, or a list of steps from 1 on.",
            )
        if len(set(steps)) < len(steps):
            raise BadRequest("spec.invalid", f"The option 'fh' is {ahead!r}; it names a step twice.")
        if not _is_whole(gap) or gap < 0:
            raise BadRequest("spec.invalid", f"The option 'gap' is {gap!r}; it takes 0 or more rows.")
        return cls(tuple(gap + step for step in sorted(steps)), gap)

    @property
    def last(self) -> int:
        return self.steps[-1]

    @property
    def fh(self) -> int | list[int]:
        """The horizon as PyCaret takes it: a number of steps, or a list where steps are left out in front."""
        count = len(self.steps)
        return count if self.steps == tuple(range(1, count + 1)) else list(self.steps)

    def first_window(self, rows: int, folds: int) -> int:
        """Rows that the first split learns from."""
        return rows - 2 * self.last - (folds - 1) * len(self.steps)

    def check(self, rows: int, folds: int, named: str) -> None:
        """Refuse a table that is too short, whole or not at all.

        Raises
        ------
        BadRequest
            ``spec.invalid`` telling how many rows it takes.
        """
        lack = LEAST - self.first_window(rows, folds)
        if lack <= 0:
            return
        gap = f" after a gap of {_counted(self.gap, 'row')}" if self.gap else ""
        raise BadRequest(
            "spec.invalid",
            f"{folds} folds of {_counted(len(self.steps), 'step')}{gap}, with {_counted(self.last, 'row')} held out, "
            f"take {_counted(rows + lack, 'row')}; {named} has {rows}.",
            hint="Ask for fewer folds or a shorter horizon.",
        )


def pycaret_setup(setup: Mapping[str, Any]) -> dict[str, Any]:
    """Write a set-up in PyCaret's own terms: the gap in its horizon."""
    own = {name: value for name, value in setup.items() if name != "gap"}
    return own | {"fh": Horizon.of(setup).fh} if "fh" in setup or "gap" in setup else own


def _counted(number: int, of_what: str) -> str:
    return f"{number} {of_what}" if number == 1 else f"{number} {of_what}s"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
