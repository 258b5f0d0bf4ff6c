"""A home's store, opened: database, artifacts, and the default workspace and project."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from workbench.errors import EngineFault
from workbench.settings import Settings
from workbench.store.artifacts import ArtifactStore
from workbench.store.database import Database
from workbench.store.schema import ensure_schema
from workbench.store.tables import ProjectRow, WorkspaceRow

DEFAULT = "default"


@dataclass(frozen=True)
class Store:
    """What every process meets in.

    Attributes
    ----------
    workspace_id, project_id
        Where things go unless told otherwise; both exist from the start.
    """

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    workspace_id: str
    project_id: str

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
    return Store(settings, database, ArtifactStore(settings.artifacts), workspace_id, project_id)


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
