"""Units over workers, with small functions in the place of models."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping

from workbench.training.executors.local import LocalExecutor
from workbench.training.request import FoldPrepared, Limits, Past, UnitFailed, UnitScored
from workbench.training.work import Unit, Work


class Rows:
    """A prepared fold."""

    def __init__(self, fold: int) -> None:
        self.fold = fold


class Field:
    """Models on folds: what is prepared here, and what is answered.

    Parameters
    ----------
    took
        Model → seconds that each of its units says it took; None: what is measured.
    """

    def __init__(
        self,
        models: str,
        folds: int,
        compute: Callable[[Unit], float | None],
        *,
        workers: int = 2,
        model_s: float = 0,
        unit_bytes: int = 0,
        past: Past | None = None,
        took: Mapping[str, float] | None = None,
    ) -> None:
        self.before_fold: Callable[[int], None] = lambda fold: None
        self.alive: weakref.WeakSet[Rows] = weakref.WeakSet()

        def answer(unit: Unit, rows: Rows) -> UnitScored:
            assert rows.fold == unit.fold
            started = time.perf_counter()
            value = compute(unit)
            fit_s = time.perf_counter() - started if took is None else took[unit.model]
            return UnitScored(unit.model, unit.fold, {"Accuracy": value}, {}, fit_s, 0.0)

        self.work = Work(
            candidates=dict.fromkeys(models.split(), answer),
            folds=folds,
            prepare=self.prepare,
            limits=Limits(workers, model_s, unit_bytes),
            past=past or Past(),
        )
        self.units = LocalExecutor().run(self.work)

    def prepare(self, fold: int) -> tuple[Rows, FoldPrepared]:
        self.before_fold(fold)
        rows = Rows(fold)
        self.alive.add(rows)
        return rows, FoldPrepared(fold, 10, 5, 3, 0.0)

    def run(self) -> tuple[set[tuple[str, int]], dict[str, list[UnitFailed]]]:
        """Run to the end; return the units that were scored, and what failed of each model."""
        scored: set[tuple[str, int]] = set()
        failed: dict[str, list[UnitFailed]] = {}
        for update in self.units:
            if isinstance(update, UnitScored):
                assert (update.model, update.fold) not in scored
                scored.add((update.model, update.fold))
            elif isinstance(update, UnitFailed):
                failed.setdefault(update.model, []).append(update)
        return scored, failed


def every(models: str, folds: int) -> set[tuple[str, int]]:
    return {(model, fold) for model in models.split() for fold in range(folds)}


def half(unit: Unit) -> float:
    return 0.5
