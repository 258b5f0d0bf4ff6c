"""``workbench experiment …``"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from workbench.catalogue import TASKS
from workbench.cli import render
from workbench.cli.opened import connect
from workbench.runs.experiment import Contender, Experiment
from workbench.runs.scores import LeaderboardRow

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="An experiment's id, or the end of it.")]


@app.command(name="list")
def list_experiments(
    project: Annotated[str | None, typer.Option(help="Only those of a project, by its name or its id.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", help="How many at most.")] = 100,
    before: Annotated[
        str | None, typer.Option(metavar="EXPERIMENT", help="Only what was begun before this one.")
    ] = None,
    json: Json = False,
) -> None:
    """List experiments, newest first: what runs are compared under."""
    found = connect().experiments.list(project, limit=limit, before=before)
    if json:
        render.document([experiment.as_dict() for experiment in found])
    else:
        render.console.print(_table(found) if found else "no experiments yet: one is begun with the first run")


@app.command()
def show(experiment: Reference, json: Json = False) -> None:
    """Show what the runs of an experiment have in common."""
    workbench = connect()
    found = workbench.experiments.get(experiment)
    if json:
        render.document(found.as_dict())
        return
    render.console.print(_facts(found, workbench.projects.get(found.project_id).name))


@app.command()
def rename(
    experiment: Reference,
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 100 characters; several may be called alike.")],
    json: Json = False,
) -> None:
    """Call an experiment something else."""
    found = connect().experiments.rename(experiment, name)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(f"{found.id[-8:]}: {found.name}", markup=False)


@app.command()
def leaderboard(
    experiment: Reference,
    limit: Annotated[int, typer.Option("-n", "--limit", help="How many models at most.")] = 50,
    json: Json = False,
) -> None:
    """Rank the models of all runs of an experiment by the task's own metric."""
    workbench = connect()
    found = workbench.experiments.get(experiment)
    board = workbench.experiments.leaderboard(found.id, limit=limit)
    if json:
        render.document([contender.as_dict() for contender in board])
        return
    if not board:
        render.console.print("no model is scored on every fold yet")
        return
    metric = TASKS[found.task].sort
    ranked = [replace(each, row=_ranked_by(metric, each.row)) for each in board]
    render.console.print(_board(ranked, metric))
    for remark in render.remarks([each.row for each in ranked]):
        render.console.print(remark, markup=False, style="dim")


def _table(found: Iterable[Experiment]) -> Table:
    table = Table("experiment", "name", "data", "task", "target", "runs", "begun", box=None, pad_edge=False)
    for each in found:
        about = escape(each.name), escape(each.source_name), each.task, escape(each.target or "")
        table.add_row(each.id[-8:], *about, f"{each.run_count:,}", f"{each.created_at.astimezone():%Y-%m-%d %H:%M}")
    return table


def _facts(found: Experiment, project: str) -> Table:
    table = Table("", "", box=None, pad_edge=False, show_header=False)
    told = {
        "experiment": found.id,
        "name": found.name,
        "project": project,
        "data": found.source_name,
        "task": found.task,
        "target": found.target or "none",
        "set-up": ", ".join(f"{name}={value}" for name, value in found.setup.items()) or "as PyCaret has it",
        "runs": f"{found.run_count:,}",
        "begun": f"{found.created_at.astimezone():%Y-%m-%d %H:%M}",
    }
    for name, value in told.items():
        table.add_row(name, escape(value))
    return table


def _ranked_by(metric: str, row: LeaderboardRow) -> LeaderboardRow:
    """Leave of a row the metric that ranks: the board of its run has the others."""

    def only(told: Mapping[str, T]) -> dict[str, T]:
        return {name: value for name, value in told.items() if name == metric}

    return replace(
        row, metrics=only(row.metrics), interval=only(row.interval), notes=only(row.notes), pycaret=only(row.pycaret)
    )


def _board(board: Sequence[Contender], metric: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("model", no_wrap=True, max_width=render.NAME, overflow="ellipsis")
    table.add_column(metric, justify="right", no_wrap=True)
    for name in ("run", "plan"):
        table.add_column(name, no_wrap=True)
    has_marks = any(metric in each.row.pycaret for each in board)
    for contender in board:
        row = contender.row
        value = render.cell(row, metric, is_count=False, has_reach=True, has_marks=has_marks)
        mark = "≈" if render.is_like(row) else ""
        table.add_row(str(row.rank), mark, escape(row.name), f"[bold]{value}", contender.run_id[-8:], contender.plan)
    return table
