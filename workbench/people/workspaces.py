"""Who shares what, in which role: what `Workbench.workspaces` is."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy import delete as remove_rows
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.access.permissions import Permission, Role
from workbench.errors import Conflict, Forbidden
from workbench.people import invitations, lookup, members, names
from workbench.people.workspace import Invitation, Invited, Member, Workspace
from workbench.store import audit, writing
from workbench.store.needs import check, needs, telling
from workbench.store.store import DEFAULT, Store
from workbench.store.tables import (
    InvitationRow,
    KeyRow,
    MembershipRow,
    ProjectRow,
    UserRow,
    WorkspaceRow,
)

_SUBJECT = "workspace"
_OF_A_WORKSPACE = (KeyRow, InvitationRow, MembershipRow, ProjectRow)
"""What goes with a workspace in which nothing was made."""


class Workspaces:
    """The workspaces that are open to whoever asks, and the people in the one that is open now.

    Parameters
    ----------
    tell
        Called once somebody may do less than before: for those who know by heart who may do what.
    """

    def __init__(self, store: Store, tell: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._tell = tell

    def list(self) -> list[Workspace]:
        """Return the workspaces that are open to you, by name: all where you are an administrator.

        With a key, that is the key's own.
        """
        self._check_may_look()
        with self._store.database.read() as session:
            return lookup.workspaces(session, self._store)

    def get(self, reference: str) -> Workspace:
        """Find a workspace by its name or its id.

        Raises
        ------
        NotFound
            ``workspace.not_found`` also when you are no member of it.
        """
        self._check_may_look()
        with self._store.database.read() as session:
            return lookup.workspace(session, self._store, reference)

    @needs(Permission.WORKSPACE_READ)
    def current(self) -> Workspace:
        """Return the workspace that is open now."""
        return self.get(self._store.workspace_id)

    def create(self, name: str) -> Workspace:
        """Make a workspace with a default project, and be its owner.

        Raises
        ------
        BadRequest
            ``workspace.name_invalid``
        Conflict
            ``workspace.name_taken``
        Forbidden
            ``access.role_too_low`` unless you are an administrator, or own some workspace already.
        """
        with telling(self._store, Permission.MEMBERS_WRITE, "Workspaces.create"):
            self._check_may_create()
            return self._create(names.of_workspace(name))

    def _create(self, name: str) -> Workspace:
        def act(session: Session) -> Workspace:
            _expect_free(session, name)
            row = WorkspaceRow(name=name, created_by=self._store.user)
            session.add(row)
            session.flush()
            session.add(ProjectRow(workspace_id=row.id, name=DEFAULT, created_by=self._store.user))
            me = members.known(session, self._store.user)
            members.add(session, replace(self._store, workspace_id=row.id), me, Role.OWNER, by=self._store.user)
            self._record(session, row.id, "created", f"the workspace {name} was made", name=name)
            return Workspace(row.id, row.name, Role.OWNER, row.created_by, row.created_at)

        return writing.write(self._store.database, act)

    def rename(self, reference: str, name: str) -> Workspace:
        """Call a workspace something else.

        Raises
        ------
        BadRequest
            ``workspace.name_invalid``
        NotFound
            ``workspace.not_found``
        Conflict
            ``workspace.name_taken``; ``workspace.in_use`` for the default one.
        Forbidden
            ``access.…`` unless you own it.
        """
        with telling(self._store, Permission.MEMBERS_WRITE, "Workspaces.rename"):
            return self._rename(self._owned(reference, "Workspaces.rename"), names.of_workspace(name))

    def _rename(self, found: Workspace, name: str) -> Workspace:
        def act(session: Session) -> Workspace:
            lookup.hold(session, found.id)
            row = session.get_one(WorkspaceRow, found.id)
            if row.name != name:
                _expect_free(session, name)
                told = f"the workspace {row.name} is called {name}"
                self._record(session, row.id, "renamed", told, before=row.name, name=name)
                row.name = name
                session.flush()
            return replace(found, name=name)

        return writing.write(self._store.database, act)

    def delete(self, reference: str) -> None:
        """Delete a workspace in which nothing is, with its memberships, invitations and keys.

        Raises
        ------
        NotFound
            ``workspace.not_found``
        Conflict
            ``workspace.in_use`` when something was made in it that is there still, or for the default one.
        Forbidden
            ``access.…`` unless you own it.
        """
        with telling(self._store, Permission.MEMBERS_WRITE, "Workspaces.delete"):
            self._delete(self._owned(reference, "Workspaces.delete"))
        self._tell()

    def _delete(self, found: Workspace) -> None:
        try:
            with self._store.database.write() as session:
                lookup.hold(session, found.id)
                for table in _OF_A_WORKSPACE:
                    session.execute(remove_rows(table).where(table.workspace_id == found.id))
                session.execute(remove_rows(WorkspaceRow).where(WorkspaceRow.id == found.id))
                self._record(session, found.id, "deleted", f"the workspace {found.name} was deleted", name=found.name)
        except IntegrityError as error:
            # Whatever refers to it, or was made in it at this moment, keeps it.
            raise Conflict(
                "workspace.in_use",
                f"The workspace '{found.name}' is not empty.",
                hint="Delete its data, runs, pipelines and deployments first.",
                workspace=found.id,
            ) from error

    @needs(Permission.WORKSPACE_READ)
    def members(self) -> builtins.list[Member]:
        """Return the members of this workspace, by name."""
        with self._store.database.read() as session:
            return members.listed(session, self._store.workspace_id)

    @needs(Permission.MEMBERS_WRITE)
    def set_role(self, user: str, role: str) -> Member:
        """Make somebody a member of this workspace, or give a member another role.

        Parameters
        ----------
        user
            As Jupyter, the hub or the system calls them.
        role
            ``viewer``, ``editor`` or ``owner``.

        Raises
        ------
        BadRequest
            ``member.role_unknown``, ``member.name_invalid``
        Conflict
            ``member.last_owner`` when the workspace would have no owner any more.
        """
        wanted, name = members.role_named(role), names.of_user(user)
        act = partial(members.set_role, store=self._store, name=name, role=wanted)
        made = writing.write(self._store.database, act)
        self._tell()
        return made

    @needs(Permission.MEMBERS_WRITE)
    def remove(self, user: str) -> None:
        """Take somebody's membership of this workspace away; their keys in it are revoked.

        Raises
        ------
        NotFound
            ``member.not_found``
        Conflict
            ``member.last_owner``
        """
        name = names.of_user(user)
        with self._store.database.write() as session:
            members.remove(session, self._store, name)
        self._tell()

    @needs(Permission.KEYS_WRITE)
    def leave(self) -> None:
        """Be no member of this workspace any more; your keys in it are revoked.

        Raises
        ------
        NotFound
            ``member.not_found`` when you are none, but an administrator.
        Conflict
            ``member.last_owner``
        """
        with self._store.database.write() as session:
            members.remove(session, self._store, self._store.user)
        self._tell()

    @needs(Permission.MEMBERS_WRITE)
    def invite(self, user: str, role: str = "editor", days: int = invitations.DAYS) -> Invited:
        """Make a code by which somebody becomes a member of this workspace: give it to them, and to nobody else.

        Parameters
        ----------
        user
            Whom it makes a member. Whoever accepts it over HTTP goes by this name, and gets a key.
        days
            How long it is good for (1 … 365).

        Returns
        -------
        Invited
            Its code is shown here alone.

        Raises
        ------
        BadRequest
            ``member.role_unknown``, ``member.name_invalid``, ``invitation.invalid``
        Conflict
            ``member.exists``
        """
        wanted, name = members.role_named(role), names.of_user(user)
        with self._store.database.write() as session:
            return invitations.invite(session, self._store, name, wanted, days)

    @needs(Permission.MEMBERS_WRITE, changes=False)
    def invitations(self) -> builtins.list[Invitation]:
        """Return the invitations to this workspace, newest first."""
        with self._store.database.read() as session:
            return invitations.listed(session, self._store.workspace_id)

    @needs(Permission.MEMBERS_WRITE)
    def revoke_invitation(self, invitation_id: str) -> None:
        """Let an invitation be good no more.

        Raises
        ------
        NotFound
            ``invitation.not_found``; also when it was accepted: remove the member then.
        """
        with self._store.database.write() as session:
            invitations.revoke(session, self._store, invitation_id)

    def accept(self, code: str) -> Workspace:
        """Become a member of the workspace that a code invites you to.

        Raises
        ------
        Forbidden
            ``invitation.invalid`` whatever is wrong with it: it is good once, for whom it names, until it expires.
        """
        with telling(self._store, None, "Workspaces.accept"):
            return self._accept(code)

    def _accept(self, code: str) -> Workspace:
        with self._store.database.read() as session:
            row = invitations.addressed(session, code)
        there = replace(self._store, workspace_id=row.workspace_id)

        def act(session: Session) -> Workspace:
            invitations.accept(session, there, code)
            found = session.get_one(WorkspaceRow, row.workspace_id)
            return Workspace(found.id, found.name, Role(row.role), found.created_by, found.created_at)

        return writing.write(self._store.database, act)

    def _check_may_look(self) -> None:
        # Whoever is no member here may be one elsewhere; a key is of this workspace alone.
        if self._store.actor.scopes is not None:
            check(self._store, Permission.WORKSPACE_READ, "Workspaces.list")

    def _check_may_create(self) -> None:
        if self._store.actor.scopes is not None:
            check(self._store, Permission.MEMBERS_WRITE, "Workspaces.create")
        elif not (self._store.actor.is_administrator or self._owns_some()):
            raise Forbidden(
                "access.role_too_low",
                f"{self._store.user} owns no workspace; making one takes an owner or an administrator.",
                hint="An administrator can make one for you.",
                permission=str(Permission.MEMBERS_WRITE),
            )

    def _owns_some(self) -> bool:
        query = (
            select(MembershipRow.user_id)
            .join(UserRow, UserRow.id == MembershipRow.user_id)
            .where(UserRow.name == self._store.user, MembershipRow.role == Role.OWNER)
        )
        with self._store.database.read() as session:
            return session.scalar(query.limit(1)) is not None

    def _owned(self, reference: str, what: str) -> Workspace:
        """Find a workspace that is not the default one, and refuse whoever does not own it."""
        if self._store.actor.scopes is not None:
            # A key opens one workspace: what it may there, it may nowhere else.
            check(self._store, Permission.MEMBERS_WRITE, what)
        with self._store.database.read() as session:
            found = lookup.workspace(session, self._store, reference)
        there = replace(self._store, workspace_id=found.id)
        check(there.on_behalf_of(replace(self._store.actor, role=found.role)), Permission.MEMBERS_WRITE, what)
        if found.name == DEFAULT:
            raise Conflict(
                "workspace.in_use",
                f"The workspace '{DEFAULT}' stays as it is: whoever names none comes into it.",
                workspace=found.id,
            )
        return found

    def _record(self, session: Session, workspace_id: str, what: str, told: str, **details: str) -> None:
        audit.record(
            session,
            by=self._store.user,
            action=f"{_SUBJECT}.{what}",
            subject=_SUBJECT,
            subject_id=workspace_id,
            message=told,
            details=details,
            workspace_id=workspace_id,
        )


def _expect_free(session: Session, name: str) -> None:
    if session.scalar(select(WorkspaceRow.id).where(WorkspaceRow.name == name)) is not None:
        raise Conflict(
            "workspace.name_taken", f"There is a workspace called '{name}' already.", hint="Choose another.", name=name
        )
