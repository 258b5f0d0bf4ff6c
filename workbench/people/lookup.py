"""Finding workspaces and projects. Whoever is no member of a workspace does not learn that it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from workbench.access.actor import written
from workbench.access.permissions import Role
from workbench.errors import NotFound
from workbench.people.workspace import Workspace
from workbench.store import ids
from workbench.store.store import Store
from workbench.store.tables import MembershipRow, ProjectRow, UserRow, WorkspaceRow


def workspaces(session: Session, store: Store) -> list[Workspace]:
    """Return the workspaces that are open to whoever acts, by name."""
    found = session.execute(_open(store).order_by(WorkspaceRow.name))
    return [_workspace(row, role) for row, role in found]


def workspace(session: Session, store: Store, reference: object) -> Workspace:
    """Find a workspace that is open to whoever acts, by its id or its name.

    Raises
    ------
    NotFound
        ``workspace.not_found``
    """
    wanted = written(ids.text(reference))
    # The id first: no name that looks like one may stand in its way.
    named = _open(store).where(or_(WorkspaceRow.id == wanted, WorkspaceRow.name == wanted))
    found = session.execute(named.order_by(WorkspaceRow.id != wanted).limit(1)).first()
    if found is None:
        raise NotFound(
            "workspace.not_found",
            f"There is no workspace '{wanted}' that you are a member of.",
            hint="An owner of it can invite you.",
            workspace=wanted,
        )
    return _workspace(*found)


def project(session: Session, workspace_id: str, reference: object, *, is_held: bool = False) -> ProjectRow:
    """Find a project of a workspace by its id or its name.

    Parameters
    ----------
    is_held
        Whether others are kept from changing it, and from submitting to it, until the transaction ends.

    Raises
    ------
    NotFound
        ``project.not_found``
    """
    wanted = written(ids.text(reference))
    here = select(ProjectRow).where(ProjectRow.workspace_id == workspace_id)
    named = here.where(or_(ProjectRow.id == wanted, ProjectRow.name == wanted))
    named = named.order_by(ProjectRow.id != wanted).limit(1)
    found = session.scalar(named.with_for_update() if is_held else named)
    if found is None:
        raise NotFound("project.not_found", f"There is no project '{wanted}' in this workspace.", project=wanted)
    return found


def hold(session: Session, workspace_id: str) -> None:
    """Keep others from deleting a workspace, and from changing who is in it, until the transaction ends.

    Raises
    ------
    NotFound
        ``workspace.not_found`` when it was deleted meanwhile.
    """
    # Runs and data that refer to the row meanwhile need not wait.
    if session.get(WorkspaceRow, workspace_id, with_for_update={"key_share": True}) is None:
        raise NotFound("workspace.not_found", "The workspace is not there any more.", workspace=workspace_id)


def entered(store: Store, workspace_ref: str | None, project_ref: str | None) -> Store:
    """Return the store in another workspace or project, for the same actor in the role that they have there by now.

    Parameters
    ----------
    workspace_ref, project_ref
        A name or an id; None: the workspace that it is in; its project, or the default one of another workspace.

    Raises
    ------
    NotFound
        ``workspace.not_found``, ``project.not_found``
    """
    with store.database.read() as session:
        if workspace_ref is None:
            workspace_id, role = store.workspace_id, role_in(session, store, store.workspace_id)
        else:
            found = workspace(session, store, workspace_ref)
            workspace_id, role = found.id, found.role
        project_id = None
        if project_ref is not None:
            # Whoever is no member learns of no project either.
            project_id = project(session, workspace_id if role else "", project_ref).id
    is_elsewhere = workspace_ref is not None or project_id is not None
    there = store.within(workspace_id, project_id) if is_elsewhere else store
    return there.on_behalf_of(replace(store.actor, role=role))


def role_in(session: Session, store: Store, workspace_id: str) -> Role | None:
    """Return what whoever acts is in a workspace by now; None where they are no member."""
    found = session.execute(_open(store).where(WorkspaceRow.id == workspace_id)).first()
    return None if found is None else Role(found[1])


def _open(store: Store) -> Any:
    """Select the workspaces that whoever acts may know of, each with what they are in it."""
    actor = store.actor
    if actor.scopes is not None:
        # A key opens one workspace, whoever's it is.
        return select(WorkspaceRow, literal(actor.role)).where(WorkspaceRow.id == store.workspace_id)
    if actor.is_administrator:
        return select(WorkspaceRow, literal(Role.OWNER))
    return (
        select(WorkspaceRow, MembershipRow.role)
        .join(MembershipRow, MembershipRow.workspace_id == WorkspaceRow.id)
        .join(UserRow, UserRow.id == MembershipRow.user_id)
        .where(UserRow.name == actor.name)
    )


def _workspace(row: WorkspaceRow, role: str) -> Workspace:
    return Workspace(row.id, row.name, Role(role), row.created_by, row.created_at)
