"""How the terminal shows things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.data.source import Source
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow

WIDE = 160
"""Columns to lay out for where there is no terminal to ask."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)

STATUS_STYLE = {
    "queued": "dim",
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "scored": "green",
    "scoring": "cyan",
    "waiting": "dim",
    "timed_out": "red",
    "stopped": "yellow",
}


def document(content: Any) -> None:
    """Print one JSON document and nothing else."""
    print(json.dumps(content, indent=2, default=str))


def seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} s" if value < 60 else f"{int(value // 60)} min {int(value % 60):02d} s"


def runs(records: Iterable[RunRecord]) -> Table:
    table = Table("run", "plan", "data", "target", "status", "best", "took", "submitted", box=None, pad_edge=False)
    for found in records:
        best = (found.summary or {}).get("best") or ""
        took = None if found.duration_ms is None else found.duration_ms / 1000
        table.add_row(
            found.short_id,
            found.plan,
            escape(found.source_name),
            escape(found.target),
            f"[{STATUS_STYLE[found.status]}]{found.status}",
            best,
            seconds(took),
            f"{found.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
        )
    return table


def leaderboard(rows: Sequence[LeaderboardRow], sort: str, *, most: int | None = None) -> Table:
    metrics = _fitting(list(rows[0].metrics) if rows else [], sort)
    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True, min_width=18, ratio=None)
    for metric in metrics:
        table.add_column(metric, justify="right", no_wrap=True, min_width=6)
    table.add_column("fit", justify="right", no_wrap=True, min_width=6)
    table.add_column("folds", justify="right", no_wrap=True, min_width=5)
    table.add_column("", overflow="fold")
    for row in rows[:most]:
        style = STATUS_STYLE[row.status]
        values = ["" if row.metrics[m] is None else f"{row.metrics[m]:.4f}" for m in metrics]
        table.add_row(
            str(row.rank or ""),
            row.name,
            *(f"[bold]{value}" if metric == sort else value for metric, value in zip(metrics, values, strict=True)),
            seconds(row.fit_s),
            f"{row.folds_scored}/{row.folds_total}",
            f"[{style}]{row.status if row.status != 'scored' else ''}[/] {escape(row.reason or '')}",
        )
    return table


def _fitting(metrics: list[str], sort: str) -> list[str]:
    """Keep the metrics for which there is room, the ranking one always."""
    room = max(1, (console.width - 56) // 9)
    first = [metric for metric in metrics if metric == sort] + [metric for metric in metrics if metric != sort]
    kept = set(first[:room])
    return [metric for metric in metrics if metric in kept]


def sources(found: Iterable[Source]) -> Table:
    table = Table("name", "kind", "rows", "columns", "size", "added", box=None, pad_edge=False)
    for source in found:
        table.add_row(
            escape(source.name),
            source.kind,
            f"{source.row_count:,}",
            str(len(source.columns)),
            f"{source.size_bytes / 1024:,.0f} KiB",
            f"{source.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    return table


def size(found: Source) -> str:
    return f"{found.name}: {found.row_count:,} rows × {len(found.columns):,} columns"


def source(found: Source) -> Table:
    table = Table("column", "kind", "missing", "distinct", "range or most frequent", box=None, pad_edge=False)
    for column in found.columns:
        if column.minimum is not None and column.maximum is not None:
            about = f"{column.minimum:g} … {column.maximum:g}"
        else:
            about = ", ".join(f"{value} ({count:,})" for value, count in column.top[:3])
        counts = f"{column.missing:,}", f"{column.distinct:,}"
        table.add_row(escape(column.name), column.kind, *counts, escape(about))
    return table
