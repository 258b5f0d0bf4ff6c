"""What runs are about: what `Workbench.projects` is."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.access.permissions import Permission
from workbench.errors import Conflict
from workbench.people import lookup, names
from workbench.people.project import Project
from workbench.store import audit, writing
from workbench.store.needs import needs
from workbench.store.store import DEFAULT, Store
from workbench.store.tables import ExperimentRow, ProjectRow, RunRow

_SUBJECT = "project"


class Projects:
    """The projects of a workspace. A run belongs to the one that is open while it is submitted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @needs(Permission.WORKSPACE_READ)
    def list(self) -> builtins.list[Project]:
        """Return the projects, by name."""
        with self._store.database.read() as session:
            return [_project(*found) for found in session.execute(self._counted().order_by(ProjectRow.name))]

    @needs(Permission.WORKSPACE_READ)
    def get(self, reference: str) -> Project:
        """Find a project by its name or its id.

        Raises
        ------
        NotFound
            ``project.not_found``
        """
        with self._store.database.read() as session:
            found = lookup.project(session, self._store.workspace_id, reference)
            return _project(*session.execute(self._counted().where(ProjectRow.id == found.id)).one())

    @needs(Permission.WORKSPACE_READ)
    def current(self) -> Project:
        """Return the project that is open now: the one that new runs belong to."""
        return self.get(self._store.project_id)

    @needs(Permission.PROJECTS_WRITE)
    def create(self, name: str) -> Project:
        """Make a project.

        Raises
        ------
        BadRequest
            ``project.name_invalid``
        Conflict
            ``project.name_taken``
        """
        name = names.of_project(name)

        def act(session: Session) -> Project:
            lookup.hold(session, self._store.workspace_id)
            self._expect_free(session, name)
            row = ProjectRow(workspace_id=self._store.workspace_id, name=name, created_by=self._store.user)
            session.add(row)
            session.flush()
            self._record(session, row, "created", f"the project {name} was made", name=name)
            return _project(row, 0)

        return writing.write(self._store.database, act)

    @needs(Permission.PROJECTS_WRITE)
    def rename(self, reference: str, name: str) -> Project:
        """Call a project something else.

        Raises
        ------
        BadRequest
            ``project.name_invalid``
        NotFound
            ``project.not_found``
        Conflict
            ``project.name_taken``; ``project.in_use`` for the default one.
        """
        name = names.of_project(name)

        def act(session: Session) -> str:
            row = self._movable(session, reference)
            if row.name != name:
                self._expect_free(session, name)
                told = f"the project {row.name} is called {name}"
                self._record(session, row, "renamed", told, before=row.name, name=name)
                row.name = name
                session.flush()
            return row.id

        renamed = writing.write(self._store.database, act)
        with self._store.database.read() as session:
            return _project(*session.execute(self._counted().where(ProjectRow.id == renamed)).one())

    @needs(Permission.PROJECTS_WRITE)
    def delete(self, reference: str) -> None:
        """Delete a project that no run belongs to.

        Raises
        ------
        NotFound
            ``project.not_found``
        Conflict
            ``project.in_use`` when it has runs, or for the default one.
        """
        try:
            with self._store.database.write() as session:
                row = self._movable(session, reference)
                self._record(session, row, "deleted", f"the project {row.name} was deleted", name=row.name)
                session.delete(row)
        except IntegrityError as error:
            # A run may have been submitted to it at this moment.
            raise Conflict(
                "project.in_use", "The project has runs.", hint="Delete them first.", project=str(reference)
            ) from error

    def _movable(self, session: Session, reference: str) -> ProjectRow:
        row = lookup.project(session, self._store.workspace_id, reference, is_held=True)
        if row.name == DEFAULT:
            raise Conflict(
                "project.in_use",
                f"The project '{DEFAULT}' stays as it is: runs belong to it that were submitted to no other.",
                project=row.id,
            )
        return row

    def _counted(self) -> Any:
        """Select the projects with how many runs they have."""
        count = (
            select(func.count())
            .select_from(RunRow)
            .join(ExperimentRow, ExperimentRow.id == RunRow.experiment_id)
            .where(ExperimentRow.project_id == ProjectRow.id, RunRow.deleted_at.is_(None))
            .correlate(ProjectRow)
            .scalar_subquery()
        )
        return select(ProjectRow, count).where(ProjectRow.workspace_id == self._store.workspace_id)

    def _expect_free(self, session: Session, name: str) -> None:
        here = select(ProjectRow.id).where(ProjectRow.workspace_id == self._store.workspace_id)
        if session.scalar(here.where(ProjectRow.name == name)) is not None:
            raise Conflict(
                "project.name_taken", f"There is a project called '{name}' already.", hint="Choose another.", name=name
            )

    def _record(self, session: Session, row: ProjectRow, what: str, told: str, **details: str) -> None:
        audit.record(
            session,
            by=self._store.user,
            action=f"{_SUBJECT}.{what}",
            subject=_SUBJECT,
            subject_id=row.id,
            message=told,
            details=details,
            workspace_id=row.workspace_id,
        )


def _project(row: ProjectRow, run_count: int) -> Project:
    return Project(row.id, row.name, row.created_by, row.created_at, run_count)
