"""A leaderboard as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.runs.scores import LeaderboardRow

if TYPE_CHECKING:
    import pandas as pd


def board(rows: Sequence[LeaderboardRow], *, detail: bool = False) -> pd.DataFrame:
    """Lay the rows of a leaderboard out as a table.

    Parameters
    ----------
    detail
        Whether it tells all that is known of each model.
    """
    import pandas as pd

    table = [_in_detail(row, rows) if detail else _in_short(row) for row in rows]
    return pd.DataFrame(table, index=pd.Index([row.model for row in rows], name="id"))


def _in_short(row: LeaderboardRow) -> dict[str, Any]:
    standing = {"Folds": row.folds_scored, "Status": row.status, "Reason": row.reason}
    return {"Model": row.name} | dict(row.metrics) | {"Fit (s)": row.fit_s} | standing


def _in_detail(row: LeaderboardRow, rows: Sequence[LeaderboardRow]) -> dict[str, Any]:
    told: dict[str, Any] = {"Rank": row.rank, "Model": row.name}
    for metric, mean in row.metrics.items():
        low, high = row.interval[metric] or (None, None)
        told |= {metric: mean, f"{metric} std": row.std[metric], f"{metric} low": low, f"{metric} high": high}
        if any(metric in other.pycaret for other in rows):
            told[f"{metric} PyCaret"] = row.pycaret.get(metric)
        if any(metric in other.remarks for other in rows):
            told[f"{metric} note"] = row.remarks.get(metric)
    told |= {"Separable": row.is_separable, "Fit (s)": row.fit_s, "Score (s)": row.score_s}
    return told | {"Folds": row.folds_scored, "Status": row.status, "Reason": row.reason}
