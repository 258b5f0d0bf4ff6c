"""``workbench service …`` and ``workbench doctor``."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from workbench import Workbench
from workbench.cli import render
from workbench.cli.opened import connect
from workbench.doctor import examine
from workbench.errors import EngineFault
from workbench.service.lifecycle import ServiceState
from workbench.settings import load

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def status(json: Json = False) -> None:
    """Say whether the service runs, and since when."""
    told = connect().service.state()
    if json:
        public = None if told is None else {k: v for k, v in asdict(told).items() if k not in ("api_token", "settings")}
        render.document({"running": told is not None, "service": public})
    elif told is None:
        render.console.print("stopped; it starts with the next run")
    else:
        up = render.seconds(time.time() - told.started_at)
        render.console.print(f"{told.phase}, process {told.pid}, up {up}, version {told.version}")


@app.command()
def start() -> None:
    """Start the service and wait until it is warm."""
    workbench = connect()
    workbench.service.start()
    _wait_warm(workbench)
    render.console.print("warm")


@app.command()
def stop() -> None:
    """Stop the service; runs under way go on and the next service takes them over."""
    render.console.print("stopped" if connect().service.stop() else "it was not running")


@app.command()
def logs(lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 50) -> None:
    """Print the end of the service's log."""
    for line in connect().service.log(lines):
        print(line)


@app.command()
def token() -> None:
    """Print the token that the API asks for; remove the file `token` from the home for another one."""
    workbench = connect()
    workbench.service.start()
    print(workbench.service.wait().api_token)


def doctor(json: Json = False) -> None:
    """Say what is installed, where things live, what is wrong and how to mend it."""
    findings = examine(load())
    if json:
        render.document([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark, style = ("ok   ", "green") if finding.is_well else ("wrong", "red")
            render.console.print(f"[{style}]{mark}[/] {finding.about:<22} ", end="")
            render.console.print(finding.text, markup=False)
            if finding.mend:
                render.console.print(f"      → {finding.mend}", markup=False)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def _wait_warm(workbench: Workbench) -> None:
    told: ServiceState | None = workbench.service.wait()
    while told is not None and told.phase != "warm":
        time.sleep(0.1)
        told = workbench.service.state()
    if told is None:
        raise EngineFault(
            "service.not_started", "The service ended before it was warm.", hint="`workbench service logs` says why."
        )
