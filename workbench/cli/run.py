"""``workbench run …``"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.text import Text

from workbench import Run, Workbench
from workbench.catalogue import PLANS, SEED, TASKS, Option, Plan
from workbench.cli import findings, render
from workbench.cli.opened import connect
from workbench.data.source import Source
from workbench.errors import BadRequest
from workbench.preflight.findings import Preflight
from workbench.runs.progress import Estimate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the end of it.")]
Data = Annotated[str | None, typer.Option("--data", help="A data source's name, or a file of a table.")]
Target = Annotated[str | None, typer.Option("--target", help="Column to predict, where the task has one.")]
TaskOption = Annotated[str | None, typer.Option("--task", help=f"{', '.join(TASKS)}; default: by the target.")]
Model = Annotated[str | None, typer.Option("--model", help="The one model that the plan works on, by id.")]
Include = Annotated[str | None, typer.Option("--include", help="The models that the plan works on, by id: lr,rf,…")]
Exclude = Annotated[str | None, typer.Option("--exclude", help="Models to leave out, by id.")]
FromRun = Annotated[
    str | None,
    typer.Option(
        "--from-run",
        metavar="RUN",
        help="A run to go on from: data, target, set-up, folds, seed, metric and limits are its own unless named here. "
        "A plan that takes models takes its best ones; compare takes PyCaret's field.",
    ),
]
PlanOptions = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="An option of the plan; repeatable.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="OPTION=VALUE",
        help="A set-up option; repeatable. With --from-run added to the run's own; OPTION=none takes one back.",
    ),
]
Folds = Annotated[int | None, typer.Option("--fold", "--folds", help="Cross-validation folds; default: PyCaret's.")]
Seed = Annotated[
    int | None, typer.Option("--session-id", "--seed", help=f"PyCaret's session_id; default: {SEED}, or the run's.")
]
Sort = Annotated[str | None, typer.Option("--sort", help="Metric that ranks; default: the task's own.")]
Racing = Annotated[
    bool, typer.Option("--racing", help="Stop models early that cannot catch the leader; the board then differs.")
]
Executor = Annotated[str | None, typer.Option("--executor", help="local, or dask://HOST:PORT.")]
ModelLimit = Annotated[
    float | None, typer.Option("--model-timeout", metavar="SECONDS", help="Longest a model may take over its folds.")
]
RunLimit = Annotated[float | None, typer.Option("--run-timeout", metavar="SECONDS", help="Longest the run may take.")]
MemoryLimit = Annotated[
    str | None,
    typer.Option("--unit-memory", metavar="SIZE", help="Most memory a model may take on one fold: 2GiB, 500MB, bytes."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Submit and return at once.")]
Check = Annotated[bool, typer.Option("--check", help="Say what pre-flight finds in the table, and run nothing.")]
Mends = Annotated[
    list[str] | None,
    typer.Option("--mend", metavar="CODE", help="Mend what pre-flight finds under this code; repeatable."),
]
Override = Annotated[
    list[str] | None,
    typer.Option("--override", metavar="CODE", help="Run despite a blocking finding of pre-flight; repeatable."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the request, say what it would cost, and run nothing.")]


def _add_plan(plan: Plan) -> None:
    """Add the command of a plan; all plans are asked for alike, and the engine knows what fits each of them."""

    def launch(
        data: Data = None,
        target: Target = None,
        task: TaskOption = None,
        model: Model = None,
        include: Include = None,
        exclude: Exclude = None,
        from_run: FromRun = None,
        option: PlanOptions = None,
        set_: Set = None,
        fold: Folds = None,
        session_id: Seed = None,
        sort: Sort = None,
        racing: Racing = False,
        executor: Executor = None,
        model_timeout: ModelLimit = None,
        run_timeout: RunLimit = None,
        unit_memory: MemoryLimit = None,
        mend: Mends = None,
        override: Override = None,
        check: Check = False,
        dry_run: DryRun = False,
        no_wait: NoWait = False,
        json: Json = False,
    ) -> None:
        request: Mapping[str, Any] = {
            "plan": plan.name,
            "target": target,
            "task": task,
            "model": model,
            "include": _ids(include),
            "exclude": _ids(exclude),
            "from_run": from_run,
            "options": _pairs("--option NAME=VALUE", option),
            "setup": _pairs("--set OPTION=VALUE", set_),
            "folds": fold,
            "seed": session_id,
            "sort": sort,
            "racing": racing,
            "executor": executor,
            "model_timeout_s": model_timeout,
            "run_timeout_s": run_timeout,
            "unit_memory": unit_memory,
        }
        workbench = connect()
        with ExitStack() as submission:
            with _table(workbench, data, is_kept=not (check or dry_run)) as source:
                request = findings.mended(workbench, source, request, mend or ())
                if check:
                    _check(workbench.runs.check(source, **request, override=override or ()), json=json)
                elif dry_run:
                    _estimated(workbench.runs.estimate(source, **request), json=json)
                else:
                    submission.enter_context(_interrupt_put_off())
                    run = workbench.runs.submit(source, **request, override=override or ())
            if not (check or dry_run):
                _report(run, submission, wait=not no_wait, json=json)

    about = f"{plan.about[0].upper()}{plan.about[1:]}."
    # A line that holds nothing but a backspace keeps what follows as it is written.
    listed = ["", "", "\b", "Its options, by --option:", *map(_about, plan.options)] if plan.options else []
    app.command(name=plan.name, help=about + "\n".join(listed), short_help=about)(launch)


def _about(option: Option) -> str:
    said = [option.about]
    if option.choices:
        said.append(f"({', '.join(map(str, option.choices))})")
    if option.tasks:
        said.append(f"[{', '.join(option.tasks)}]")
    return f"  {f'{option.name}={option.default}'.lower():<24}  {' '.join(said)}"


for _plan in PLANS.values():
    _add_plan(_plan)


@app.command()
def resume(
    run: Reference,
    executor: Executor = None,
    model_timeout: ModelLimit = None,
    run_timeout: RunLimit = None,
    unit_memory: MemoryLimit = None,
    override: Override = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """Start a run that goes on where an ended one stopped; what is scored is kept, and so are limits not named here."""
    workbench = connect()
    with ExitStack() as submission:
        submission.enter_context(_interrupt_put_off())
        resumed = workbench.runs.resume(
            run,
            executor=executor,
            model_timeout_s=model_timeout,
            run_timeout_s=run_timeout,
            unit_memory=unit_memory,
            override=override or (),
        )
        _report(resumed, submission, wait=not no_wait, json=json)


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
    ended = found.wait(timeout_s=30)
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


@contextmanager
def _interrupt_put_off() -> Iterator[None]:
    """Raise an interrupt only at the end, when the run is there to be cancelled; a second one at once."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Whoever started the command has it ignored.
        yield
        return
    is_interrupted = False

    def note(*_: object) -> None:
        nonlocal is_interrupted
        is_interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if is_interrupted:
            raise KeyboardInterrupt


