"""``workbench workspace …`` and ``workbench project …``"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.people.project import Project
from workbench.people.workspace import Invitation, Member, Workspace

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
project_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reference = Annotated[str, typer.Argument(metavar="WORKSPACE", help="A workspace's name or id.")]
ProjectReference = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's name or id.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="1 to 100 characters.")]
User = Annotated[str, typer.Argument(metavar="USER", help="As Jupyter, the hub or the system calls them.")]


@app.command(name="list")
def list_workspaces(json: Json = False) -> None:
    """List the workspaces that are open to you."""
    found = connect().workspaces.list()
    if json:
        render.document([workspace.as_dict() for workspace in found])
    else:
        render.console.print(_workspaces(found) if found else "none is open to you: an owner of one can invite you")


@app.command()
def create(name: NewName, json: Json = False) -> None:
    """Make a workspace, and be its owner."""
    _tell(connect().workspaces.create(name), json=json)


@app.command()
def rename(workspace: Reference, name: NewName, json: Json = False) -> None:
    """Call a workspace something else."""
    _tell(connect().workspaces.rename(workspace, name), json=json)


@app.command()
def delete(workspace: Reference) -> None:
    """Delete a workspace in which nothing is."""
    connect().workspaces.delete(workspace)


@app.command()
def members(json: Json = False) -> None:
    """List the members of the workspace that WORKBENCH_WORKSPACE names."""
    found = connect().workspaces.members()
    if json:
        render.document([member.as_dict() for member in found])
    else:
        render.console.print(_members(found))


@app.command()
def set_role(
    user: User,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, editor or owner.")],
    json: Json = False,
) -> None:
    """Make somebody a member, or give a member another role."""
    made = connect().workspaces.set_role(user, role)
    if json:
        render.document(made.as_dict())
    else:
        render.console.print(f"{made.name}: {made.role}", markup=False)


@app.command()
def remove(user: User) -> None:
    """Take somebody's membership away; their keys are revoked."""
    connect().workspaces.remove(user)


@app.command()
def invite(
    user: User,
    role: Annotated[str, typer.Option(help="viewer, editor or owner.")] = "editor",
    days: Annotated[int, typer.Option(help="How long the code is good for, 1 to 365 days.")] = 7,
    json: Json = False,
) -> None:
    """Make a code by which somebody becomes a member: it is shown here alone."""
    made = connect().workspaces.invite(user, role, days)
    if json:
        render.document(made.as_dict())
        return
    # Alone on its stream, so that a script can take it.
    print(made.code)
    told = f"{made.invitation.user} becomes {made.invitation.role} by `workbench workspace accept CODE`, once, until "
    render.progress_console.print(f"{told}{made.invitation.expires_at.astimezone():%Y-%m-%d %H:%M}", markup=False)


@app.command()
def invitations(json: Json = False) -> None:
    """List the invitations, newest first."""
    found = connect().workspaces.invitations()
    if json:
        render.document([invitation.as_dict() for invitation in found])
    else:
        render.console.print(_invitations(found) if found else "no invitations yet: `workbench workspace invite USER`")


@app.command()
def revoke_invitation(
    invitation: Annotated[str, typer.Argument(metavar="INVITATION", help="An invitation's id.")],
) -> None:
    """Let an invitation be good no more."""
    connect().workspaces.revoke_invitation(invitation)


@app.command()
def accept(
    code: Annotated[str, typer.Argument(metavar="CODE", help="As whoever invited you got it; -: read it from stdin.")],
    json: Json = False,
) -> None:
    """Become a member of the workspace that a code invites you to."""
    # What stands on a command line, others on the machine can read.
    said = typer.get_text_stream("stdin").readline().strip() if code == "-" else code
    _tell(connect().workspaces.accept(said), json=json)


@project_app.command(name="list")
def list_projects(json: Json = False) -> None:
    """List the projects."""
    found = connect().projects.list()
    if json:
        render.document([project.as_dict() for project in found])
    else:
        render.console.print(_projects(found))


@project_app.command(name="create")
def create_project(name: NewName, json: Json = False) -> None:
    """Make a project."""
    _tell(connect().projects.create(name), json=json)


@project_app.command(name="rename")
def rename_project(project: ProjectReference, name: NewName, json: Json = False) -> None:
    """Call a project something else."""
    _tell(connect().projects.rename(project, name), json=json)


@project_app.command(name="delete")
def delete_project(project: ProjectReference) -> None:
    """Delete a project that no run belongs to."""
    connect().projects.delete(project)


def _tell(found: Workspace | Project, *, json: bool) -> None:
    if json:
        render.document(found.as_dict())
    else:
        role = f": {found.role}" if isinstance(found, Workspace) else ""
        render.console.print(f"{found.name}{role}", markup=False)


def _workspaces(found: Iterable[Workspace]) -> Table:
    table = Table("workspace", "you are", "made by", "made", box=None, pad_edge=False)
    for each in found:
        table.add_row(escape(each.name), each.role, escape(each.created_by or ""), _moment(each.created_at))
    return table


def _members(found: Iterable[Member]) -> Table:
    table = Table("member", "role", "", "made by", "since", box=None, pad_edge=False)
    for each in found:
        administrates = "administrator" if each.is_administrator else ""
        made = escape(each.created_by), _moment(each.created_at)
        table.add_row(escape(each.name), each.role, administrates, *made)
    return table


def _invitations(found: Iterable[Invitation]) -> Table:
    table = Table("invitation", "user", "role", "status", "made by", "until", box=None, pad_edge=False)
    for each in found:
        made = escape(each.created_by), _moment(each.expires_at)
        table.add_row(each.id, escape(each.user), each.role, each.status, *made)
    return table


def _projects(found: Iterable[Project]) -> Table:
    table = Table("project", "runs", "made by", "made", box=None, pad_edge=False)
    for each in found:
        made = escape(each.created_by or ""), _moment(each.created_at)
        table.add_row(escape(each.name), f"{each.run_count:,}", *made)
    return table


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
