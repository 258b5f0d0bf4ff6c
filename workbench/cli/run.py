"""``workbench run …``"""

from __future__ import annotations

import sys
import time
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.text import Text

from workbench import Run, Workbench, connect
from workbench.catalogue import FOLDS, SEED
from workbench.cli import render
from workbench.data.source import Source
from workbench.errors import BadRequest, WorkbenchError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the end of it.")]
Data = Annotated[str, typer.Option("--data", help="A data source's name, or a CSV file.")]
Target = Annotated[str, typer.Option("--target", help="Column to predict.")]
TaskOption = Annotated[str | None, typer.Option("--task", help="classification or regression; default: by the target.")]
Seed = Annotated[int, typer.Option("--session-id", "--seed", help="PyCaret's session_id.")]
Folds = Annotated[int, typer.Option("--fold", "--folds", help="Cross-validation folds.")]
Sort = Annotated[str | None, typer.Option("--sort", help="Metric that ranks; default: Accuracy or R2.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="OPTION=VALUE", help="A set-up option; repeatable.")]
Limit = Annotated[float | None, typer.Option("--model-timeout", help="Seconds one model may take on one fold.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Submit and return at once.")]


@app.command()
def compare(
    data: Data,
    target: Target,
    task: TaskOption = None,
    session_id: Seed = SEED,
    fold: Folds = FOLDS,
    include: Annotated[str | None, typer.Option(help="Models to compare, by id: lr,rf,…")] = None,
    exclude: Annotated[str | None, typer.Option(help="Models to leave out, by id.")] = None,
    sort: Sort = None,
    set_: Set = None,
    model_timeout: Limit = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """Cross-validate a field of models and fit the best."""
    _launch(
        data,
        json=json,
        wait=not no_wait,
        plan="compare",
        target=target,
        task=task,
        seed=session_id,
        folds=fold,
        include=_ids(include),
        exclude=_ids(exclude) or (),
        sort=sort,
        setup=_options(set_),
        model_timeout_s=model_timeout,
    )


@app.command()
def create(
    data: Data,
    target: Target,
    model: Annotated[str, typer.Option(help="The model, by id.")],
    task: TaskOption = None,
    session_id: Seed = SEED,
    fold: Folds = FOLDS,
    sort: Sort = None,
    set_: Set = None,
    model_timeout: Limit = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """Cross-validate and fit one model."""
    _launch(
        data,
        json=json,
        wait=not no_wait,
        plan="create",
        target=target,
        task=task,
        seed=session_id,
        folds=fold,
        model=model,
        sort=sort,
        setup=_options(set_),
        model_timeout_s=model_timeout,
    )


@app.command()
def setup(
    data: Data,
    target: Target,
    task: TaskOption = None,
    session_id: Seed = SEED,
    fold: Folds = FOLDS,
    set_: Set = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """Fit the preprocessing only."""
    _launch(
        data,
        json=json,
        wait=not no_wait,
        plan="setup",
        target=target,
        task=task,
        seed=session_id,
        folds=fold,
        setup=_options(set_),
    )


@app.command(name="list")
def list_runs(limit: Annotated[int, typer.Option(min=1)] = 20, json: Json = False) -> None:
    """List runs, newest first."""
    records = connect().runs.records(limit=limit)
    if json:
        render.document([found.as_dict() for found in records])
    else:
        render.console.print(render.runs(records) if records else "no runs yet: `workbench run compare …`")


@app.command()
def show(run: Reference, json: Json = False) -> None:
    """Show a run and its leaderboard."""
    _show(connect().runs.get(run), json=json)


@app.command()
def cancel(run: Reference, json: Json = False) -> None:
    """End a run; what is scored stays."""
    found = connect().runs.get(run)
    found.cancel()
    ended = found.wait(timeout_s=5)
    if json:
        render.document(ended.as_dict())
    else:
        render.console.print(f"{ended.short_id}: {ended.status}")


@app.command()
def events(
    run: Reference,
    after: Annotated[int, typer.Option(min=0, help="Start after this event.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run is closed.")] = False,
    json: Json = False,
) -> None:
    """Print a run's log; followed as JSON, a document a line."""
    found = connect().runs.get(run)
    if follow:
        for event in found.events(after=after):
            print(dumps(event.as_dict()) if json else event, flush=True)
        return
    log = found.history(after=after)
    if json:
        render.document([event.as_dict() for event in log])
    else:
        for event in log:
            print(event)


def _launch(data: str, *, json: bool, wait: bool, **request: Any) -> None:
    workbench = connect()
    source, is_new = _source(workbench, data)
    try:
        run = workbench.runs.submit(source, **request)
    except WorkbenchError:
        # A file that was added only for this run goes again with it.
        if is_new:
            workbench.data.delete(source.id)
        raise
    if wait:
        _watch(run, quiet=json)
    _show(run, json=json)
    if wait and run.status != "succeeded":
        raise typer.Exit(1)


def _source(workbench: Workbench, data: str) -> tuple[Source, bool]:
    path = Path(data)
    if _is_file(path):
        known = workbench.data.find_content(path)
        return (known, False) if known else (workbench.data.upload(path), True)
    return workbench.data.get(data), False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Too long for a file's name, or behind a folder that may not be entered.
        return False


def _watch(run: Run, *, quiet: bool) -> None:
    try:
        if quiet or not sys.stdout.isatty():
            while not run.wait(timeout_s=60).is_terminal:
                pass
            return
        with Live(console=render.console, refresh_per_second=8) as live:
            while True:
                live.update(_progress(run))
                if run.record.is_terminal:
                    break
                time.sleep(0.12)
            live.update("")
    except KeyboardInterrupt:
        run.cancel()
        run.wait(timeout_s=5)
        raise


def _progress(run: Run) -> Group:
    found, rows, last = run.record, run.rows(), run.log(after=run.last_seq() - 1, limit=1)
    told = run.progress()
    head = Text(f"{found.plan} of {found.source_name} for {found.target}   {found.status}   ", style="bold")
    head.append(f"{told.done}/{told.total} units" if told.total else "", style="dim")
    said = Text(str(last[0].message) if last else "", style="dim", overflow="ellipsis", no_wrap=True)
    most = max(4, render.console.height - 6)
    board = render.leaderboard(rows, found.spec["sort"], most=most)
    return Group(head, ProgressBar(total=told.total or 1, completed=told.done, width=60), board, said)


def _show(run: Run, *, json: bool) -> None:
    found, rows = run.record, run.rows()
    if json:
        render.document({"run": found.as_dict(), "leaderboard": [row.as_dict() for row in rows]})
        return
    took = None if found.duration_ms is None else found.duration_ms / 1000
    render.console.print(
        f"run {found.short_id}: {found.plan} of {escape(found.source_name)} for {escape(found.target)}, "
        f"[{render.STATUS_STYLE[found.status]}]{found.status}[/] {render.seconds(took)}"
    )
    if found.error:
        render.console.print(found.error, style="red", markup=False)
    if rows:
        render.console.print(render.leaderboard(rows, found.spec["sort"]))


def _ids(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _options(pairs: list[str] | None) -> dict[str, str]:
    options = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadRequest("spec.invalid", f"--set takes OPTION=VALUE, not '{pair}'.")
        options[name.strip()] = value
    return options
