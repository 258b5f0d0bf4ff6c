"""Scores as they land, and the leaderboard that they make at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from workbench.access.places import without_places
from workbench.catalogue import TASKS, Metric
from workbench.ranking import (
    CONFIDENCE,
    deviation,
    even_test_ratio,
    interval,
    mean_of,
    p_of_no_difference,
    rank,
    relative_spread,
)
from workbench.runs.record import RunRecord
from workbench.store.database import Database
from workbench.store.tables import Base, ScoreRow

UnitStatus = Literal["scored", "failed", "timed_out", "raced_out", "unprepared"]
"""``unprepared``: no model could be scored on the fold."""
_HUGE = 1e9
"""What no measure comes to unless something is divided by as good as 0."""
_OF_LABELS = ("Recall", "Prec.", "F1")
"""Measures that PyCaret takes by the labels of each fold, not by those of the target."""
RowStatus = Literal["waiting", "scoring", "scored", "failed", "timed_out", "raced_out", "stopped"]


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One model of the field.

    Attributes
    ----------
    rank
        Place among the models that have a value of the sort metric, from 1; None for the others.
    status
        ``waiting`` for a first score, ``scoring``, ``scored`` on every fold that could be prepared, ``failed``,
        ``timed_out``, ``raced_out``, or ``stopped`` when the run ended before every fold was scored.
    reason
        Why it failed or was stopped; None when there is nothing to say.
    metrics
        PyCaret's display names → unrounded means over the folds on which the metric is defined; None where there is
        none.
    std
        Population standard deviations over the same folds, as PyCaret computes them; None for a task without folds.
    interval
        95 % confidence intervals of the means, see `workbench.ranking.interval`; None below two folds.
    notes
        Metric → why it is undefined on some folds or on all.
    pycaret
        Metric → the mean that PyCaret would show, where it counts something else on purpose.
    folds
        Per metric the value on each fold, in order of folds; None where not scored.
    is_separable
        Whether the model that ranks first differs from this one by more than noise, see
        `workbench.ranking.p_of_no_difference`; None for that model, and where too few folds are shared.
    fit_s, score_s
        Mean seconds to fit and to score one fold; None before the first score. What a measure fits for itself, as
        Stability of detectors does twice, counts as scoring.
    recipe
        How the model is made, where that is known.
    """

    model: str
    name: str
    rank: int | None
    status: RowStatus
    reason: str | None
    metrics: Mapping[str, float | None]
    std: Mapping[str, float | None]
    interval: Mapping[str, tuple[float, float] | None]
    notes: Mapping[str, str]
    pycaret: Mapping[str, float]
    folds: Mapping[str, list[float | None]]
    folds_scored: int
    folds_total: int
    is_separable: bool | None
    fit_s: float | None
    score_s: float | None
    recipe: Mapping[str, Any] | None

    @property
    def remarks(self) -> dict[str, str]:
        """Metric → what a reader must know of its value: why it has none, what PyCaret shows instead."""
        told = dict(self.notes)
        for metric, shown in self.pycaret.items():
            digits = ".3g" if abs(shown) > _HUGE else ".4f"
            theirs = f"PyCaret shows {shown:{digits}}: {self._why(metric, shown)}."
            told[metric] = f"{told[metric]} {theirs}" if metric in told else theirs
        return told

    def _why(self, metric: str, shown: float) -> str:
        """Say why PyCaret shows another value."""
        if abs(shown) > _HUGE:
            return "it divides by next to nothing"
        if self.status == "failed" or (self.status == "scored" and self.folds_scored < self.folds_total):
            return "it counts a fold on which the model fails as 0"
        if metric in _OF_LABELS:
            return "it takes a fold whose rows are all of the classes 0 and 1 for one of two classes"
        return "it counts 0 where its own scorer fails"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        bounds = {metric: None if pair is None else list(pair) for metric, pair in self.interval.items()}
        return asdict(self) | {"interval": bounds}


def store_score(
    session: Session,
    run_id: str,
    model: str,
    fold: int,
    status: UnitStatus,
    *,
    reason: str | None = None,
    metrics: Mapping[str, float | None] | None = None,
    undefined: Mapping[str, str] | None = None,
    pycaret: Mapping[str, float] | None = None,
    fit_s: float | None = None,
    score_s: float | None = None,
) -> None:
    """Store one unit's outcome inside the caller's transaction."""
    written = {
        "run_id": run_id,
        "model": model,
        "fold": fold,
        "status": status,
        "reason": reason and without_places(reason),
        "metrics": dict(metrics or {}),
        "undefined": dict(undefined) if undefined else None,
        "pycaret": dict(pycaret) if pycaret else None,
        "fit_s": fit_s,
        "score_s": score_s,
    }
    session.execute(_INSERT, written)


