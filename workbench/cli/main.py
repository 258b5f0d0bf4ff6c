"""The command's root: sub-commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from workbench.cli import (
    advise,
    audit,
    data,
    deployment,
    experiment,
    keys,
    lab,
    registry,
    reproduce,
    run,
    serve,
    service,
    training,
    workspace,
)
from workbench.errors import WorkbenchError
from workbench.version import __version__

EXIT_USER = 2
"""Exit code where the caller can mend it; a failure of the engine's own exits with 1."""
EXIT_ENGINE = 1
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="workbench",
    help="From a table to a trusted model, live, in JupyterLab.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
run.app.command(name="reproduce")(reproduce.reproduce)
app.add_typer(data.app, name="data", help="Data sources.")
app.add_typer(run.app, name="run", help="Runs: launch, watch, cancel.")
app.add_typer(experiment.app, name="experiment", help="Experiments: what runs are compared under.")
app.add_typer(registry.app, name="registry", help="Pipelines: promote a run's model, compare, delete.")
app.add_typer(registry.alias_app, name="alias", help="Aliases: movable names of pipelines, with their history.")
app.add_typer(registry.promotion_app, name="promotion", help="Promotions: gates between a pipeline and an alias.")
app.command(name="deploy")(deployment.deploy)
app.add_typer(deployment.app, name="deployment", help="Deployments: predict, swap, roll back, stop.")
app.add_typer(advise.app, name="advise", help="Advisors: analyse, design, explain, diagnose, review, drift.")
app.add_typer(workspace.app, name="workspace", help="Workspaces: who shares what, in which role.")
app.add_typer(workspace.project_app, name="project", help="Projects: what runs are about.")
app.add_typer(keys.app, name="key", help="Keys by which others act in your name.")
app.add_typer(audit.app, name="audit", help="Who did what: list, verify, export.")
app.add_typer(service.app, name="service", help="The process that carries runs out.")
app.add_typer(training.app, name="training", help="The environment that has PyCaret.")
app.command(name="serve")(serve.serve)
app.command(name="doctor")(service.doctor)
app.command(name="lab", context_settings=lab.PASS_ON)(lab.lab)
app.command(name="dashboards", context_settings=lab.PASS_ON)(lab.dashboards)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; the entry point of the ``workbench`` script."""
    try:
        app()
    except WorkbenchError as error:
        _tell(error)
        sys.exit(EXIT_USER if error.is_users else EXIT_ENGINE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has seen enough, as in `workbench run events … | head`.
        sys.stderr.close()
        sys.exit(0)


def _tell(error: WorkbenchError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": error.as_problem()}, default=str))
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {error}", markup=False)
