"""A table made a series: its rows in the order of time, a step apart, or a sentence that says why they are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import BadRequest
from workbench.training.dates import learn_pattern, read_dates

Array = np.ndarray[Any, Any]

_CALENDAR = {"A": "year", "Q": "quarter", "M": "month", "W": "week"}
"""Steps that are not of one length, from the coarsest, by pandas' names."""


@dataclass(frozen=True, slots=True)
class Series:
    """A table in the order of time.

    Attributes
    ----------
    frame
        Its columns, under a fresh RangeIndex.
    numbers
        Number in the table, from 0, of each row.
    index
        Column of dates; None: rows are numbered from 0.
    notices
        What was changed about the table, a sentence each.
    dates
        That column read, in the order of the rows; None: there is none.
    pattern
        How its texts are written; None: in several ways, or they are dates already.
    """

    frame: pd.DataFrame
    numbers: Array
    index: str | None = None
    notices: tuple[str, ...] = ()
    dates: pd.Series[Any] | None = None
    pattern: str | None = None


def arrange(frame: pd.DataFrame, index: str | None) -> Series:
    """Put rows in the order of time, and see that none is missing.

    Parameters
    ----------
    index
        Column of dates or of whole numbers; None: rows are taken as they come.

    Returns
    -------
    Series
        With true and false as 1 and 0: some of PyCaret's models fail on them.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the first row, counted from 1, at which the series is not one.
    """
    truths = {name: "int64" for name, dtype in frame.dtypes.items() if dtype.kind == "b"}
    frame = frame.astype(truths)
    if index is None:
        return Series(frame, np.arange(len(frame)))
    if index not in frame:
        raise BadRequest("spec.invalid", f"The option 'index' names '{index}', which the table does not have.")
    times, pattern = _times(frame[index]), learn_pattern(frame[index])
    _check_distinct(frame[index], times)
    notices = []
    if not times.is_monotonic_increasing:
        times = times.sort_values()
        if times.dtype.kind == "M":
            notices.append(f"The rows were put in the order of {index}.")
    # The table comes under a fresh index: it numbers the rows.
    frame, numbers = frame.loc[times.index], times.index.to_numpy()
    if times.dtype.kind in "iu":
        _check_whole_steps(index, times)
        # PyCaret's ARIMA takes whole numbers from 0 on and no others.
        notices.append(f"Rows are numbered from 0 in the order of {index}.")
        return Series(frame.drop(columns=index).reset_index(drop=True), numbers, None, tuple(notices))
    dates, notice = _regular(index, times)
    if notice:
        frame = frame.assign(**{index: dates})
        notices.append(notice)
    read = pd.Series(dates.to_numpy(), name=index)
    return Series(frame.reset_index(drop=True), numbers, index, tuple(notices), read, pattern)


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read an index as PyCaret reads it: whole numbers as they are, texts as dates."""
    if column.dtype.kind in "iuM":
        return column
    if column.dtype.kind != "O":
        raise BadRequest("spec.invalid", f"The index '{column.name}' holds neither dates nor whole numbers.")
    return read_dates(column, "index")


def _check_distinct(column: pd.Series[Any], times: pd.Series[Any]) -> None:
    lacking, again = times.isna().to_numpy(), times.duplicated().to_numpy()
    if lacking.any():
        raise BadRequest("spec.invalid", f"The index '{column.name}' has no value in row {int(lacking.argmax()) + 1}.")
    if again.any():
        place = int(again.argmax())
        first = int((times == times.iloc[place]).to_numpy().argmax())
        raise BadRequest(
            "spec.invalid",
            f"The index '{column.name}' has {column.iloc[place]} in row {place + 1} again, after row {first + 1}: a "
            "series has one row a time.",
        )


def _check_whole_steps(name: str, times: pd.Series[Any]) -> None:
    wrong = times.diff().iloc[1:].to_numpy() != 1
    if wrong.any():
        place = int(wrong.argmax())
        raise BadRequest(
            "spec.invalid",
            f"The index '{name}' goes from {times.iloc[place]} to {times.iloc[place + 1]} in row "
            f"{times.index[place + 1] + 1}: whole numbers must go up by 1.",
        )


def _regular(name: str, times: pd.Series[Any]) -> tuple[pd.Series[Any], str | None]:
    """Return dates that keep a step, and what was done for that; `times` are in order."""
    dates = pd.DatetimeIndex(times)
    if pd.infer_freq(dates) is not None:
        return times, None
    for frequency, word in _CALENDAR.items():
        periods = dates.to_period(frequency)
        if not periods.is_unique:
            continue
        lacking = pd.period_range(periods[0], periods[-1], freq=frequency).difference(periods)
        if not len(lacking):
            return pd.Series(periods.to_timestamp(), times.index), f"Each date of {name} was taken for its {word}."
        raise _gap(name, times, int((periods > lacking[0]).argmax()), str(lacking[0]))
    days = pd.date_range if (dates.dayofweek > 4).any() else pd.bdate_range
    missing = days(dates[0].normalize(), dates[-1].normalize()).difference(dates.normalize())
    if dates.normalize().is_unique and len(missing):
        first = pd.Timestamp(missing[0])
        raise _gap(name, times, int((dates > first).argmax()), _told(first))
    steps = dates[1:] - dates[:-1]
    usual = steps.to_series().mode().iloc[0]
    place = int((steps != usual).argmax())
    raise _gap(name, times, place + 1, _told(dates[place] + usual))


def _gap(name: str, times: pd.Series[Any], place: int, expected: str) -> BadRequest:
    return BadRequest(
        "spec.invalid",
        f"The index '{name}' has no row for {expected}: row {times.index[place] + 1} is {_told(times.iloc[place])}. A "
        "series has a row for every step.",
        hint="Add the missing rows and have numeric_imputation_target fill them, or leave the option 'index' out.",
    )


def _told(time: pd.Timestamp) -> str:
    return str(time.date()) if time == time.normalize() else str(time)
