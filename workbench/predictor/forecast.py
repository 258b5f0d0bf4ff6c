"""Forecasts: a table of n rows asks for the n steps after those that the pipeline was fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.dates import PATTERN, read_date
from workbench.predictor.original import Predictions, refused
from workbench.predictor.schema import InvalidRows, Problem, Schema
from workbench.predictor.table import Table


class Forecaster:
    """PyCaret's pipeline of a forecaster.

    Attributes
    ----------
    schema
        Other columns that the series has, and its column of dates where it has one.
    """

    def __init__(self, pipeline: Any, schema: Schema) -> None:
        self._pipeline = pipeline
        index = pipeline._y.index
        # Rows that are numbered need not say where they stand.
        self._dates = None if index.dtype.kind in "iu" else index.name
        self._pattern: str | None = getattr(pipeline, PATTERN, None)
        columns = [
            replace(column, kind="date", pattern=self._pattern) if column.name == self._dates else column
            for column in schema.columns
        ]
        self.schema = replace(schema, columns=tuple(columns))

    def predict(self, table: Table) -> Predictions:
        """Forecast the steps after training, one a row.

        Raises
        ------
        InvalidRows
            ``predict.invalid_rows`` where dates do not go on where the series ends.
        BadRequest
            ``predict.failed`` with the pipeline's own words, where it cannot forecast.
        """
        from sktime.forecasting.base import ForecastingHorizon

        steps = ForecastingHorizon(np.arange(1, len(table) + 1), is_relative=True)
        ahead = steps.to_absolute_index(self._pipeline.cutoff)
        frame = table.frame()
        if self._dates in frame:
            problems = list(self._out_of_step(frame[self._dates], ahead))
            if problems:
                raise InvalidRows.of(iter(problems))
        try:
            said = self._pipeline.predict(fh=steps, X=self._others(frame, ahead))
        except Exception as error:
            raise refused(error) from error
        return Predictions(np.asarray(said, dtype=np.float64).ravel().tolist())

    def _others(self, frame: pd.DataFrame, ahead: pd.Index[Any]) -> pd.DataFrame | None:
        learned = self._pipeline._X
        if learned is None:
            return None
        # Truth values are 1 and 0 to a forecaster, as they were when it was fitted.
        truths = {name: "int64" for name, dtype in frame.dtypes.items() if dtype.kind == "b"}
        return frame.astype(truths)[list(learned.columns)].set_axis(ahead)

    def _out_of_step(self, dates: pd.Series[Any], ahead: pd.Index[Any]) -> Iterator[Problem]:
        for row, (text, expected) in enumerate(zip(dates, ahead, strict=True)):
            if pd.isna(text):
                yield Problem(row, str(dates.name), f"has no date; the series goes on with {expected}")
                continue
            date = read_date(text, self._pattern) if isinstance(text, str) else text
            told = pd.Period(date, expected.freqstr) if isinstance(expected, pd.Period) else date
            if told != expected:
                yield Problem(row, str(dates.name), f"is {text}; the series goes on with {expected}")
