"""How the terminal shows things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.catalogue import TASKS
from workbench.data.source import Source
from workbench.ranking import CONFIDENCE
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow
from workbench.serving.deployment import DeploymentRecord
from workbench.serving.reports import Minute

WIDE = 160
"""Columns to lay out for where there is no terminal to ask."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
progress_console = Console(highlight=False, stderr=True)
"""What is shown while something lasts: not a part of what a command prints."""

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
    "raced_out": "yellow",
    "stopped": "yellow",
    "created": "dim",
    "warming": "cyan",
    "ready": "green",
}


def document(content: Any) -> None:
    """Print one JSON document and nothing else."""
    print(
        json.dumps(
            asdict(content) if is_dataclass(content) and not isinstance(content, type) else content,
            indent=2,
            default=str,
        )
    )


def seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 0.0995:
        return f"{max(1, round(value * 1000))} ms"
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
            escape(found.target or ""),
            f"[{STATUS_STYLE[found.status]}]{found.status}",
            best,
            seconds(took),
            f"{found.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
        )
    return table


def leaderboard(rows: Sequence[LeaderboardRow], run: RunRecord, *, most: int | None = None) -> Table:
    """Lay the board out: means, and beside them how far their 95 % intervals reach, as far as there is room."""
    sort = run.spec["sort"]
    counts = {metric.name for metric in TASKS[run.task].metrics if not metric.ranks}
    metrics, reaches = _fitting(list(rows[0].metrics) if rows else [], sort)
    has_folds = any(row.folds_total > 1 for row in rows)
    shown = rows[:most]
    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("model", no_wrap=True, min_width=18, max_width=NAME, overflow="ellipsis")
    for metric in metrics:
        table.add_column(metric, justify="right", no_wrap=True, min_width=6)
    for time in ("fit", "score"):
        table.add_column(time, justify="right", no_wrap=True, min_width=6)
    if has_folds:
        table.add_column("folds", justify="right", no_wrap=True, min_width=5)
    table.add_column("", overflow="fold")
    marked = {metric for metric in metrics if any(metric in row.pycaret for row in shown)}
    shared = _shared(rows)
    for row in shown:
        style = STATUS_STYLE[row.status]
        # How far a stopped row came stands beside it already.
        reason = "" if row.status == "stopped" else row.reason or ""
        values = [
            cell(row, metric, is_count=metric in counts, has_reach=metric in reaches, has_marks=metric in marked)
            for metric in metrics
        ]
        status = "" if row.status == "scored" else row.status.replace("_", " ")
        table.add_row(
            str(row.rank or ""),
            "≈" if is_like(row) else "",
            escape(row.name.removeprefix(shared)),
            *(f"[bold]{value}" if metric == sort else value for metric, value in zip(metrics, values, strict=True)),
            *("" if took is None else seconds(took) for took in (row.fit_s, row.score_s)),
            *([f"{row.folds_scored}/{row.folds_total}"] if has_folds else []),
            f"[{style}]{status}[/] {escape(reason)}",
        )
    return table


def _shared(rows: Sequence[LeaderboardRow]) -> str:
    """What the names of all trials begin with: the model that is tuned."""
    heads = {row.name.partition(" · ")[0] for row in rows}
    return f"{heads.pop()} · " if len(heads) == 1 else ""


def remarks(rows: Sequence[LeaderboardRow]) -> Iterator[str]:
    """Tell what the board has no room for and explain its marks; what is said of several models is said once."""
    if rows and rows[0].rank == 1 and len(rows[0].name) > NAME:
        yield f"1 {rows[0].name}"
    said: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        for metric, remark in row.remarks.items():
            mark = "†" if metric in row.pycaret else "–"
            said.setdefault((mark, metric, remark), []).append(row.model)
    for (mark, metric, remark), models in said.items():
        yield f"{mark} {metric} of {', '.join(models)}: {remark.removeprefix(f'{metric} is ')}"
    if any(is_like(row) for row in rows):
        yield f"≈ not separable from the best: within the folds' noise (paired t-test, {CONFIDENCE:.0%}), or too few"
    if any(row.interval[metric] for row in rows for metric in row.metrics):
        yield f"± {CONFIDENCE:.0%} confidence interval of the mean over the folds"


def is_like(row: LeaderboardRow) -> bool:
    """Whether nothing shows that the best is better than a row behind it: a row without the mark does differ."""
    return row.rank not in (None, 1) and row.folds_total > 1 and row.is_separable is not True


def cell(row: LeaderboardRow, metric: str, *, is_count: bool, has_reach: bool, has_marks: bool) -> str:
    mean, bounds = row.metrics[metric], row.interval[metric]
    if mean is None:
        value = "–" if metric in row.notes else ""
    else:
        value = f"{mean:g}" if is_count else f"{mean:.4f}"
        if has_reach and bounds is not None:
            value += f" ±{(bounds[1] - bounds[0]) / 2:.4f}"
    # Marked or not, the digits of a column stand below each other.
    return value + ("†" if metric in row.pycaret else " " if has_marks else "")


NAME = 48
"""Longest name that a board shows in full."""
VALUE, REACH, BESIDE = 9, 8, 74
"""Columns that a mean takes, that its interval takes, and that all else on the line takes."""


def _fitting(metrics: list[str], sort: str) -> tuple[list[str], set[str]]:
    """Keep the metrics for which there is room, the ranking one always; and say which have room for an interval."""
    room = max(VALUE, console.width - BESIDE)
    first = [metric for metric in metrics if metric == sort] + [metric for metric in metrics if metric != sort]
    kept = first[: room // VALUE]
    reaches = first[: max(0, (room - VALUE * len(kept)) // REACH)]
    return [metric for metric in metrics if metric in kept], set(reaches)


def deployments(found: Iterable[DeploymentRecord]) -> Table:
    table = Table(
        "slug", "status", "access", "pipeline", "requests", "rows", "errors", "p50", "p95", box=None, pad_edge=False
    )
    for record in found:
        swaps = f" → {record.next_pipeline_id[-8:]}" if record.next_pipeline_id else ""
        table.add_row(
            record.slug,
            f"[{STATUS_STYLE[record.status]}]{record.status}",
            record.access,
            f"{record.pipeline_id[-8:]}{swaps}",
            f"{record.request_count:,}",
            f"{record.row_count:,}",
            f"{record.error_count:,}",
            _milliseconds(record.p50_ms),
            _milliseconds(record.p95_ms),
        )
    return table


def traffic(found: Iterable[Minute]) -> Table:
    table = Table("minute", "role", "pipeline", "requests", "rows", "errors", "p50", "p95", box=None, pad_edge=False)
    for minute in found:
        table.add_row(
            f"{minute.minute.astimezone():%H:%M}",
            minute.role,
            minute.pipeline_id[-8:],
            f"{minute.requests:,}",
            f"{minute.rows:,}",
            f"{minute.errors:,}",
            _milliseconds(minute.p50_ms.get("total")),
            _milliseconds(minute.p95_ms.get("total")),
        )
    return table


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms"


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


def versions(found: Iterable[Source]) -> Table:
    table = Table("version", "kind", "rows", "columns", "SHA-256", "added", box=None, pad_edge=False)
    for source in found:
        counts = f"{source.row_count:,}", str(len(source.columns))
        added = f"{source.created_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(source.version), source.kind, *counts, source.sha256[:12], added)
    return table


def size(found: Source) -> str:
    version = f" (version {found.version})" if found.version > 1 else ""
    return f"{found.name}{version}: {found.row_count:,} rows × {len(found.columns):,} columns"


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
