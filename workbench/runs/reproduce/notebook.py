"""A run as a notebook of plain PyCaret calls that gives the same numbers, and the environment that it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.catalogue import TASKS
from workbench.runs.record import RunRecord
from workbench.runs.reproduce import calls, measures, parity
from workbench.runs.reproduce.python import call, literal
from workbench.runs.reproduce.reproduction import REQUIREMENTS, Reproduction, Table, stem
from workbench.runs.reproduce.text import escaped
from workbench.runs.scores import LeaderboardRow
from workbench.version import __version__

_OWN = "jupyter-workbench"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a run beside its row.

    Attributes
    ----------
    board
        Its leaderboard.
    fitted
        What it told when set-up was fitted; empty where it did not come as far.
    environment
        Installed distributions where it trained, ``name==version`` a line; None where it stored none.
    """

    board: Sequence[LeaderboardRow]
    fitted: Mapping[str, Any]
    environment: str | None


def reproduce(run: RunRecord, table: Table, evidence: Evidence) -> Reproduction:
    """Write a run's notebook and environment."""
    cells = _cells(run, table, evidence)
    notebook = {
        "cells": [_cell(place, kind, text) for place, (kind, text) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return Reproduction(
        name=f"{stem(run.source_name)}-{run.plan}-{run.short_id}",
        notebook=json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
        environment=_requirements(run, evidence.environment),
        table=table,
    )


def _cell(place: int, kind: str, text: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": f"cell-{place}", "metadata": {}, "source": re.findall(r"[^\n]*\n|[^\n]+", text)}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _cells(run: RunRecord, table: Table, evidence: Evidence) -> Iterable[tuple[str, str]]:
    board = evidence.board
    rows = parity.compared(board)
    measured = measures.of_run(run.spec)
    plan = calls.of_plan(
        run.spec,
        measured,
        field=list(run.recipes),
        skipped=parity.skipped(board),
        wanted=[row.model for row in rows],
    )
    yield "markdown", _title(run, table, evidence)
    yield "code", _importing(run, (*measured.imports, *plan.imports), evidence)
    yield "code", "\n".join([*_reading(table), *_arranging(run, table, evidence), "df.head()"])
    others = run.task == "time_series" and run.plan == "compare" and bool(evidence.fitted.get("features_in"))
    yield "code", f"exp = {calls.experiment(run.task)[1]}()\n{calls.set_up(run.spec, has_others=others)}"
    if plan.statements and measured.code:
        yield "code", measured.code
    if plan.statements:
        yield "code", "\n".join(plan.statements)
    remarks = parity.remarks(run, board, rows)
    if remarks:
        yield "markdown", remarks
    if rows:
        yield "code", parity.comparison(run, rows)
    if run.plan == "setup" and evidence.fitted:
        yield "code", parity.shape(run, evidence.fitted)


def _importing(run: RunRecord, more: Iterable[str], evidence: Evidence) -> str:
    module, experiment = calls.experiment(run.task)
    imports = {f"from {module} import {experiment}", "import pandas as pd", *more}
    lines = ["import hashlib", "from pathlib import Path", "", *sorted(imports, key=_imported)]
    if run.task == "time_series" and re.search("^dask==", evidence.environment or "", re.MULTILINE):
        hidden = "# PyCaret's forecasting finds this environment's Dask and cannot use it."
        lines[1:3] = ["import sys", "from pathlib import Path", "", hidden, 'sys.modules["dask"] = None', ""]
    return "\n".join(lines)


def _imported(line: str) -> tuple[bool, str]:
    """Sort imports of modules before those of names."""
    return line.startswith("from"), line.split()[1]


def _title(run: RunRecord, table: Table, evidence: Evidence) -> str:
    spec = run.spec
    versions = run.versions
    subject = escaped(run.target) if run.target else "no target"
    facts = {
        "run": f"`{run.id}`, {run.created_at:%Y-%m-%d %H:%M} UTC, {run.status}",
        "data": f"{escaped(table.name)}, {table.rows:,} rows, SHA-256 `{table.sha256}`",
        "plan": f"{run.plan} ({run.task.replace('_', ' ')}, {subject}), {_folds(run)}, seed {spec['seed']}, "
        f"ranked by {escaped(spec['sort'])}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()) or "not known",
    }
    words = [
        f"# {run.plan.capitalize()} of {escaped(run.subject)}",
        "What Workbench did in this run, in plain PyCaret calls. The last cell compares the numbers.",
        "\n".join(["| | |", "|---|---|", *(f"| {name} | {told} |" for name, told in facts.items())]),
        f"It takes Python {'.'.join(str(versions.get('python', '3.11')).split('.')[:2])}, "
        f"`{_install(evidence.environment)}`, and ipykernel where Jupyter is to run it.",
        *_warnings(run, table),
        *(escaped(notice) for notice in evidence.fitted.get("notices", ())),
    ]
    return "\n\n".join(words)


def _folds(run: RunRecord) -> str:
    return f"{run.folds} folds" if TASKS[run.task].folds > 1 else "no folds"


def _warnings(run: RunRecord, table: Table) -> Iterable[str]:
    """Say what PyCaret cannot do again."""
    if table.path is None:
        yield f"The file {escaped(table.name)} is not held here any more: put it beside this notebook."
    if not run.is_terminal:
        yield f"The run is {run.status} still: the comparison holds what was scored when this was written."
    if run.status in ("failed", "cancelled"):
        yield f"The run ended early ({escaped(run.error or run.status)}): the comparison holds what it finished."
    if run.spec["racing"]:
        yield "Its models raced, which PyCaret does not know: here those run to the end that were stopped there."


def _reading(table: Table) -> Iterable[str]:
    name = literal(table.name)
    yield f"assert hashlib.sha256(Path({name}).read_bytes()).hexdigest() == (\n    {literal(table.sha256)}\n)"
    # Parquet's gaps in texts are None, those of a text table NaN, and not all of PyCaret takes both for a gap.
    yield f'df = pd.read_parquet({name}).fillna(float("nan"))'


def _arranging(run: RunRecord, table: Table, evidence: Evidence) -> Iterable[str]:
    """Write what Workbench does to a table before PyCaret sees it."""
    for column in run.spec["setup"].get("date_features") or ():
        yield f"df[{literal(column)}] = pd.to_datetime(df[{literal(column)}])"
    if run.task != "time_series":
        return
    if table.truths:
        numbers = call("dict.fromkeys", literal(list(table.truths)), literal("int64"))
        yield f"df = {call('df.astype', numbers)}"
    index = run.spec["setup"].get("index")
    if index is None or not evidence.fitted.get("notices"):
        return
    column = literal(index)
    if index not in table.texts:
        yield f"df = df.sort_values({column}, ignore_index=True)"
        return
    yield f"df = df.sort_values({column}, key=pd.to_datetime, ignore_index=True)"
    yield f"dates = pd.DatetimeIndex(pd.to_datetime(df[{column}]))"
    yield "if pd.infer_freq(dates) is None:"
    yield '    step = next(step for step in "AQMW" if dates.to_period(step).is_unique)'
    yield f"    df[{column}] = dates.to_period(step).to_timestamp()"


def _install(environment: str | None) -> str:
    # A full list needs no resolver, which may refuse what worked.
    return f"pip install {'' if environment is None else '--no-deps '}-r {REQUIREMENTS}"


def _requirements(run: RunRecord, environment: str | None) -> str:
    """Write the environment for pip; Workbench itself is not needed."""
    versions = dict(run.versions)
    python = versions.pop("python", None)
    head = f"# Run {run.id} of Workbench {__version__}"
    lines = [f"{head}\n# Python {python}" if python else head, f"# {_install(environment)}"]
    if environment is not None:
        lines += [f"# {line}" if line.startswith(f"{_OWN}==") else line for line in environment.splitlines()]
    elif versions:
        lines.append("# The run stored no full list: these are the libraries that its numbers rest on.")
        lines += [f"{name}=={version}" for name, version in versions.items()]
    else:
        lines += ["# The run ended before it knew its libraries.", "pycaret==3.3.2"]
    return "\n".join(lines) + "\n"
