"""``workbench key …``"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.people.key import Issued, Key
from workbench.people.keys import DAYS

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="KEY", help="A key's id, or the end of it.")]
_STYLE = {"active": "green", "revoked": "dim", "expired": "yellow"}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str],
        typer.Option(help="What it is good for: runs:write, predict:SLUG, predict:*, … or * for all. Repeat for more."),
    ],
    days: Annotated[int, typer.Option(help="How long it is good for; 0: until it is revoked.")] = DAYS,
    limit: Annotated[
        int | None, typer.Option(help="Most requests a minute; 0: any number. Default: as the settings say.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key, and print its secret this once: KEY=$(workbench key create ci --scope runs:write)."""
    _give(connect().keys.create(name, scope, days=days or None, requests_per_minute=limit), json=json)


@app.command(name="list")
def list_keys(
    everybody: Annotated[bool, typer.Option("--everybody", help="All of the workspace, for its owners.")] = False,
    limit: Annotated[int, typer.Option("-n", "--limit", help="How many at most.")] = 100,
    json: Json = False,
) -> None:
    """List your keys, newest first."""
    found = connect().keys.list(everybody, limit=limit)
    if json:
        render.document([key.as_dict() for key in found])
    else:
        render.console.print(_table(found) if found else "no keys yet: `workbench key create NAME --scope SCOPE`")


@app.command()
def revoke(key: Reference, json: Json = False) -> None:
    """End a key for good."""
    found = connect().keys.revoke(key)
    if json:
        render.document(found.as_dict())
    else:
        render.console.print(f"{found.name} ({found.prefix}…) is good no more", markup=False)


@app.command()
def rotate(
    key: Reference,
    grace: Annotated[
        int, typer.Option(metavar="MINUTES", help="How long the old one stays good; 0: it is revoked now.")
    ] = 0,
    json: Json = False,
) -> None:
    """Replace a key by one with another secret, and print that this once."""
    _give(connect().keys.rotate(key, grace_minutes=grace), json=json)


def _give(issued: Issued, *, json: bool) -> None:
    """Print the secret alone, so that a shell can take it; what is said of it goes beside."""
    if json:
        render.document(issued.as_dict())
        return
    key = issued.key
    until = "until it is revoked" if key.expires_at is None else f"until {_time(key.expires_at)}"
    render.progress_console.print(
        f"{key.name} ({key.id[-8:]}) is good for {', '.join(key.scopes)} in {key.workspace}, {until}. "
        "Its secret is shown this once; it is kept nowhere.",
        markup=False,
        soft_wrap=True,
    )
    print(issued.secret)


def _table(found: Iterable[Key]) -> Table:
    table = Table("key", "name", "begins", "scopes", "user", "status", "last used", "expires", box=None, pad_edge=False)
    for key in found:
        used = "" if key.last_used_at is None else f"{_time(key.last_used_at)} from {key.last_used_from}"
        table.add_row(
            key.id[-8:],
            escape(key.name),
            f"{key.prefix}…",
            escape(" ".join(key.scopes)),
            escape(key.user),
            f"[{_STYLE[key.status]}]{key.status}",
            escape(used),
            "never" if key.expires_at is None else _time(key.expires_at),
        )
    return table


def _time(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
