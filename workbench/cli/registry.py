"""``workbench registry …``, ``workbench alias …`` and ``workbench promotion …``"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from workbench.cli import registry_tables as tables
from workbench.cli import render
from workbench.cli.opened import connect
from workbench.cli.run import Reference as RunReference
from workbench.registry.promotion import FAILED, REFUSED, Promotion

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
alias_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
promotion_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
PipelineReference = Annotated[
    str, typer.Argument(metavar="PIPELINE", help="A pipeline's name, its id or the end of it, or an alias.")
]
Alias = Annotated[str, typer.Argument(metavar="ALIAS", help="Name of an alias.")]
PromotionReference = Annotated[str, typer.Argument(metavar="PROMOTION", help="A promotion's id, or the end of it.")]
Why = Annotated[str, typer.Option(help="Reason, for the history.")]
Side = Annotated[str, typer.Argument(help="A pipeline as elsewhere, or a run's id.")]
EXIT_NOT_PROMOTED = 1


@app.command()
def promote(
    run: RunReference,
    model: Annotated[
        str | None, typer.Option(help="A model of the run's leaderboard; default: the one that it fitted.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the pipeline; default: of data and model.")] = None,
    note: Annotated[str, typer.Option(help="For the model card.")] = "",
    json: Json = False,
) -> None:
    """Make a model of a run a pipeline."""
    found = connect().registry.promote(run, model=model, name=name, note=note)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(f"{found.name}: {found.model_name} for {found.subject}", markup=False)


@app.command(name="list")
def list_pipelines(json: Json = False) -> None:
    """List the pipelines."""
    registry = connect().registry
    found = registry.list()
    if json:
        render.document([pipeline.as_dict() for pipeline in found])
    elif found:
        render.console.print(tables.pipelines(found, registry.aliases.list()))
    else:
        render.console.print("no pipelines yet: `workbench registry promote RUN`")


@app.command()
def show(pipeline: PipelineReference, json: Json = False) -> None:
    """Show a pipeline and its metrics."""
    found = connect().registry.get(pipeline)
    if json:
        render.document(found.as_dict())
    else:
        _print(tables.pipeline(found))


@app.command()
def card(
    pipeline: PipelineReference,
    to: Annotated[Path | None, typer.Option(help="File to write into; default: print it.")] = None,
) -> None:
    """Write a pipeline's model card, in Markdown."""
    text = connect().registry.card(pipeline)
    if to is None:
        print(text)
    else:
        to.write_text(text, encoding="utf-8")


@app.command()
def compare(a: Side, b: Side, json: Json = False) -> None:
    """Tell how two pipelines or runs differ."""
    found = connect().registry.compare(a, b)
    if json:
        render.document(found.as_dict())
    else:
        _print(tables.comparison(found))


@app.command()
def delete(pipeline: PipelineReference) -> None:
    """Delete a pipeline; refused while something needs it."""
    connect().registry.delete(pipeline)


@alias_app.command(name="set")
def set_alias(alias: Alias, pipeline: PipelineReference, why: Why = "", json: Json = False) -> None:
    """Let an alias name a pipeline."""
    found = connect().registry.aliases.set(alias, pipeline, why)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(f"{found.name} names {found.pipeline_name}", markup=False)


@alias_app.command(name="list")
def list_aliases(json: Json = False) -> None:
    """List the aliases."""
    found = connect().registry.aliases.list()
    if json:
        render.document([alias.as_dict() for alias in found])
    else:
        render.console.print(
            tables.aliases(found) if found else "no aliases yet: `workbench alias set champion PIPELINE`"
        )


@alias_app.command()
def history(alias: Alias, json: Json = False) -> None:
    """Show every move of an alias, oldest first."""
    found = connect().registry.aliases.history(alias)
    if json:
        render.document([move.as_dict() for move in found])
    else:
        render.console.print(tables.moves(found))


@alias_app.command()
def at(
    alias: Alias,
    time: Annotated[str, typer.Argument(help="As 2026-03-31 or 2026-03-31T12:00; without a zone it is local time.")],
    json: Json = False,
) -> None:
    """Tell which pipeline an alias named at a time."""
    found = connect().registry.aliases.at(alias, time)
    if json:
        render.document(None if found is None else found.as_dict())
    else:
        deleted = " (deleted since)" if found is not None and found.is_deleted else ""
        render.console.print("no pipeline" if found is None else f"{found.name}{deleted}", markup=False)


@alias_app.command()
def rollback(alias: Alias, why: Why = "", json: Json = False) -> None:
    """Let an alias name the pipeline again that it named before; once more, and it goes further back."""
    found = connect().registry.aliases.rollback(alias, why)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(f"{found.name} names {found.pipeline_name} again", markup=False)


@alias_app.command()
def unset(alias: Alias, why: Why = "") -> None:
    """Take an alias away; its history stays."""
    connect().registry.aliases.unset(alias, why)


@promotion_app.command()
def propose(
    challenger: PipelineReference,
    alias: Alias,
    metric: Annotated[str | None, typer.Option(help="Metric that decides; default: the task's own.")] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Data source to judge on; default: rows held out from both."),
    ] = None,
    segment: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Tell the difference by this column's values too.")
    ] = None,
    why: Why = "",
    json: Json = False,
) -> None:
    """Compare a pipeline with the one that an alias names, and say what stands between it and the alias."""
    with render.progress_console.status("comparing the two"):
        found = connect().registry.promotions.propose(challenger, alias, metric=metric, on=on, segment=segment, why=why)
    _tell(found, json=json)
    if found.status in (REFUSED, FAILED):
        raise typer.Exit(EXIT_NOT_PROMOTED)


@promotion_app.command(name="list")
def list_promotions(
    alias: Annotated[str | None, typer.Option(help="Only those to this alias.")] = None, json: Json = False
) -> None:
    """List promotions, newest first."""
    found = connect().registry.promotions.list(alias=alias)
    if json:
        render.document([promotion.as_dict() for promotion in found])
    else:
        render.console.print(
            tables.promotions(found) if found else "no promotions: `workbench promotion propose PIPELINE ALIAS`"
        )


@promotion_app.command(name="show")
def show_promotion(promotion: PromotionReference, json: Json = False) -> None:
    """Show a promotion and its gates."""
    _tell(connect().registry.promotions.get(promotion), json=json)


@promotion_app.command()
def acknowledge(
    promotion: PromotionReference,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="metric or schema.")],
    by: Annotated[str, typer.Option(help="Name of the person who answers for it.")],
    why: Why = "",
    json: Json = False,
) -> None:
    """Put your name to a gate that is open."""
    _tell(connect().registry.promotions.acknowledge(promotion, gate, by=by, why=why), json=json)


@promotion_app.command()
def complete(promotion: PromotionReference, json: Json = False) -> None:
    """Let the challenger take the alias over."""
    _tell(connect().registry.promotions.complete(promotion), json=json)


@promotion_app.command()
def cancel(promotion: PromotionReference, json: Json = False) -> None:
    """End a promotion; what was acknowledged is dropped."""
    _tell(connect().registry.promotions.cancel(promotion), json=json)


def _tell(found: Promotion, *, json: bool) -> None:
    if json:
        render.document(found.as_dict())
    else:
        _print(tables.promotion(found))


def _print(parts: Iterable[RenderableType]) -> None:
    for part in parts:
        render.console.print(part, soft_wrap=isinstance(part, str))