@contextmanager
def _table(workbench: Workbench, data: str | None, *, is_kept: bool) -> Iterator[Source | None]:
    """Give the data source that is named; a file that is added only for this goes again unless a run comes of it."""
    source, is_new = (None, False) if data is None else _source(workbench, data)
    is_wanted = False
    try:
        yield source
        is_wanted = is_kept
    finally:
        if source is not None and is_new and not is_wanted:
            workbench.data.delete(source.id)


def _check(found: Preflight, *, json: bool) -> None:
    findings.show(found, json=json)
    if found.blocking:
        raise typer.Exit(2)


def _estimated(found: Estimate, *, json: bool) -> None:
    if json:
        render.document(asdict(found))
    else:
        render.console.print(found.words, markup=False)


def _report(run: Run, submission: ExitStack, *, wait: bool, json: bool) -> None:
    try:
        submission.close()
        if wait:
            _watch(run, quiet=json)
    except KeyboardInterrupt:
        run.cancel()
        run.wait(timeout_s=5)
        raise
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


def _progress(run: Run) -> Group:
    found, rows, last = run.record, run.rows(), run.log(after=run.last_seq() - 1, limit=1)
    told = run.progress()
    head = Text(f"{found.plan} of {found.subject}   {found.status}   ", style="bold")
    head.append(f"{told.done}/{told.total} units" if told.total else "", style="dim")
    said = Text(str(last[0].message) if last else "", style="dim", overflow="ellipsis", no_wrap=True)
    most = max(4, render.console.height - 6)
    board = render.leaderboard(rows, found, most=most)
    return Group(head, ProgressBar(total=told.total or 1, completed=told.done, width=60), board, said)


def _show(run: Run, *, json: bool) -> None:
    found, rows = run.record, run.rows()
    if json:
        render.document({"run": found.as_dict(), "leaderboard": [row.as_dict() for row in rows]})
        return
    took = None if found.duration_ms is None else found.duration_ms / 1000
    render.console.print(
        f"run {found.short_id}: {found.plan} of {escape(found.subject)}, "
        f"[{render.STATUS_STYLE[found.status]}]{found.status}[/] {render.seconds(took)}"
    )
    if found.error:
        render.console.print(found.error, style="red", markup=False)
    if rows:
        render.console.print(render.leaderboard(rows, found))
        for line in render.remarks(rows):
            render.console.print(line, style="dim", markup=False)
    for line in findings.remarks(found.spec):
        render.console.print(line, style="dim", markup=False, soft_wrap=True)


def _ids(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _pairs(form: str, pairs: list[str] | None) -> dict[str, str] | None:
    """Read what a repeatable option names; None where it was not given, so that those of a run gone on from stay."""
    if pairs is None:
        return None
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            flag, wanted = form.split()
            raise BadRequest("spec.invalid", f"{flag} takes {wanted}, not '{pair}'.")
        options[name.strip()] = value
    return options
