"""Racing: models that cannot catch the leader any more are spared their other folds, by a stated test."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.catalogue import TASKS
from workbench.ranking import mean_of, p_of_no_difference, rank
from workbench.training.request import RacedOut, TrainingRequest, UnitScored
from workbench.training.work import Work

FOLDS_LEAST = 4
"""Folds that both must share before anything is said."""
P_MOST = 0.01


class Race:
    """Watches scores and drops models from the work.

    A model is out when, on at least four folds that it shares with the model that leads, its mean is worse and the
    corrected paired t-test (see `workbench.ranking.p_of_no_difference`) gives p below 0.01.
    """

    def __init__(self, work: Work, request: TrainingRequest) -> None:
        metric = TASKS[request.task].metric(request.sort)
        assert metric is not None, request.sort
        self._metric = metric
        self._work = work
        self._values: dict[str, list[float | None]] = {model: [None] * work.folds for model in work.candidates}
        for model, folds in request.past.scored.items():
            for fold, metrics in folds.items():
                self._values[model][fold] = metrics.get(metric.name)

    def hear(self, update: UnitScored) -> Iterator[RacedOut]:
        self._values[update.model][update.fold] = update.metrics.get(self._metric.name)
        running = [model for model in self._values if model not in self._work.dropped]
        # Means over different folds cannot be compared: who leads is judged pair by pair.
        means = {model: mean_of(self._values[model]) for model in running}
        leader = rank(means, greater_is_better=self._metric.greater_is_better)[0]
        for model in running if update.model == leader else [update.model]:
            if model != leader and self._is_beaten(model, leader):
                self._work.dropped.add(model)
                yield RacedOut(model, self._why(leader))

    def _is_beaten(self, model: str, leader: str) -> bool:
        pairs = [
            (mine, best)
            for mine, best in zip(self._values[model], self._values[leader], strict=True)
            if mine is not None and best is not None
        ]
        if len(pairs) < FOLDS_LEAST or len(pairs) == self._work.folds:
            return False
        mine, best = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        p = p_of_no_difference(mine, best)
        difference = (mean_of(best) or 0.0) - (mean_of(mine) or 0.0)
        is_worse = difference > 0 if self._metric.greater_is_better else difference < 0
        return is_worse and p is not None and p < P_MOST

    def _why(self, leader: str) -> str:
        return f"It cannot catch {leader} any more: paired t-test over the folds so far, p < {P_MOST:g}."
