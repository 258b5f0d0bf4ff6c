"""Who opens a store on this machine, and what they may do in it."""

from __future__ import annotations

import getpass
import os

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.access.actor import Actor, of_person
from workbench.access.permissions import Role
from workbench.store.database import Database
from workbench.store.store import Store
from workbench.store.tables import MembershipRow, UserRow, WorkspaceRow

HUB_USER = "JUPYTERHUB_USER"
"""Environment variable in which JupyterHub tells its single-user servers, and so their kernels, whose they are."""
_NOBODY = "somebody"


def local_name() -> str:
    """Return what whoever runs this process is called: by JupyterHub where it started it, else by the system."""
    if named := os.environ.get(HUB_USER, "").strip():
        return named[:200]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return _NOBODY


def local_actor(store: Store, *, origin: str, name: str | None = None) -> Actor:
    """Return who opens the store directly, and make them known to it.

    Whoever first opens a store is its administrator. A database file belongs to whoever can write it, so that all who
    open one are; in a database on a server they are what they were made members as.

    Parameters
    ----------
    name
        None: `local_name`.
    """
    called = of_person(name or local_name())
    user = _known(store.database, called)
    is_administrator = user.is_administrator or store.database.is_sqlite
    role = Role.OWNER if is_administrator else role_of(store.database, user.id, store.workspace_id)
    return Actor(called, role, origin=origin, is_administrator=is_administrator)


def role_of(database: Database, user_id: str, workspace_id: str) -> Role | None:
    """Return what a user is in a workspace; None where they are no member."""
    with database.read() as session:
        row = session.get(MembershipRow, (workspace_id, user_id))
    return None if row is None else Role(row.role)


def find_user(session: Session, name: str) -> UserRow | None:
    return session.scalar(select(UserRow).where(UserRow.name == name))


def _known(database: Database, name: str) -> UserRow:
    with database.read() as session:
        row = find_user(session, name)
    while row is None:
        try:
            row = _make_known(database, name)
        except IntegrityError:
            # Another process of theirs was faster.
            with database.read() as session:
                row = find_user(session, name)
    return row


def _make_known(database: Database, name: str) -> UserRow:
    with database.write() as session:
        is_first = not session.scalar(select(func.count()).select_from(UserRow))
        row = UserRow(name=name, is_administrator=is_first)
        session.add(row)
        session.flush()
        if is_first:
            for workspace in session.scalars(select(WorkspaceRow.id)):
                session.add(MembershipRow(workspace_id=workspace, user_id=row.id, role=Role.OWNER, created_by=name))
        return row
