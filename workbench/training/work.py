"""What an executor carries out: units over folds that are prepared once, on one machine or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.training.request import FoldPrepared, Limits, Past, UnitFailed, UnitScored


@dataclass(frozen=True, slots=True)
class Unit:
    """One model on one fold."""

    model: str
    fold: int


Compute = Callable[[Unit, Any], UnitScored]
"""Scores one unit on its prepared fold; can be pickled, and holds nothing of the experiment."""


@dataclass(slots=True)
class Work:
    """Every unit of a run.

    Attributes
    ----------
    candidates
        Model id → how it is scored, in the order in which models are scored within a fold.
    prepare
        Makes one fold; called once a fold, in order, in the run's own process. What it returns can be pickled.
    dropped
        Models that need not be scored any further; whoever takes the answers may add to it while they come.
    """

    candidates: Mapping[str, Compute]
    folds: int
    prepare: Callable[[int], tuple[Any, FoldPrepared]]
    limits: Limits = field(default_factory=Limits)
    past: Past = field(default_factory=Past)
    dropped: set[str] = field(default_factory=set)

    def open_units(self, fold: int) -> Sequence[Unit]:
        """Units of a fold that have no outcome yet."""
        return [
            Unit(model, fold)
            for model in self.candidates
            if model not in self.dropped and not self.past.knows(model, fold)
        ]


Answer = UnitScored | UnitFailed


class Executor(Protocol):
    """Carries out work and yields what happens, as it happens, until every unit is answered."""

    def run(self, work: Work) -> Iterator[Answer | FoldPrepared]: ...
