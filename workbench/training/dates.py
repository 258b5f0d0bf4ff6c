"""Columns of dates: tables hold them as text, PyCaret takes them as dates only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from workbench.errors import BadRequest


def read_dates(column: pd.Series[Any], called: str = "column") -> pd.Series[Any]:
    """Make dates of texts; dates stay as they are, and gaps too.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the first value that is no date, and its row.
    """
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        wrong = pd.to_datetime(column, errors="coerce").isna() & column.notna()
        place = int(wrong.to_numpy().argmax())
        raise BadRequest(
            "spec.invalid",
            f"The {called} '{column.name}' has {column.iloc[place]!r} in row {place + 1}, which is no date.",
        ) from error


class Dates(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """First step of a pipeline that takes rows as the table holds them.

    Parameters
    ----------
    columns
        Names of the columns that hold dates as text.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Dates:  # noqa: ARG002 - every step is fitted so
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{name: read_dates(X[name]) for name in self.columns})


def taking_text(pipeline: Any, columns: Sequence[str] | None) -> Any:
    """Let a fitted pipeline take dates as text too."""
    if columns:
        pipeline.steps.insert(0, ("dates", Dates(list(columns))))
    return pipeline


def with_dates(frame: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    """Return a table with dates in these columns.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the first value that is no date.
    """
    return Dates(list(columns)).transform(frame) if columns else frame
