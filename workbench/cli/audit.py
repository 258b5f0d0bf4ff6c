"""``workbench audit …``"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.errors import BadRequest

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
By = Annotated[str | None, typer.Option(metavar="USER", help="Only what this user did.")]
Action = Annotated[str | None, typer.Option(help="Only this, such as run.submitted.")]
Subject = Annotated[str | None, typer.Option(metavar="KIND", help="Only what was done to a run, a key, …")]
SubjectId = Annotated[str | None, typer.Option("--id", metavar="ID", help="Only what was done to this one.")]
Outcome = Annotated[str | None, typer.Option(help="Only what was done, failed or denied.")]
Origin = Annotated[str | None, typer.Option(help="Only from there: python, cli, jupyter, http ADDRESS.")]
KeyId = Annotated[str | None, typer.Option("--key", metavar="ID", help="Only what was done by this key.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="Only from then on: 2026-03-31 or 2026-03-31T12:00.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only before then.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="Of all workspaces, for the home's administrator.")]
EXIT_BROKEN = 1


@app.command(name="list")
def list_entries(
    by: By = None,
    action: Action = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    outcome: Outcome = None,
    origin: Origin = None,
    key: KeyId = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[int | None, typer.Option(metavar="NUMBER", help="Only lines before this one.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", help="How many at most.")] = 100,
    everywhere: Everywhere = False,
    json: Json = False,
) -> None:
    """List who did what, newest first."""
    found = connect().audit.list(
        by=by,
        action=action,
        subject=subject,
        subject_id=subject_id,
        outcome=outcome,
        origin=origin,
        key_id=key,
        since=since,
        until=until,
        before=before,
        limit=limit,
        everywhere=everywhere,
    )
    if json:
        render.document([entry.as_dict() for entry in found])
        return
    for entry in found:
        render.console.print(f"{entry.seq:>6}  {entry}", markup=False, soft_wrap=True)
    if not found:
        render.console.print("no such lines")


@app.command()
def verify(
    since: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:SHA256", help="A line as an earlier `verify` gave it, kept elsewhere."),
    ] = None,
    json: Json = False,
) -> None:
    """Tell whether each line is there as it was written; exits with 1 where not."""
    told = connect().audit.verify(None if since is None else _noted(since))
    if json:
        render.document(told.as_dict())
    elif told.is_whole:
        render.console.print(f"whole: {told.lines:,} lines, up to {told.head_seq}:{told.head_sha256}", soft_wrap=True)
    else:
        render.console.print(f"broken: {told.problem}", markup=False, soft_wrap=True)
    if not told.is_whole:
        raise typer.Exit(EXIT_BROKEN)


@app.command()
def export(
    to: Annotated[Path | None, typer.Argument(metavar="FILE", help="File to write; default: print it.")] = None,
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    by: By = None,
    action: Action = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    outcome: Outcome = None,
    origin: Origin = None,
    key: KeyId = None,
    since: Since = None,
    until: Until = None,
    everywhere: Everywhere = False,
) -> None:
    """Write who did what, oldest first."""
    written = connect().audit.export(
        to,
        format,
        by=by,
        action=action,
        subject=subject,
        subject_id=subject_id,
        outcome=outcome,
        origin=origin,
        key_id=key,
        since=since,
        until=until,
        everywhere=everywhere,
    )
    if isinstance(written, Path):
        render.console.print(f"written to {written}", markup=False, soft_wrap=True)
    else:
        sys.stdout.writelines(written)


def _noted(text: str) -> tuple[int, str]:
    seq, _, sha256 = text.partition(":")
    if not seq.isdecimal() or not sha256:
        raise BadRequest("spec.invalid", f"'{text}' is no line of the log.", hint="Give it as `verify` printed it.")
    return int(seq), sha256
