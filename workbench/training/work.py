"""What an executor carries out: units over folds that are prepared once, on one machine or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.training.request import FoldFailed, FoldPrepared, Limits, Past, UnitFailed, UnitScored


@dataclass(frozen=True, slots=True)
class Unit:
    """One model on one fold."""

    model: str
    fold: int


@dataclass(frozen=True, slots=True)
class Preparation:
    """One fold, to be prepared for the models."""

    fold: int


Job = Unit | Preparation

Compute = Callable[[Unit, Any], "Answer"]
"""Scores one unit on its prepared fold; can be pickled, and holds nothing of the experiment."""


@dataclass(slots=True)
class Work:
    """Every unit of a run.

    Attributes
    ----------
    candidates
        Model id → how it is scored, in the order in which models are scored within a fold.
    prepare
        Makes one fold, in the run's own process or in one forked from it. What it returns can be pickled.
    dropped
        Models that need not be scored any further; whoever takes the answers may add to it while they come.
    """

    candidates: Mapping[str, Compute]
    folds: int
    prepare: Callable[[int], tuple[Any, FoldPrepared]]
    limits: Limits = field(default_factory=Limits)
    past: Past = field(default_factory=Past)
    dropped: set[str] = field(default_factory=set)

    def attempt(self, fold: int) -> tuple[Any, FoldPrepared | FoldFailed]:
        """Prepare one fold; an error becomes the reason why there is none."""
        try:
            return self.prepare(fold)
        except Exception as error:  # noqa: BLE001 - whatever a transformer raises costs this fold and nothing else
            return None, self.fold_failed(fold, first_line(error))

    def fold_failed(self, fold: int, why: str) -> FoldFailed:
        what = f"Fold {fold + 1}" if self.folds > 1 else "The table"
        return FoldFailed(fold, f"{what} could not be prepared: {why}")

    def open_units(self, fold: int) -> Sequence[Unit]:
        """Units of a fold that have no outcome yet."""
        return [
            Unit(model, fold)
            for model in self.candidates
            if model not in self.dropped and not self.past.knows(model, fold)
        ]


def first_line(error: Exception) -> str:
    """Tell an error by its type and the first line of its words."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


Answer = UnitScored | UnitFailed
Told = Answer | FoldPrepared | FoldFailed


class Executor(Protocol):
    """Carries out work and yields what happens, as it happens, until every unit is answered."""

    def run(self, work: Work) -> Iterator[Told]: ...
