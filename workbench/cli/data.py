"""``workbench data …``"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.data.options import ReadOption, options_of
from workbench.data.source import Source
from workbench.errors import BadRequest

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=KIND", help="text, number, date, or date:PATTERN as in date:%d/%m/%Y; repeatable."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="What the format or the store takes, such as sheet=2024; repeatable."),
]
Reference = Annotated[str, typer.Argument(metavar="SOURCE", help="Name or id of a data source.")]


@app.command()
def add(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="A file (CSV, Parquet, Feather, JSON lines, Excel; gzip, zip), a folder of them, https://…, s3://…, "
            "or a database's SQLAlchemy URL, its password named as ${VARIABLE}.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the data source; default: the file's or the table's.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Table of the database.")] = None,
    query: Annotated[str | None, typer.Option(help="Query to the database.")] = None,
    kind: Kinds = None,
    option: Options = None,
    follows: Annotated[str | None, typer.Option(help="Data source of which it is the next version.")] = None,
    in_place: Annotated[bool, typer.Option(help="Remember where the file lies, for `refresh`.")] = False,
    json: Json = False,
) -> None:
    """Add a table as a data source."""
    data = connect().data
    kinds, options = _pairs("--kind", kind), _pairs("--option", option)
    if Path(where).expanduser().is_dir() or "://" in where or table or query or in_place:
        added = data.add(where, name, table=table, query=query, follows=follows, kinds=kinds, **options)
    else:
        added = data.upload(where, name, follows=follows, kinds=kinds, **options)
    _tell(added, json=json)


@app.command()
def refresh(source: Reference, json: Json = False) -> None:
    """Read a data source again from where it lies; where it has changed, that is its next version."""
    _tell(connect().data.refresh(source), json=json)


@app.command()
def retype(
    source: Reference,
    kind: Kinds = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="How it is read, as sheet=2024 or delimiter=tab; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a data source again with other kinds of columns, or another sheet, delimiter, …, as its next version.

    What is said is added to what was said before; none takes it back. `workbench data show` tells what there is.
    """
    if not kind and not option:
        raise BadRequest("spec.invalid", "Say what is to be otherwise, by --kind or --option.")
    kinds, options = _pairs("--kind", kind), _pairs("--option", option)
    _tell(connect().data.retype(source, _or_none(kinds), **_or_none(options)), json=json)


@app.command()
def versions(source: Reference, json: Json = False) -> None:
    """List the versions of a data source."""
    found = connect().data.versions(source)
    if json:
        render.document([version.as_dict() for version in found])
    else:
        render.console.print(render.versions(found))


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
    _tell(data.sample(name), json=json)


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
    """Show a data source's columns, and how it was read."""
    found = connect().data.get(source)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(render.source(found))
        for option in options_of(found):
            render.console.print(_words(option), style="dim", markup=False)


@app.command()
def remove(source: Reference) -> None:
    """Remove a data source, or one version of it as NAME@2; runs that used it keep what they need."""
    connect().data.delete(source)


def _tell(source: Source, *, json: bool) -> None:
    if json:
        render.document(source.as_dict())
        return
    render.console.print(render.size(source), markup=False)
    for notice in source.notices:
        render.console.print(f"note: {notice}", style="yellow", markup=False)


def _words(option: ReadOption) -> str:
    """Say what an option of reading is, and what else it may be where that is known."""
    others = [choice for choice in option.choices if choice != option.value] if option.is_closed else []
    return f"{option.name}={option.value}" + (f", or {', '.join(others)}" if others else "")


def _or_none(said: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value == "none" else value for name, value in said.items()}


def _pairs(option: str, given: list[str] | None) -> dict[str, Any]:
    """Read what was given as ``NAME=VALUE``; a name may hold the sign, a value may not."""
    pairs = [pair.rpartition("=") for pair in given or ()]
    wrong = next((value for name, _, value in pairs if not name), None)
    if wrong is not None:
        raise BadRequest("spec.invalid", f"{option} takes NAME=VALUE; {wrong!r} has no '='.")
    return {name: value for name, _, value in pairs}