# Built once: it is carried out for every unit, beside busy workers.
_INSERT = insert(Base.metadata.tables[ScoreRow.__tablename__])


def zeros(task: str) -> dict[str, float]:
    """What PyCaret averages in for a fold on which a model fails; nothing for a task in which it does not."""
    counts = TASKS[task].name in ("classification", "regression")
    return {metric.name: 0.0 for metric in TASKS[task].metrics if counts and not metric.is_own}


def of_run(database: Database, run_id: str) -> list[ScoreRow]:
    """Return every unit's outcome, by fold."""
    query = select(ScoreRow).where(ScoreRow.run_id == run_id).order_by(ScoreRow.fold)
    with database.read() as session:
        return list(session.scalars(query))


def count(session: Session, run_id: str) -> int:
    """Count the units that have an outcome."""
    return session.scalar(select(func.count()).select_from(ScoreRow).where(ScoreRow.run_id == run_id)) or 0


def forget(session: Session, run_id: str) -> int:
    """Remove every outcome of a run, inside the caller's transaction; return how many there were."""
    units = count(session, run_id)
    session.execute(delete(ScoreRow).where(ScoreRow.run_id == run_id))
    return units


def carry_over(session: Session, from_run: str, to_run: str, called: Mapping[str, str] | None = None) -> int:
    """Copy what one run scored to another, inside the caller's transaction; return how many units that are.

    Parameters
    ----------
    called
        Models of which the scores are copied → what they are called in the other run; None: all of them, as they are.
    """
    of_run = select(ScoreRow).where(ScoreRow.run_id == from_run, ScoreRow.status == "scored")
    known = session.scalars(of_run if called is None else of_run.where(ScoreRow.model.in_(called))).all()
    for row in known:
        store_score(
            session,
            to_run,
            row.model if called is None else called[row.model],
            row.fold,
            "scored",
            metrics=row.metrics,
            undefined=row.undefined,
            pycaret=row.pycaret,
            fit_s=row.fit_s,
            score_s=row.score_s,
        )
    return len(known)


def leaderboard(database: Database, run: RunRecord) -> list[LeaderboardRow]:
    """Rank the field on what is scored so far.

    The order is that of `workbench.ranking.rank` on the run's sort metric. Models that failed come after those that
    rank, models without any score last; nothing is left out.
    """
    return board(run, of_run(database, run.id))


def board(run: RunRecord, outcomes: Iterable[ScoreRow]) -> list[LeaderboardRow]:
    """Rank the field of a run on outcomes of its units that were read already, by fold; see `leaderboard`."""
    # A set-up scores nothing: its field never waits.
    units: dict[str, list[ScoreRow]] = {model: [] for model, _ in run.field if run.plan != "setup"}
    for unit in outcomes:
        units.setdefault(unit.model, []).append(unit)
    task = TASKS[run.task]
    sort = task.metric(str(run.spec["sort"]))
    assert sort is not None, run.spec["sort"]
    metrics = task.metrics_of(run.spec.get("options", {}), run.spec.get("setup", {}))
    rows = [_row(model, found, metrics, run) for model, found in units.items()]
    means = {row.model: sort.judged(row.metrics[sort.name]) if row.status in _RANKED else None for row in rows}
    order = rank(means, greater_is_better=sort.greater_is_better)
    place = {model: index for index, model in enumerate(order)}
    rows.sort(key=lambda row: (_LAST.get(row.status, 0 if row.folds_scored else 3), place[row.model]))
    if not rows:
        return []
    best, ratio = rows[0], test_ratio(run)
    return [
        replace(
            row,
            rank=number if means[row.model] is not None else None,
            is_separable=None if row is best else _separable(row, best, sort, ratio),
        )
        for number, row in enumerate(rows, 1)
    ]


_RANKED = ("scoring", "scored", "stopped")
_LAST = {"raced_out": 1, "failed": 2, "timed_out": 2}


def _separable(row: LeaderboardRow, best: LeaderboardRow, metric: Metric, ratio: float) -> bool | None:
    ours, theirs = (judged(metric, board.folds[metric.name], board.metrics[metric.name]) for board in (row, best))
    return separable(ours, theirs, ratio)


def separable(one: Sequence[float | None], other: Sequence[float | None], ratio: float) -> bool | None:
    """Whether two models differ by more than noise on the same folds, by `p_of_no_difference`; None on too few."""
    p = p_of_no_difference(one, other, test_ratio=ratio)
    return None if p is None else p < 1 - CONFIDENCE


