"""Racing: models that cannot catch the leader any more are spared their other folds, by a stated test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from workbench.catalogue import TASKS
from workbench.ranking import even_test_ratio, mean_of, p_of_no_difference, rank
from workbench.training.request import FoldFailed, RacedOut, TrainingRequest, UnitFailed, UnitScored
from workbench.training.work import Told, Work

FOLDS_LEAST = 4
"""Folds that both must share before anything is said."""
P_MOST = 0.01


class Race:
    """Hears every answer and drops models from the work.

    The models are judged in rounds: a round is over when each of them has an answer on the first so many folds, and it
    is judged on these alone, so that who is dropped hangs on scores and not on which answer comes first. The leader is
    the best of those that may be chosen in the end, by its mean over the folds of the round. Another is out when the
    corrected paired t-test (see `workbench.ranking.p_of_no_difference`) over the folds on which both have a value, four
    or more, gives p below 0.01 and its mean over them is worse. A model that has failed on a fold neither leads nor is
    judged; and as the leader may fail yet, on a later fold or when it is fitted in the end, the second best stays.

    Parameters
    ----------
    eligible
        Ids of the models of which the best is fitted in the end: the others may lead nobody.
    test_ratio
        Test rows to training rows, a mean over the folds; None: as in folds of a size.
    """

    def __init__(
        self, work: Work, request: TrainingRequest, *, eligible: Collection[str], test_ratio: float | None = None
    ) -> None:
        metric = TASKS[request.task].metric(request.sort)
        assert metric is not None, request.sort
        self._metric = metric
        self._work = work
        self._eligible = frozenset(eligible)
        self._test_ratio = even_test_ratio(work.folds) if test_ratio is None else test_ratio
        self._values: dict[str, list[float | None]] = {
            model: [None] * work.folds
            for model in work.candidates
            if not request.past.failed.get(model, frozenset()) - request.past.unprepared
        }
        """Values a fold of the models that are in the race."""
        self._waiting = [set(self._values) for _ in range(work.folds)]
        """Models in the race that have no answer yet, a fold."""
        self._over = 0
        for fold in request.past.unprepared:
            self._waiting[fold].clear()
        for model, folds in request.past.scored.items():
            for fold, metrics in folds.items():
                self._note(model, fold, metrics.get(metric.name))

    def hear(self, update: Told) -> Iterator[RacedOut]:
        """Take what an executor told; yield the models that are out by it."""
        match update:
            case UnitScored():
                self._note(update.model, update.fold, update.metrics.get(self._metric.name))
            case UnitFailed():
                self._withdraw(update.model)
            case FoldFailed():
                self._waiting[update.fold].clear()
            case _:
                return
        while self._over < self._work.folds and not self._waiting[self._over]:
            self._over += 1
            yield from self._judge(self._over)

    def _note(self, model: str, fold: int, value: float | None) -> None:
        if model in self._values:
            self._values[model][fold] = value
            self._waiting[fold].discard(model)

    def _withdraw(self, model: str) -> None:
        self._values.pop(model, None)
        for waiting in self._waiting:
            waiting.discard(model)

    def _judge(self, folds: int) -> Iterator[RacedOut]:
        """Judge a round over the first so many folds."""
        if folds < FOLDS_LEAST:
            return
        best = self._best(folds)
        if not best:
            return
        for model in [model for model in self._values if model not in best[:2]]:
            if self._has_folds_left(model) and self._is_beaten(model, best[0], folds):
                self._withdraw(model)
                self._work.dropped.add(model)
                yield RacedOut(
                    model,
                    f"It cannot catch {best[0]} any more: paired t-test over the first {folds} folds, p < {P_MOST:g}.",
                )

    def _best(self, folds: int) -> Sequence[str]:
        """Models that may lead, best first: those with a value wherever another of them has one."""
        field = {model: values[:folds] for model, values in self._values.items() if model in self._eligible}
        counts = [any(values[fold] is not None for values in field.values()) for fold in range(folds)]
        means = {
            model: mean_of(values)
            for model, values in field.items()
            if all(value is not None for value, is_there in zip(values, counts, strict=True) if is_there)
        }
        order = rank(means, greater_is_better=self._metric.greater_is_better)
        return [model for model in order if means[model] is not None]

    def _has_folds_left(self, model: str) -> bool:
        return any(model in waiting for waiting in self._waiting)

    def _is_beaten(self, model: str, leader: str, folds: int) -> bool:
        pairs = [
            (mine, best)
            for mine, best in zip(self._values[model][:folds], self._values[leader][:folds], strict=True)
            if mine is not None and best is not None
        ]
        if len(pairs) < FOLDS_LEAST:
            return False
        mine, best = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        p = p_of_no_difference(mine, best, test_ratio=self._test_ratio)
        difference = (mean_of(best) or 0.0) - (mean_of(mine) or 0.0)
        is_worse = difference > 0 if self._metric.greater_is_better else difference < 0
        return is_worse and p is not None and p < P_MOST
