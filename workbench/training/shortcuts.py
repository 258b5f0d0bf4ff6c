"""What PyCaret and scikit-learn work out again and again, worked out once or with less ado; no number changes.

Each shortcut replaces a function of theirs, in this process, by one that answers the same.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pandas as pd
import sklearn
from sklearn.base import BaseEstimator

_param_names = BaseEstimator.__dict__["_get_param_names"].__func__


@cache
def install(containers: str) -> None:
    """Install every shortcut.

    Parameters
    ----------
    containers
        PyCaret's module of a task's models.
    """
    _remember_grids(importlib.import_module(containers))
    _remember_param_names()
    _lay_columns_beside()
    hush()


def hush() -> None:
    """Keep LightGBM, where it is imported, from telling of every tree: its lines drown a run's log."""
    if (lightgbm := sys.modules.get("lightgbm")) is not None:
        lightgbm.register_logger(_Silence())


class _Silence:
    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...


@contextmanager
def checked_once(estimator: Any, *, is_finite: bool) -> Iterator[None]:
    """Check an estimator's parameters and those within it here, and no more at each of the hundred trees it fits.

    Parameters
    ----------
    is_finite
        Whether the rows are known to have no gap and nothing infinite. An estimator that is fitted on nothing else need
        not look for them then; one that is put together of others may get what those predict.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        As fitting the estimator would.
    """
    within = [value for value in estimator.get_params().values() if hasattr(value, "get_params")]
    for part in (estimator, *within):
        # LightGBM, for one, has none that scikit-learn could check.
        if hasattr(part, "_parameter_constraints"):
            part._validate_params()
    with sklearn.config_context(skip_parameter_validation=True, assume_finite=is_finite and not within):
        yield


@cache
def param_names(kind: Any) -> tuple[str, ...]:
    """Names of an estimator's parameters, which scikit-learn reads off its signature at every clone."""
    return tuple(_param_names(kind))


@cache
def _remember_param_names() -> None:
    BaseEstimator._get_param_names = classmethod(lambda cls: list(param_names(cls)))  # type: ignore[arg-type]


def _remember_grids(containers: Any) -> None:
    """Keep PyCaret's tuning grids: rounding their 130,000 numbers is most of what a small set-up costs."""
    if not hasattr(containers, "np_list_arange"):
        return
    once = cache(importlib.import_module("pycaret.utils.generic").np_list_arange)

    def np_list_arange(start: float, stop: float, step: float, inclusive: bool = False) -> list[float]:
        return list(once(start, stop, step, inclusive))

    containers.np_list_arange = np_list_arange


@cache
def _lay_columns_beside() -> None:
    """Put transformed columns beside the others without joining two tables by an index that they share."""
    from pycaret.internal.preprocess.transformers import TransformerWrapper

    joins = TransformerWrapper._reorder_cols

    def _reorder_cols(self: Any, df: pd.DataFrame, original_df: pd.DataFrame) -> pd.DataFrame:
        changed, included = set(df.columns), set(self._include)
        is_plain = changed <= included and len(changed) == df.shape[1] and original_df.columns.is_unique
        if not is_plain or len(df) != len(original_df) or not df.index.is_unique:
            laid: pd.DataFrame = joins(self, df, original_df)
            return laid
        original_df.index = df.index
        columns = [column for column in original_df if column in changed or column not in included]
        others = [column for column in columns if column not in changed]
        return pd.concat([df, original_df[others]], axis=1)[columns]

    TransformerWrapper._reorder_cols = _reorder_cols
