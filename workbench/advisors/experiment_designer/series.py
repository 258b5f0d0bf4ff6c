"""A table as a series: what orders its rows, its step, its season, how far it is forecast and in which folds."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isclose, log
from typing import Any

from workbench.advisors.experiment_designer.goal import Horizon
from workbench.advisors.experiment_designer.words import vocabulary
from workbench.advisors.names import parts_of, stems
from workbench.advisors.table import Column, Table
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import FOLDS_LEAST, TASKS
from workbench.catalogue import horizon as steps_ahead

_DRIFT = "drift"
_WORKDAYS, _WEEKEND = 5 / 7, 3
"""Part of the days that are workdays, and days from a Friday to a Monday."""


@dataclass(frozen=True, slots=True)
class Series:
    """What orders the rows of a table.

    Attributes
    ----------
    index
        Column of dates, or of whole numbers that go up by one; None: there is none that can be used.
    unit
        Unit of time of its step; empty where that is not known.
    period
        Steps after which a season repeats; 0: none is known.
    problem
        Why a column of dates cannot be used, in a clause; empty: none is there, or it can.
    """

    index: str | None = None
    unit: str = ""
    period: int = 0
    problem: str = ""


def series_of(table: Table, target: str | None, thresholds: Thresholds) -> Series:
    """Find the column that makes a series of a table."""
    dates = [column for column in table.columns if column.kind == "date" and column.name != target]
    problem = ""
    for column in dates:
        found = _problem(column, table.rows, thresholds)
        if not found:
            unit = _unit(column.step_days)
            return Series(column.name, unit, _period(unit))
        problem = problem or found
    counted = next((column for column in table.columns if column.name != target and _counts(column, table.rows)), None)
    if counted is not None:
        unit = next((unit for unit in vocabulary()["units"] if stems([unit])[0] in stems(parts_of(counted.name))), "")
        return Series(counted.name, unit, _period(unit))
    return Series(problem=problem)


def steps_of(horizon: Horizon, series: Series) -> int | None:
    """Return how many steps of a series a horizon is; None where that cannot be told."""
    if horizon.unit == series.unit:
        return max(1, ceil(horizon.count))
    if not series.unit:
        return max(1, ceil(horizon.count)) if horizon.count > 1 else None
    days = vocabulary()["units"]
    steps = horizon.count * float(days[horizon.unit]["days"]) / float(days[series.unit]["days"])
    return max(1, round(steps))


def usual_steps(rows: int, series: Series, thresholds: Thresholds) -> int:
    """Return a horizon where none is told: a season, as far as the rows allow."""
    most = int(rows * thresholds["designer.horizon_share"])
    return max(1, min(series.period or int(thresholds["designer.horizon_usual"]), most))


def folds_within(rows: int, steps: int, thresholds: Thresholds, period: int) -> int:
    """Return how many folds, at most the usual ones, leave the first one enough rows to learn from; 0: not even two."""
    wanted = max(int(thresholds["designer.series_seasons"]) * period, steps_ahead.LEAST)
    ahead = steps_ahead.Horizon(tuple(range(1, steps + 1)))
    usual = TASKS["time_series"].folds
    for least in (wanted, steps_ahead.LEAST):
        for folds in range(usual, 1, -1):
            if ahead.first_window(rows, folds) >= least:
                return folds
    return 0


def longest_horizon(rows: int, steps: int, thresholds: Thresholds, period: int) -> int:
    """Return how many steps, at most so many, the rows allow for, where as many and whole seasons are learned from."""
    seasons = int(thresholds["designer.series_seasons"]) * period

    def fits(each: int) -> bool:
        ahead = steps_ahead.Horizon(tuple(range(1, each + 1)))
        return ahead.first_window(rows, FOLDS_LEAST) >= max(seasons, each, steps_ahead.LEAST)

    if not fits(1):
        return min(1, folds_within(rows, 1, thresholds, 0))
    # Longer than the table no horizon fits, however long it is.
    return max(each for each in range(1, min(steps, rows) + 1) if fits(each))


def series_setup(table: Table, target: str, thresholds: Thresholds, steps: int | None = None) -> dict[str, Any]:
    """Return the set-up of a forecast: what is forecast, how far, in which order, and how gaps are filled.

    Other columns are left out: their values to come would have to be known.
    """
    series = series_of(table, target, thresholds)
    setup: dict[str, Any] = {"fh": steps or usual_steps(table.rows, series, thresholds)}
    if series.index is not None:
        setup["index"] = series.index
    others = [column.name for column in table.columns if column.name not in (target, series.index)]
    if others:
        setup["ignore_features"] = others
    own = table.column(target)
    if own is not None and own.missing:
        setup["numeric_imputation_target"] = _DRIFT
    return setup


def _problem(column: Column, rows: int, thresholds: Thresholds) -> str:
    if column.missing:
        return f"'{column.name}' has no date in {column.missing:,} rows"
    if column.is_exact and column.distinct < rows:
        return f"'{column.name}' has {column.distinct:,} dates in {rows:,} rows, and a forecast takes one row a date"
    step, gap = column.step_days, column.gap_days
    if step and gap and gap > thresholds["designer.step_gap"] * step and not _skips_weekends(column, rows):
        return f"'{column.name}' goes on by {step:g} days mostly, and once by {gap:g}: a forecast takes a row a step"
    return ""


def _skips_weekends(column: Column, rows: int) -> bool:
    """Whether a column of days has five of each seven; a day more or less is told when the run starts."""
    step, gap, span = column.step_days or 0, column.gap_days or 0, column.span_days or 0
    return isclose(step, 1) and gap <= _WEEKEND and isclose(rows, span * _WORKDAYS, rel_tol=0.05, abs_tol=2)


def _unit(step_days: float | None) -> str:
    if not step_days:
        return ""
    units = {name: float(told["days"]) for name, told in vocabulary()["units"].items()}
    nearest = min(units, key=lambda name: abs(log(units[name] / step_days)))
    return nearest if isclose(units[nearest], step_days, rel_tol=0.05) else ""


def _period(unit: str) -> int:
    return int(vocabulary()["units"][unit]["period"]) if unit else 0


def _counts(column: Column, rows: int) -> bool:
    """Whether a column numbers the rows by a time: a year, a week, a step."""
    if column.kind != "number" or not (column.is_integral and column.is_unique) or column.missing:
        return False
    low, high = column.minimum, column.maximum
    if low is None or high is None or high - low + 1 != rows:
        return False
    times = {*stems(vocabulary()["units"]), *stems(["time", "step", "period", "t"])}
    return not times.isdisjoint(stems(parts_of(column.name)))
