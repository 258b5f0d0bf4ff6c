"""What PyCaret shows of a run's numbers: the same, another one on purpose, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.catalogue import TASKS, Metric
from workbench.ranking import rank
from workbench.runs.record import RunRecord
from workbench.runs.reproduce.python import call, literal
from workbench.runs.reproduce.text import escaped
from workbench.runs.scores import LeaderboardRow

DIGITS = 6
"""Decimals that a notebook holds; PyCaret prints four."""
SHOWN = 4


def compared(board: Sequence[LeaderboardRow]) -> list[LeaderboardRow]:
    """Return the rows that are finished."""
    return [row for row in board if row.status == "scored"]


def skipped(board: Sequence[LeaderboardRow]) -> list[str]:
    """Return the models that yielded nothing: one that hung or died here may do so again."""
    return [row.model for row in board if row.status in ("failed", "timed_out")]


def expected(row: LeaderboardRow, metric: str) -> float | None:
    """Return what PyCaret should print, unrounded; None where that is not known."""
    if metric in row.pycaret:
        return row.pycaret[metric]
    return None if metric in row.notes else row.metrics[metric]


def comparison(run: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """Write the cell that holds the run's numbers against ``said``."""
    told = {row.model: {metric: expected(row, metric) for metric in row.metrics} for row in rows}
    spreads = [metric.name for metric in _spreads(run)]
    metrics = [
        metric
        for metric in rows[0].metrics
        if metric not in spreads and any(row[metric] is not None for row in told.values())
    ]
    numbers = {
        model: [None if (value := row[metric]) is None else round(value, DIGITS) for metric in metrics]
        for model, row in told.items()
    }
    board = call("pd.DataFrame.from_dict", literal(numbers), orient='"index"', columns=literal(metrics), dtype="float")
    lines = [
        "# The run's leaderboard, with two digits more than PyCaret prints.",
        f"board = {board}",
        "here = said.loc[board.index, board.columns].astype(float)",
        "apart = (here - board).abs()",
        'print(f"{board.count().sum()} numbers, the largest difference is {apart.max(axis=None):.6f}.")',
        "# Half of the last digit that PyCaret prints.",
        "agrees = (apart <= 0.00005 + 1e-9 * (1 + board.abs())) | board.isna()",
        "assert agrees.all(axis=None), here[~agrees].stack()",
        "here",
    ]
    if run.plan == "compare" and TASKS[run.task].has_target:
        lines[2:2] = [
            "# PyCaret leaves a model out, without a word, where it fails or its first scores sum to 0.",
            "left_out = board.index.difference(said.index)",
            "board = board.drop(left_out)",
            'print("PyCaret leaves out:", ", ".join(left_out) or "nothing")',
            'assert len(board), "PyCaret leaves out every model."',
        ]
    return "\n".join(lines)


def shape(run: RunRecord, fitted: Mapping[str, Any]) -> str:
    """Write the cell that holds what set-up made of the table against PyCaret's."""
    if run.task == "time_series":
        return f"assert (len(exp.y_train), len(exp.y_test)) == ({fitted['train_rows']}, {fitted['test_rows']})"
    features = "X_train" if TASKS[run.task].has_target else "X"
    return "\n".join(
        [
            f"assert exp.{features}.shape == ({fitted['train_rows']}, {fitted['features_in']})",
            f"assert exp.{features}_transformed.shape[1] == {fitted['features_out']}",
        ]
    )


def _spreads(run: RunRecord) -> list[Metric]:
    """Return the metrics that tell how another one varies over folds, of which PyCaret's tables hold too few digits."""
    return [metric for metric in TASKS[run.task].metrics if metric.spread_of]


def remarks(run: RunRecord, board: Sequence[LeaderboardRow], rows: Collection[LeaderboardRow]) -> str:
    """Say in Markdown which numbers differ on purpose, which model PyCaret would keep, and what it cannot show."""
    differing = [
        f"{escaped(row.name)}, {metric}: Workbench has {_shown(row.metrics[metric])}. {escaped(row.remarks[metric])}"
        for row in rows
        for metric in row.pycaret
    ]
    kept = _kept(run, rows)
    if kept:
        differing.append(escaped(kept))
    lacking = [
        f"{escaped(row.name)}, {metric}: {escaped(note)}"
        for row in rows
        for metric, note in row.notes.items()
        if metric not in row.pycaret
    ]
    lacking += [f"{escaped(row.name)}: {escaped(_why_not(row))}" for row in board if row not in rows]
    if rows:
        lacking += [f"{metric.name}, Workbench's own: {metric.about}" for metric in _spreads(run)]
    return "\n\n".join(
        f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines)
        for title, lines in (("Where Workbench differs on purpose", differing), ("What is not compared", lacking))
        if lines
    )


def _why_not(row: LeaderboardRow) -> str:
    return row.reason or f"It was {row.status} when this was written."


def _shown(value: float | None) -> str:
    return "no value" if value is None else f"{value:.{SHOWN}f}"


_HOLDS = {"tune": "start", "ensemble": "start", "blend": "made", "stack": "made", "calibrate": "made"}
"""Which model PyCaret holds on to in each plan unless another is better: the one that it starts from, or makes."""


def _kept(run: RunRecord, rows: Collection[LeaderboardRow]) -> str | None:
    """Say which model PyCaret keeps where it is another than the run's."""
    metric = TASKS[run.task].metric(str(run.spec["sort"]))
    if metric is None or metric.nearest_zero or run.plan not in _HOLDS:
        return None
    values = {row.model: expected(row, metric.name) for row in rows}
    if run.best not in values or None in values.values():
        return None
    in_order = [model for model in run.recipes if model in values]
    if run.plan == "tune":
        start, *trials = in_order
        best_trial = rank({trial: values[trial] for trial in trials}, greater_is_better=metric.greater_is_better)[:1]
        in_order = [start, *best_trial] if run.spec["options"]["choose_better"] else best_trial
    elif run.plan == "calibrate":
        # Its calibrate_model knows no choose_better.
        in_order = in_order[-1:]
    elif _HOLDS[run.plan] == "made":
        in_order = [in_order[-1], *in_order[:-1]]
    rounded = {model: round(values[model] or 0.0, SHOWN) for model in in_order}
    theirs = next(iter(rank(rounded, greater_is_better=metric.greater_is_better)), run.best)
    if theirs == run.best:
        return None
    return (
        f"Workbench keeps {run.best} and PyCaret {theirs}: PyCaret compares what it shows, rounded to four decimals, "
        "and where nothing is better it keeps what it has."
    )
