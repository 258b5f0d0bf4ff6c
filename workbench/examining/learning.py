"""Whether more rows would help: the same model fitted on some of those that it learned from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from workbench.judging.asking import Heard, prepared
from workbench.judging.noise import SEED
from workbench.judging.sides import Side
from workbench.training.supervised.classification import hear

SHARES = (0.25, 0.5)
"""Of the rows that were learned from; the pipeline itself stands for all of them."""
GROWTH = 2.5
"""How much longer twice the rows may take to fit."""
ROWS_LEAST = 100
"""Fewest rows that a share must come to."""


@dataclass(frozen=True, slots=True)
class Refitted:
    """What the model says of the rows held out, fitted on so many rows."""

    rows: int
    heard: Heard


def refit(
    side: Side, learned: pd.DataFrame, target: pd.Series[Any], held_out: pd.DataFrame, *, patience_s: float
) -> tuple[list[Refitted], str]:
    """Fit clones of the estimator on shares of the rows, as far as time allows; in the pipeline's own process.

    Rows are prepared by the pipeline's fitted steps, so that what those learned from all rows stays in: a hint, and no
    curve of the whole pipeline.

    Parameters
    ----------
    learned, target
        Rows that it was fitted on, in random order, under a fresh index.
    held_out
        Rows that it was not fitted on, under a fresh index.

    Returns
    -------
    tuple
        What was fitted, and why where that is nothing.
    """
    from sklearn.base import clone

    ends = time.monotonic() + patience_s
    original = side.load()
    changing = [name for name, step in original.steps if getattr(step, "_train_only", False)]
    if changing:
        return [], f"The step {changing[0]} changes the rows that the model is fitted on."
    features, encoded = original.prepare_known(learned, target)
    ready = prepared(original, held_out)

    def decode(labels: Any) -> Any:
        return np.asarray(original.decode(labels))

    found: list[Refitted] = []
    expected = 0.0
    for share in SHARES:
        rows = int(len(features) * share)
        if rows < ROWS_LEAST or time.monotonic() + expected > ends:
            continue
        np.random.seed(SEED)
        began = time.monotonic()
        fitted = clone(original.estimator).fit(features.iloc[:rows], encoded.iloc[:rows])
        expected = GROWTH * (time.monotonic() - began)
        if side.task == "classification":
            listen = partial(hear, is_multiclass=len(original.estimator.classes_) > 2)
            said: Any = listen(fitted, ready, decode)
        else:
            said = np.asarray(original.decode(fitted.predict(ready)), dtype=float)
        found.append(Refitted(rows, Heard(ready.index.to_numpy(), said)))
    return found, "Fitting the model on some of its rows takes too long, or they are too few."
