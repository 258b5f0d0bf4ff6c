"""The one fold of a task without folds: the whole table, prepared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table after preprocessing.

    Attributes
    ----------
    X
        Rows × features as estimators are given them, in a frame as in PyCaret: what they do may hang on the columns'
        precision.
    truth
        Number of each row's true group, −1 where it is not known; None where no column holds the truth.
    random_state
        numpy's global random state after the preprocessing, which estimators without a seed of their own draw from.
    """

    X: pd.DataFrame
    truth: Array | None
    random_state: Any

    def fit(self, estimator: Any, rows: Array | None = None) -> Any:
        """Fit a copy of an estimator on the table or on some of its rows, as PyCaret's ``create_model`` does."""
        np.random.set_state(self.random_state)
        return clone(estimator).fit(self.X if rows is None else self.X.iloc[rows])
