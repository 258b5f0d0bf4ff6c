"""Forecasters: compared step by step, over the rows after those that they learned from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue import TASKS, Metric
from workbench.errors import BadRequest
from workbench.judging.comparison import Comparison, Difference, NotComparable
from workbench.judging.noise import lags, of_steps
from workbench.judging.rows import held_out
from workbench.judging.sides import ADVICE, Side, Table
from workbench.predictor.predictor import Predictor
from workbench.training.dates import read_dates, read_learned
from workbench.training.forecasting.table import arrange
from workbench.training.forecasting.wape import wape
from workbench.training.request import Limits

Array = np.ndarray[Any, Any]

STEPS_LEAST = 4
"""Fewest steps on which two forecasts are told apart."""
STEPS_FEW = 24
"""Below, it is told that they decide little."""
STEPS_MOST = 1_000
_TINY = np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class _Measure:
    """A measure of a forecast, of actual and forecast values.

    Attributes
    ----------
    value
        Infinite where there is none.
    influence
        How much each step moves it, but for a constant.
    """

    value: Callable[[Array, Array], float]
    influence: Callable[[Array, Array], Array]


def _symmetric(truth: Array, said: Array) -> Array:
    return np.asarray(2 * np.abs(truth - said) / np.maximum(np.abs(truth) + np.abs(said), _TINY))


def _percentages(truth: Array, said: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.where(truth == 0, np.inf, np.abs(truth - said) / np.abs(truth))


def _rmse(truth: Array, said: Array) -> float:
    return math.sqrt(np.mean((truth - said) ** 2))


MEASURES: Mapping[str, _Measure] = {
    "WAPE": _Measure(wape, lambda truth, said: np.abs(truth - said) / np.mean(np.abs(truth)) * 100),
    "SMAPE": _Measure(lambda truth, said: float(_symmetric(truth, said).mean()), _symmetric),
    "Bias": _Measure(
        lambda truth, said: float(np.mean(truth - said)),
        lambda truth, said: np.sign(np.mean(truth - said)) * (truth - said),
    ),
    "MAE": _Measure(lambda truth, said: float(np.abs(truth - said).mean()), lambda truth, said: np.abs(truth - said)),
    "RMSE": _Measure(_rmse, lambda truth, said: (truth - said) ** 2 / (2 * _rmse(truth, said) or 1.0)),
    "MAPE": _Measure(lambda truth, said: float(_percentages(truth, said).mean()), _percentages),
}
"""Display name → measure; those that a leaderboard has, by its definitions."""
_METRICS: Mapping[str, Metric] = {metric.name: metric for metric in TASKS["time_series"].metrics}
ORDER = ("WAPE", "SMAPE", "Bias", "MAE")
"""The first of which the two are not even decides, where no metric is named; of the bias its size."""
_LIKE: Mapping[str, str] = {"MASE": "MAE", "RMSSE": "RMSE", "R2": "RMSE"}
"""Metric → the one that orders two forecasts of the same rows alike."""


def compare(
    champion: Side,
    challenger: Side,
    table: Table,
    *,
    target: str,
    metric: Metric | None,
    segment: str | None,
    limits: Limits,
) -> Comparison:
    """Compare two forecasters.

    Parameters
    ----------
    metric
        The one that decides; None: see `ORDER`.
    segment
        Is not told by: the steps of a forecast are too few.

    Raises
    ------
    NotComparable
        When there are no rows by which to judge, or the champion does not answer.
    Unanswered
        When the challenger does not.
    """
    named, notes = _named(metric)
    if segment is not None:
        notes.append("The steps of a forecast are too few to be told by segments.")
    rows, ahead = steps((champion, challenger), table, target)
    # The challenger first: where it does not answer, nothing else matters.
    said = {side.role: ask(side, table, ahead[side.role], rows, limits) for side in (challenger, champion)}
    truth = table.frame[target].to_numpy(dtype=float)[rows]
    values = {
        role: {name: _finite(measure.value(truth, forecast)) for name, measure in MEASURES.items()}
        for role, forecast in said.items()
    }
    decides = _METRICS[named or _deciding(values["champion"], values["challenger"])]
    difference, note = _difference(decides, truth, said["champion"], said["challenger"])
    first = {role: int(np.flatnonzero(found == rows[0])[0]) + 1 for role, found in ahead.items()}
    if first["champion"] != first["challenger"]:
        notes.append(
            f"The first of these rows is {first['champion']} steps after those that the champion learned from, and "
            f"{first['challenger']} after those of the challenger."
        )
    return Comparison(
        metric=decides.name,
        greater_is_better=False,
        verdict="not comparable" if difference is None else difference.verdict(greater_is_better=False),
        rows=len(rows),
        rows_from=f"rows of {table.name} after those that either learned from",
        champion=values["champion"],
        challenger=values["challenger"],
        difference=difference,
        method=(
            "Test of Diebold and Mariano (1995) over the same steps, errors taken to hang together over "
            f"{lags(len(rows))} of them (Bartlett weights), corrected for few steps (Harvey, Leybourne and Newbold "
            "1997); 95 % interval by Student's t."
        ),
        notes=(*([note] if note else []), *notes),
    )


def _named(metric: Metric | None) -> tuple[str | None, list[str]]:
    if metric is None:
        return None, ["Ranked by WAPE; where that is even by SMAPE, the size of the bias, and MAE, in turn."]
    name = _LIKE.get(metric.name, metric.name)
    if name not in MEASURES:
        raise NotComparable(f"{metric.name} is not judged here: name {', '.join(MEASURES)}, or none.")
    told = (
        []
        if name == metric.name
        else [f"{name} decides: it orders two forecasts of the same rows as {metric.name} does."]
    )
    return name, told


def steps(sides: Sequence[Side], table: Table, target: str) -> tuple[Array, dict[str, Array]]:
    """Return the rows that are judged, and for each pipeline all rows after those that it learned from, in time.

    Raises
    ------
    NotComparable
        When there are none.
    """
    if target not in table.frame:
        raise NotComparable(f"{table.name} has no column '{target}', which is to be predicted.")
    ahead: dict[str, Array] = {}
    judged: Array | None = None
    for side in sides:
        kept = held_out(side, table)
        ahead[side.role] = _after(side, table) if kept is None else np.array(kept["ahead"], dtype=int)
        own = ahead[side.role][side.gap :] if kept is None else np.array(kept["rows"], dtype=int)
        judged = own if judged is None else judged[np.isin(judged, own)]
    assert judged is not None
    known = judged[table.frame[target].notna().to_numpy()[judged]][:STEPS_MOST]
    if not len(known):
        raise NotComparable(f"No row of {table.name} lies ahead of {'both' if len(sides) > 1 else 'it'}. {ADVICE}")
    return known, ahead


def _after(side: Side, table: Table) -> Array:
    """Find the rows of another table that go on where a series ended, in the order of time."""
    until = (side.reference or {}).get("until")
    if until is None or side.index is None:
        raise NotComparable(
            f"The {side.role} learned from another table, and its rows have no dates by which {table.name} could go on."
        )
    if side.index not in table.frame:
        raise NotComparable(f"{table.name} has no column '{side.index}', which holds the dates.")
    last = pd.Timestamp(until)
    try:
        pattern = (side.reference or {}).get("pattern")
        column = table.frame[side.index]
        dates = read_learned(column, pattern) if pattern else read_dates(column)
        later = np.flatnonzero(dates > last)
        # With the last date that was learned from they must be a series without a gap.
        series = arrange(pd.DataFrame({side.index: [last, *dates.iloc[later]]}), side.index)
    except (BadRequest, ValueError, TypeError) as error:
        why = error.message if isinstance(error, BadRequest) else error
        raise NotComparable(
            f"{table.name} does not go on where the {side.role} ended, at {last.date()}: {why}"
        ) from error
    return np.asarray(later[series.numbers[1:] - 1])


def ask(side: Side, table: Table, ahead: Array, rows: Array, limits: Limits) -> Array:
    """Return what a pipeline forecasts for some of the rows `ahead` of it; raises as `Side.ask` does."""
    places = np.array([int(np.flatnonzero(ahead == row)[0]) for row in rows])
    frame = table.frame.iloc[ahead[: places.max() + 1]].reset_index(drop=True)
    forecast: Array = side.ask(partial(_forecast, side, frame), limits)[places]
    return forecast


def _forecast(side: Side, frame: pd.DataFrame) -> Array:
    predictor = Predictor.load(side.pickled, side.schema, side.sample, task=side.task)
    return np.asarray(predictor.predict(predictor.schema.of_frame(frame)).labels, dtype=float)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _deciding(champion: Mapping[str, float | None], challenger: Mapping[str, float | None]) -> str:
    """Name the first metric of which the two are not even, or the first that is defined where there is none."""
    defined = [name for name in ORDER if champion[name] is not None and challenger[name] is not None]
    uneven = [name for name in defined if not _even(_METRICS[name], champion[name], challenger[name])]
    return (uneven or defined or ORDER)[0]


def _even(metric: Metric, one: float | None, other: float | None) -> bool:
    before, after = metric.judged(one), metric.judged(other)
    return before is not None and after is not None and math.isclose(before, after, rel_tol=1e-9, abs_tol=1e-12)


def _difference(metric: Metric, truth: Array, champion: Array, challenger: Array) -> tuple[Difference | None, str]:
    measure = MEASURES[metric.name]
    before, after = (metric.judged(_finite(measure.value(truth, said))) for said in (champion, challenger))
    if before is None or after is None:
        return None, f"{metric.name} is undefined on these rows."
    steps, delta = len(truth), after - before
    if steps < STEPS_LEAST:
        return Difference(delta), f"{steps} steps are too few to tell a difference from noise: it takes {STEPS_LEAST}."
    influence = measure.influence(truth, challenger) - measure.influence(truth, champion)
    few = f"{steps} steps of one forecast decide little: only a large difference shows." if steps < STEPS_FEW else ""
    return Difference(delta, *of_steps(delta, influence)), few
