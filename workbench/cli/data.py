"""``workbench data …``"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from workbench import connect
from workbench.cli import render

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="SOURCE", help="Name or id of a data source.")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file.")],
    name: Annotated[str | None, typer.Option(help="Name of the data source; default: the file's.")] = None,
    json: Json = False,
) -> None:
    """Add a CSV file as a data source."""
    source = connect().data.upload(file, name)
    if json:
        render.document(source.as_dict())
        return
    render.console.print(render.size(source), markup=False)
    for notice in source.notices:
        render.console.print(f"note: {notice}", style="yellow", markup=False)


@app.command()
def sample(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Sample to add; none: list them.")] = None,
    json: Json = False,
) -> None:
    """Add one of the samples that come with Workbench, or list them."""
    data = connect().data
    if name is None and json:
        render.document([asdict(found) for found in data.samples()])
        return
    if name is None:
        for found in data.samples():
            render.console.print(f"{found.name:<15} {found.rows:>6,} rows  {found.task}: {found.about}", markup=False)
        return
    source = data.sample(name)
    if json:
        render.document(source.as_dict())
    else:
        render.console.print(render.size(source), markup=False)


@app.command(name="list")
def list_sources(json: Json = False) -> None:
    """List the data sources."""
    found = connect().data.list()
    if json:
        render.document([source.as_dict() for source in found])
    else:
        render.console.print(render.sources(found) if found else "no data sources yet: `workbench data add FILE`")


@app.command()
def show(source: Reference, json: Json = False) -> None:
    """Show a data source's columns."""
    found = connect().data.get(source)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(render.source(found))


@app.command()
def remove(source: Reference) -> None:
    """Remove a data source; runs that used it keep what they need."""
    connect().data.delete(source)