def judged(metric: Metric, values: Sequence[float | None], mean: float | None) -> Sequence[float | None]:
    """Turn values a fold so that their mean is the one by which a model is ranked."""
    if mean is None or metric.judged(mean) == mean:
        return values
    return [None if value is None else -value for value in values]


def test_ratio(run: RunRecord) -> float:
    """Test rows to training rows, a mean over a run's folds; where set-up has not told it, as in folds of a size."""
    told = run.fitted.get("test_ratio")
    if told is not None:
        return float(told)
    return even_test_ratio(run.folds) if run.folds > 1 else 0.0


def _row(model: str, units: Sequence[ScoreRow], known: Sequence[Metric], run: RunRecord) -> LeaderboardRow:
    metrics = [metric.name for metric in known]
    total = run.folds
    scored = [unit for unit in units if unit.status == "scored"]
    status, reason = _standing(scored, [unit for unit in units if unit.status != "scored"], total, run)
    ratio = test_ratio(run)
    by_fold = {unit.fold: unit for unit in scored}
    folds = {
        metric: [by_fold[fold].metrics.get(metric) if fold in by_fold else None for fold in range(total)]
        for metric in metrics
    }
    recipe = run.recipe(model)
    return LeaderboardRow(
        model=model,
        name=run.model_name(model),
        rank=None,
        status=status,
        reason=reason,
        metrics={metric: mean_of(values) for metric, values in folds.items()}
        | {metric.name: relative_spread(folds[metric.spread_of]) for metric in known if metric.spread_of},
        # One value spreads over nothing: 0 would say that the next one will be the same.
        std={metric: deviation(values) if total > 1 else None for metric, values in folds.items()},
        interval={metric: interval(values, test_ratio=ratio) for metric, values in folds.items()},
        notes={metric: note for metric in metrics if (note := _note(metric, scored))},
        pycaret=_pycaret(metrics, units, run.plan),
        folds=folds,
        folds_scored=len(scored),
        folds_total=total,
        is_separable=None,
        fit_s=mean_of([unit.fit_s for unit in scored]),
        score_s=mean_of([unit.score_s for unit in scored]),
        recipe=None if recipe is None else recipe.as_dict(),
    )


def _note(metric: str, scored: Sequence[ScoreRow]) -> str | None:
    """Say why a metric has no value on some folds."""
    lacking = [unit for unit in scored if metric in (unit.undefined or {})]
    if not lacking:
        return None
    whys = "; ".join(dict.fromkeys((unit.undefined or {})[metric] for unit in lacking))
    if len(lacking) == len(scored):
        return f"{metric} is undefined: {whys}"
    numbers = ", ".join(str(unit.fold + 1) for unit in lacking)
    return f"{metric} is undefined on fold {numbers}, the mean is over the others: {whys}"


def _pycaret(metrics: Sequence[str], units: Sequence[ScoreRow], plan: str) -> dict[str, float]:
    """Mean that PyCaret would show, for each metric that it counts in another way on some fold."""
    means: dict[str, float] = {}
    is_all_lost = all(unit.status != "scored" for unit in units)
    failed = {unit.fold for unit in units if unit.status in ("failed", "unprepared")}
    if is_all_lost or (plan == "compare" and 0 in failed):
        # It shows no row: `compare_models` leaves a model out whose first scores sum to 0.
        return means
    counted = [unit for unit in units if unit.status == "scored" or unit.pycaret]
    for metric in metrics:
        if any(metric in (unit.pycaret or {}) for unit in counted):
            values = [(unit.pycaret or {}).get(metric, unit.metrics.get(metric)) for unit in counted]
            mean = mean_of(values)
            if mean is not None and None not in values:
                means[metric] = mean
    return means


def _standing(
    scored: Sequence[ScoreRow], lost: Sequence[ScoreRow], total: int, run: RunRecord
) -> tuple[RowStatus, str | None]:
    unprepared = [unit for unit in lost if unit.status == "unprepared"]
    lost = [unit for unit in lost if unit.status != "unprepared"]
    why = unprepared[0].reason if unprepared else None
    if lost:
        first = lost[0].reason or "No reason was given."
        if any(unit.status == "raced_out" for unit in lost):
            return "raced_out", f"Stopped after {len(scored)} of {total} folds: {first}"
        status: RowStatus = "timed_out" if any(unit.status == "timed_out" for unit in lost) else "failed"
        return status, first if len(lost) == total or not scored else f"{len(lost)} of {total} folds failed: {first}"
    if len(scored) + len(unprepared) == total:
        return "scored" if scored else "failed", why
    if run.is_terminal:
        return "stopped", f"The run ended after {len(scored)} of {total} folds."
    return "scoring" if scored else "waiting", why
