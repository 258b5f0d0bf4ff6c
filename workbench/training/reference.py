"""What a pipeline learned from, in summary: what new rows and predictions can be held against later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.training.columns import Kind, jsonable, kind_of, values
from workbench.training.dates import read_learned
from workbench.training.experiment import Fitted
from workbench.training.work import first_line

QUANTILES = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
"""In percent."""
BINS = 20
VALUES_MOST = 50
"""Most values of a column of text that are counted one by one."""
VALUES_IN_ALL = 40_000
"""Values that all columns of text together have counted one by one."""
LENGTH_MOST = 200
"""Longest text, in characters, that is counted by itself."""
PREDICTED_MOST = 2_000
"""Rows whose predictions are summarised."""
SAMPLE_ROWS = 500
SAMPLE_CELLS = 50_000
SAMPLE_CHARACTERS = 4_000_000

Array = np.ndarray[Any, Any]


def summarise(fitted: Fitted, *, seed: int) -> dict[str, Any]:
    """Summarise the rows that a pipeline was fitted on.

    Parameters
    ----------
    seed
        Draws the rows that are predicted and kept.

    Returns
    -------
    dict
        JSON-ready, of a size that is bounded whatever the table's.

        ``rows``: rows that it was fitted on, before any preprocessing drops some. ``until``: the last date among them,
        of a series with dates; ``pattern``: how its dates are written, None where they are so in several ways or are no
        texts. ``columns``: input column → summary. ``target``: summary with ``name``; None where there
        is none. ``predictions``: summary of what the pipeline says of at most 2,000 of its rows; None where ``note``
        says why. ``sample``: at most 500 rows, drawn at random: ``numbers`` (of the table, from 0),
        ``columns``, ``target`` and ``predictions``, a list of values each.

        A summary has ``kind`` and the share that is ``missing``. Of numbers: ``mean``, ``std`` (of the population),
        ``min``, ``max``, ``quantiles`` by percent, and ``histogram`` with 20 ``counts`` between 21 ``edges``; what is
        not finite counts as missing. Of dates the same but mean and deviation, as ISO 8601. Of texts, of true and
        false, and of labels: ``values``, the most frequent with their counts, at most 50; the count of the ``rest``;
        how many are ``distinct``.
    """
    features, rows = fitted.features, fitted.rows
    kinds = {name: kind_of(column, fitted.dates) for name, column in features.items()}
    texts = sum(kind == "text" for kind in kinds.values())
    most = min(VALUES_MOST, max(1, VALUES_IN_ALL // max(1, texts)))
    chosen = np.random.default_rng(seed).choice(len(rows), min(len(rows), PREDICTED_MOST), replace=False)
    said, note = _predict(fitted, rows[chosen])

    def of_answers(column: pd.Series[Any]) -> dict[str, Any]:
        return _summary(column, kind_of(column), most=VALUES_MOST, is_label=fitted.has_labels)

    summary: dict[str, Any] = {
        "rows": len(rows),
        "columns": {
            str(name): _summary(features[name].iloc[rows], kind, most=most, pattern=fitted.dates.get(str(name)))
            for name, kind in kinds.items()
        },
        "target": None,
        "predictions": None if said is None else {"rows": len(said), **of_answers(said)},
        "sample": _sample(fitted, rows[chosen], said),
    }
    if fitted.until is not None:
        summary["until"] = fitted.until
        summary["pattern"] = next(iter(fitted.dates.values()))
    if note:
        summary["note"] = note
    if fitted.target is not None:
        summary["target"] = {"name": str(fitted.target.name), **of_answers(fitted.target.iloc[rows])}
    return summary


def _predict(fitted: Fitted, rows: Array) -> tuple[pd.Series[Any] | None, str]:
    """Ask for predictions of rows that it knows; or say why there are none."""
    if fitted.answers_none:
        return None, fitted.answers_none
    try:
        said = pd.Series(np.asarray(fitted.pipeline.predict(fitted.features.iloc[rows].reset_index(drop=True))))
    except Exception as error:  # noqa: BLE001 - the pipeline is fitted: whatever it raises here costs this summary alone
        return None, f"It cannot predict the rows that it was fitted on: {first_line(error)}."
    if len(said) != len(rows):
        return None, f"It answers for {len(said):,} of {len(rows):,} rows: its preprocessing drops the others."
    return said, ""


def _sample(fitted: Fitted, rows: Array, said: pd.Series[Any] | None) -> dict[str, Any]:
    count = min(SAMPLE_ROWS, max(1, SAMPLE_CELLS // max(1, fitted.features.shape[1])), len(rows))
    drawn = fitted.features.iloc[rows[:count]]
    texts = [name for name, dtype in drawn.dtypes.items() if dtype.kind == "O"]
    lengths = [sum(len(str(value)) for value in row) for row in zip(*(drawn[name] for name in texts), strict=True)]
    if texts:
        count = int((np.cumsum(lengths) <= SAMPLE_CHARACTERS).sum())
    return {
        "numbers": fitted.numbers[rows[:count]].tolist(),
        "columns": {str(name): values(column.head(count)) for name, column in drawn.items()},
        "target": None if fitted.target is None else values(fitted.target.iloc[rows[:count]]),
        "predictions": None if said is None else values(said.head(count)),
    }


def _summary(
    column: pd.Series[Any], kind: Kind, *, most: int, is_label: bool = False, pattern: str | None = None
) -> dict[str, Any]:
    if kind == "number" and not is_label:
        found = column.to_numpy(dtype=float, na_value=np.nan)
        found = found[np.isfinite(found)]
        told = _of_numbers(found)
    elif kind == "date":
        found = read_learned(column, pattern).dropna().to_numpy(dtype="datetime64[ns]")
        told = _of_dates(found)
    else:
        found = column.dropna().to_numpy()
        told = _of_values(found, most=most)
    missing = (len(column) - len(found)) / len(column) if len(column) else 0.0
    return {"kind": kind, "missing": missing} | told


def _of_numbers(found: Array) -> dict[str, Any]:
    if not len(found):
        return {}
    with np.errstate(all="ignore"):
        told = {"mean": found.mean(), "std": found.std(), "min": found.min(), "max": found.max()}
        return {name: jsonable(value) for name, value in told.items()} | _spread(found, jsonable)


def _of_dates(found: Array) -> dict[str, Any]:
    if not len(found):
        return {}

    def written(nanoseconds: float) -> str:
        return pd.Timestamp(int(nanoseconds)).isoformat()

    times = found.astype(np.int64)
    return {"min": written(times.min()), "max": written(times.max())} | _spread(times, written)


def _spread(found: Array, written: Any) -> dict[str, Any]:
    quantiles = np.quantile(found, np.array(QUANTILES) / 100)
    told: dict[str, Any] = {
        "quantiles": {str(percent): written(value) for percent, value in zip(QUANTILES, quantiles, strict=True)}
    }
    with np.errstate(over="ignore"):
        span = found.max() - found.min()
    if not np.isfinite(span):
        # Bins between numbers that lie so far apart have no width that could be told.
        return told
    counts, edges = np.histogram(found, BINS)
    return told | {"histogram": {"edges": [written(edge) for edge in edges], "counts": counts.tolist()}}


def _of_values(found: Sequence[Any] | Array, *, most: int) -> dict[str, Any]:
    counts = pd.Series(found, dtype=object).value_counts()
    shown = [
        [jsonable(value), int(count)]
        for value, count in counts.head(most).items()
        if not isinstance(value, str) or len(value) <= LENGTH_MOST
    ]
    return {
        "values": shown,
        "rest": int(counts.sum()) - sum(count for _, count in shown),
        "distinct": len(counts),
    }


def held_out(fitted: Fitted) -> dict[str, Any]:
    """Tell which rows of the table, numbered from 0, a pipeline can be judged on.

    Returns
    -------
    dict
        ``rows``; ``of`` how many; of a series also ``ahead``: all rows after those that it was fitted on, in the order
        of time, and of them ``rows`` are those of the horizon.
    """
    told = {"rows": fitted.numbers[fitted.held_out].tolist(), "of": len(fitted.numbers)}
    return told if fitted.ahead is None else told | {"ahead": fitted.numbers[fitted.ahead].tolist()}
