"""``workbench training …``"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from workbench.cli import render
from workbench.service import interpreter, lifecycle
from workbench.service.install import install as build
from workbench.settings import Settings, load

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def install(
    force: Annotated[bool, typer.Option("--force", help="Build it anew also where there is one.")] = False,
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="PACKAGE", help="A further package, such as xgboost.")
    ] = None,
) -> None:
    """Build an environment with PyCaret in the home, with uv, and train there from now on."""
    settings = load()
    with _progress() as tell:
        built = build(settings, tell=tell, force=force, extra=with_ or ())
    versions = built.answer.versions
    what = f"PyCaret {versions['pycaret']} on Python {versions['python']} in {built.python.parents[1]}"
    if built.added:
        what += f", with {', '.join(built.added)}"
    render.console.print(
        f"{'installed' if built.is_new else 'installed already'}: {what}", markup=False, soft_wrap=True
    )
    for note in _notes(settings, built.python):
        render.console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)


@app.command()
def show(json: Json = False) -> None:
    """Say which interpreter trains, why that one, and what it has."""
    chosen = interpreter.find(load())
    answer = interpreter.ask(chosen.python)
    if json:
        render.document(
            {
                "python": str(chosen.python),
                "why": chosen.why,
                "versions": dict(answer.versions),
                "problem": answer.problem,
            }
        )
        return
    render.console.print(f"{chosen.python}\n{chosen.why}", markup=False, soft_wrap=True)
    told = answer.problem or ", ".join(f"{name} {version}" for name, version in answer.versions.items())
    render.console.print(told, markup=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    if not render.console.is_terminal:
        yield lambda line: print(line, flush=True)
        return
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=render.console, transient=True) as progress:
        task = progress.add_task("")
        yield lambda line: progress.update(task, description=line)


def _notes(settings: Settings, python: object) -> Iterator[str]:
    chosen = interpreter.find(settings)
    if chosen.python != python:
        yield f"{chosen.python} trains, for {chosen.why}; to train on this one, name it in WORKBENCH_TRAINING_PYTHON."
    told = lifecycle.state(settings)
    if told is not None and told.settings.get("WORKBENCH_TRAINING_PYTHON") != str(chosen.python):
        yield "a service runs on another interpreter; `workbench service stop`, and the next run starts a new one."
