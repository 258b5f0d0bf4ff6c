"""``workbench deploy`` and ``workbench deployment …``"""

from __future__ import annotations

import json as jsonlib
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from workbench.batch import Batch
from workbench.cli import render
from workbench.cli.opened import connect
from workbench.deployment import Deployment
from workbench.errors import BadRequest

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="A deployment's slug or id.")]
PipelineName = Annotated[str, typer.Argument(metavar="PIPELINE", help="A pipeline's name or id, or an alias.")]
Why = Annotated[str, typer.Option("--why", help="For the history.")]


def deploy(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id, or the end of it.")] = None,
    slug: Annotated[str, typer.Option(help="Under which it answers.")] = "",
    model: Annotated[
        str | None, typer.Option(help="A model of the run's leaderboard; default: the one that it fitted.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(help="A pipeline's name or id, or an alias, instead of a run.")
    ] = None,
    access: Annotated[str, typer.Option(help="workspace or public.")] = "workspace",
    follow: Annotated[str | None, typer.Option(metavar="ALIAS", help="Go along with an alias.")] = None,
    json: Json = False,
) -> None:
    """Promote a run's model and serve it, in one step; whatever fails, nothing is left but a run fitted for --model."""
    made = connect().deployments.deploy(run, slug=slug, model=model, pipeline=pipeline, access=access, follow=follow)
    if json:
        render.document(made.record.as_dict() | {"url": made.url()})
        return
    render.console.print(f"{made.slug} is ready: {made.pipeline.model_name} at {made.url()}", markup=False)
    render.console.print(made.curl(), markup=False, soft_wrap=True)


@app.command(name="list")
def list_deployments(json: Json = False) -> None:
    """List the deployments."""
    found = connect().deployments.records()
    if json:
        render.document([record.as_dict() for record in found])
    else:
        render.console.print(render.deployments(found) if found else "no deployments yet: `workbench deploy RUN`")


@app.command()
def show(slug: Slug, json: Json = False) -> None:
    """Show a deployment, its pipeline and what answers."""
    found = connect().deployments.get(slug)
    record, pipeline = found.record, found.pipeline
    if json:
        told = {"pipeline": pipeline.as_dict(), "engine": found.engine}
        render.document(record.as_dict() | told)
        return
    render.console.print(render.deployments([record]))
    render.console.print(f"pipeline {pipeline.name}: {pipeline.model_name} for {pipeline.subject}", markup=False)
    if record.error:
        render.console.print(record.error, style="red", markup=False)
    if found.engine:
        render.console.print(f"engine   {found.engine['path']}", markup=False)


@app.command()
def predict(
    slug: Slug,
    rows: Annotated[
        str | None, typer.Argument(metavar="[ROWS]", help="JSON: a row or a list of rows; none: standard input.")
    ] = None,
    json: Json = False,
) -> None:
    """Predict rows."""
    try:
        asked = jsonlib.loads(sys.stdin.read() if rows is None else rows)
    except ValueError as error:
        raise BadRequest("predict.no_rows", f"The rows are not JSON: {error}.") from error
    answered = connect().deployments.get(slug).predict([asked] if isinstance(asked, dict) else asked)
    if json:
        render.document(answered)
        return
    for one in answered["predictions"]:
        score = f"  {one['score']:.4f}" if one.get("score") is not None else ""
        render.console.print(f"{one['prediction']}{score}", markup=False)


@app.command()
def warm(slug: Slug, json: Json = False) -> None:
    """Serve a deployment that is stopped or failed."""
    _told(connect().deployments.get(slug).warm().as_dict(), json=json)


@app.command()
def stop(slug: Slug, json: Json = False) -> None:
    """Serve a deployment no more; it can be warmed again."""
    _told(connect().deployments.get(slug).stop().as_dict(), json=json)


@app.command()
def delete(slug: Slug) -> None:
    """Stop a deployment and give its slug free."""
    connect().deployments.get(slug).delete()


@app.command()
def swap(
    slug: Slug,
    pipeline: PipelineName,
    why: Why = "",
    other_columns: Annotated[
        bool, typer.Option("--other-columns", help="Also where it takes other input columns.")
    ] = False,
    json: Json = False,
) -> None:
    """Let another pipeline answer; no request fails meanwhile."""
    swapped = connect().deployments.get(slug).swap(pipeline, why=why, other_columns=other_columns)
    _told(swapped.as_dict(), json=json)


@app.command()
def rollback(slug: Slug, json: Json = False) -> None:
    """Let the pipeline answer again that answered before."""
    _told(connect().deployments.get(slug).rollback().as_dict(), json=json)


@app.command()
def shadow(
    slug: Slug,
    pipeline: Annotated[
        str | None, typer.Argument(metavar="[PIPELINE]", help="A pipeline's name or id, or an alias; none: no more.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Say how the shadow compares.")] = False,
    json: Json = False,
) -> None:
    """Have another pipeline answer too, recorded and not returned."""
    found = connect().deployments.get(slug)
    if not report:
        _told(found.shadow(pipeline).as_dict(), json=json)
        return
    told = found.shadow_report(pipeline)
    if json:
        render.document(told)
    elif told.agreement is None:
        render.console.print(f"no row compared yet; {told.requests:,} requests, {told.errors:,} failed")
    else:
        render.console.print(
            f"{told.agreement:.2%} of {told.compared:,} rows alike, mean difference {told.gap:.6g}, "
            f"{told.errors:,} of {told.requests:,} requests failed"
        )


@app.command(name="open")
def open_to(
    slug: Slug, access: Annotated[str, typer.Argument(help="workspace or public.")], json: Json = False
) -> None:
    """Change who may ask."""
    _told(connect().deployments.get(slug).open_to(access).as_dict(), json=json)


@app.command()
def follow(
    slug: Slug,
    alias: Annotated[str | None, typer.Argument(metavar="[ALIAS]", help="None: follow none any more.")] = None,
    json: Json = False,
) -> None:
    """Go along with an alias: where a promotion moves it, the deployment is swapped too."""
    _told(connect().deployments.get(slug).follow(alias).as_dict(), json=json)


@app.command()
def history(slug: Slug, json: Json = False) -> None:
    """Show what was done with a deployment, newest first."""
    lines = connect().deployments.get(slug).history()
    if json:
        render.document([line.as_dict() for line in lines])
        return
    for line in lines:
        render.console.print(str(line), markup=False)


@app.command()
def traffic(
    slug: Slug, minutes: Annotated[int, typer.Option(min=1, help="How far back.")] = 60, json: Json = False
) -> None:
    """Show what was counted, minute by minute."""
    found = connect().deployments.get(slug).traffic(minutes=minutes)
    if json:
        render.document([minute.as_dict() for minute in found])
    else:
        render.console.print(render.traffic(found) if found else "no requests in this time")


@app.command()
def logs(slug: Slug, lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 50) -> None:
    """Print the end of what the predictor wrote."""
    for line in connect().deployments.get(slug).log(lines):
        print(line)


@app.command()
def curl(slug: Slug) -> None:
    """Print a line for a shell that asks the deployment."""
    print(connect().deployments.get(slug).curl())


@app.command()
def export(
    slug: Slug,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.")],
    kind: Annotated[str, typer.Option(help="mlflow or container.")] = "mlflow",
    json: Json = False,
) -> None:
    """Write what answers into a folder that serves it elsewhere: an MLflow model, or what an image is built from."""
    made = connect().deployments.get(slug).export(folder, kind)
    if json:
        render.document({"folder": str(made), "kind": kind})
    else:
        render.console.print(str(made), markup=False, soft_wrap=True)


@app.command()
def batch(
    slug: Slug,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name or id of a data source.")],
    to: Annotated[
        Path | None,
        typer.Option(help="Where to write the file; default: it stays in the home.", dir_okay=False, writable=True),
    ] = None,
    json: Json = False,
) -> None:
    """Predict a whole data source into a CSV file."""
    if to is not None and not os.access(to.parent, os.W_OK):
        raise typer.BadParameter(f"Nothing can be written in {to.parent}.")
    made = _followed(connect().deployments.get(slug), source)
    path = made.path()
    if to is not None:
        path = Path(shutil.copyfile(path, to))
    if json:
        render.document(made.record.as_dict() | {"path": str(path)})
    else:
        render.console.print(str(path), markup=False, soft_wrap=True)


@app.command(name="delete-batch")
def delete_batch(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="A batch's id, as `batch --json` tells it.")],
) -> None:
    """Remove a batch with its file."""
    connect().deployments.batch(batch).delete()


def _followed(deployment: Deployment, source: str) -> Batch:
    made = deployment.batch(source)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=render.progress_console, transient=True) as progress:
            task = progress.add_task("rows", total=made.record.rows_total)
            while not (record := made.record).is_over:
                progress.update(task, completed=record.rows_done)
                made.wait(timeout_s=0.2)
    except KeyboardInterrupt:
        made.cancel()
        raise
    return made


def _told(record: dict[str, Any], *, json: bool) -> None:
    if json:
        render.document(record)
    else:
        error = f": {record['error']}" if record["error"] else ""
        render.console.print(f"{record['slug']} is {record['status']}{error}", markup=False)
