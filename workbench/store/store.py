"""A home's store, opened: database, artifacts, and the default workspace and project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.access.actor import ENGINE, Actor
from workbench.access.permissions import Role
from workbench.access.seldom import Seldom
from workbench.errors import EngineFault
from workbench.settings import Settings
from workbench.store.artifacts import ArtifactStore
from workbench.store.database import FIRST, Database
from workbench.store.schema import ensure_schema
from workbench.store.tables import Base, ProjectRow, WorkspaceRow

DEFAULT = "default"


@dataclass(frozen=True)
class Store:
    """What every process meets in.

    Attributes
    ----------
    workspace_id, project_id
        Where things are looked for and go. The default ones exist from the start.
    actor
        On whose behalf all is done; the engine's own processes act for themselves.
    refusals
        What was refused or failed, so that the audit log is told of the same once in a while, and not each time.
    """

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    workspace_id: str
    project_id: str
    actor: Actor = ENGINE
    refusals: Seldom = field(default_factory=Seldom, compare=False, repr=False)

    @property
    def user(self) -> str:
        """What whoever acts is called."""
        return self.actor.name

    def on_behalf_of(self, actor: Actor) -> Store:
        """Return the same store, in which somebody acts: what they do is told in their name."""
        return replace(self, actor=actor, database=self.database.noting(actor=actor, workspace_id=self.workspace_id))

    def within(self, workspace_id: str, project_id: str | None = None) -> Store:
        """Return the same store, in another workspace.

        Parameters
        ----------
        project_id
            One of its projects; None: the one that is called ``default``, or its oldest.
        """
        if project_id is None:
            # The names are compared as text: False sorts before True everywhere.
            oldest = (ProjectRow.name != DEFAULT, ProjectRow.created_at, ProjectRow.id)
            query = select(ProjectRow.id).where(ProjectRow.workspace_id == workspace_id).order_by(*oldest).limit(1)
            with self.database.read() as session:
                project_id = session.scalars(query).one()
        return replace(
            self,
            workspace_id=workspace_id,
            project_id=project_id,
            database=self.database.noting(actor=self.actor, workspace_id=workspace_id),
        )

    def holding(self, kind: type[Base], row_id: str) -> Store:
        """Return the same store, in the workspace that a row is in; as it is where there is no such row."""
        table = kind.__table__
        query = select(table.c.workspace_id).where(table.c.id == row_id)
        with self.database.read() as session:
            workspace_id = session.scalar(query)
        return self if workspace_id in (None, self.workspace_id) else self.within(workspace_id)

    @property
    def beside(self) -> Store:
        """The same store, for what is told of something and is no part of it."""
        return replace(self, database=self.database.noting(**{FIRST: ()}))

    def beginning_with(self, step: Callable[[Session], None]) -> Store:
        """Return the same store, whose every transaction that writes begins with a step, and fails where that does."""
        return replace(self, database=self.database.noting(**{FIRST: (step,)}))

    @property
    def permitted(self) -> Store:
        """The same store, for what a call needs inside that was permitted: a narrow key is no hindrance there."""
        return self.on_behalf_of(replace(self.actor, role=Role.OWNER, scopes=None))

    def close(self) -> None:
        self.database.close()


def open_store(settings: Settings) -> Store:
    """Open the store, creating or upgrading it where needed.

    Raises
    ------
    EngineFault
        ``store.…`` when the home or its database cannot be used.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineFault(
            "store.unreachable",
            f"The home {settings.home} cannot be made: {error.strerror}.",
            hint="Set WORKBENCH_HOME to a folder of yours.",
        ) from error
    database = Database(settings.database)
    ensure_schema(database)
    workspace_id, project_id = _defaults(database)
    store = Store(settings, database, ArtifactStore(settings.artifacts), workspace_id, project_id)
    return store.on_behalf_of(ENGINE)


def _defaults(database: Database) -> tuple[str, str]:
    find = (
        select(WorkspaceRow.id, ProjectRow.id)
        .join(ProjectRow, ProjectRow.workspace_id == WorkspaceRow.id)
        .where(WorkspaceRow.name == DEFAULT, ProjectRow.name == DEFAULT)
    )
    with database.read() as session:
        found = session.execute(find).first()
    if found is not None:
        return found[0], found[1]
    with database.write() as session:
        found = session.execute(find).first()
        if found is not None:
            return found[0], found[1]
        workspace = WorkspaceRow(name=DEFAULT)
        session.add(workspace)
        session.flush()
        project = ProjectRow(workspace_id=workspace.id, name=DEFAULT)
        session.add(project)
        session.flush()
        return workspace.id, project.id
