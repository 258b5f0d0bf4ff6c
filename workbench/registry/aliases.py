"""Aliases: movable names for pipelines, each with all its moves."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from workbench.access.permissions import Permission
from workbench.errors import Conflict, NotFound, choices
from workbench.registry import lookup, moves
from workbench.registry.alias import Alias, Move
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.store import ids, writing
from workbench.store.moments import read_moment
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import AliasHistoryRow, AliasRow, PipelineRow


class Aliases:
    """The aliases of a workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @needs(Permission.REGISTRY_WRITE)
    def set(self, name: str, pipeline: Reference, why: str = "") -> Alias:
        """Let an alias name a pipeline; every call adds a line to its history, also where nothing moves.

        Raises
        ------
        BadRequest
            ``alias.invalid``
        NotFound
            ``pipeline.not_found``
        Conflict
            ``pipeline.name_taken`` when a pipeline goes by this name.
        """
        moves.check_name(name)

        def act(session: Session) -> Alias:
            row = moves.held(session, self._store.workspace_id, name)
            found = lookup.find(session, self._store.workspace_id, pipeline, hold="keep")
            moves.move(session, row, found, by=self._store.user, why=why)
            return Alias(row.name, found.id, found.name, row.updated_at)

        return writing.write(self._store.database, act)

    @needs(Permission.REGISTRY_WRITE)
    def unset(self, name: str, why: str = "") -> None:
        """Take an alias away; its history stays, and `rollback` brings it back.

        Raises
        ------
        NotFound
            ``alias.not_found``
        """

        def act(session: Session) -> None:
            moves.move(session, self._named(session, name), None, by=self._store.user, why=why)

        writing.write(self._store.database, act)

    @needs(Permission.REGISTRY_READ)
    def get(self, name: str) -> Alias:
        """Find an alias.

        Raises
        ------
        NotFound
            ``alias.not_found`` when there is none, or it was taken away.
        """
        found = next((alias for alias in self.list() if alias.name == name), None)
        if found is None:
            with self._store.database.read() as session:
                raise self._not_found(session, name)
        return found

    @needs(Permission.REGISTRY_READ)
    def list(self) -> builtins.list[Alias]:
        """Return the aliases that name a pipeline, by name."""
        query = (
            select(AliasRow.name, PipelineRow.id, PipelineRow.name, AliasRow.updated_at)
            .join(PipelineRow, PipelineRow.id == AliasRow.pipeline_id)
            .where(AliasRow.workspace_id == self._store.workspace_id)
            .order_by(AliasRow.name)
        )
        with self._store.database.read() as session:
            return [Alias(*found) for found in session.execute(query)]

    @needs(Permission.REGISTRY_READ)
    def history(self, name: str) -> builtins.list[Move]:
        """Return an alias's moves, oldest first, also of one that was taken away.

        Raises
        ------
        NotFound
            ``alias.not_found``
        """
        with self._store.database.read() as session:
            found = self._moves(session, AliasRow.name == ids.text(name))
            if not found:
                raise self._not_found(session, name)
        return found

    @needs(Permission.REGISTRY_READ)
    def moves_of(self, pipeline: Pipeline) -> builtins.list[Move]:
        """Return the moves, of any alias, that came to a pipeline or left it, oldest first."""
        touched = (AliasHistoryRow.from_pipeline_id == pipeline.id) | (AliasHistoryRow.to_pipeline_id == pipeline.id)
        with self._store.database.read() as session:
            return self._moves(session, touched)

    @needs(Permission.REGISTRY_READ)
    def at(self, name: str, time: datetime | str) -> Pipeline | None:
        """Tell which pipeline an alias named at a time, which may be deleted since; None where it named none.

        Parameters
        ----------
        time
            A time, or one as ISO 8601 writes it; without a zone it is local time.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when it is no time.
        NotFound
            ``alias.not_found`` when there never was such an alias.
        """
        moment = read_moment(time)
        query = (
            select(AliasHistoryRow, PipelineRow)
            .join(AliasRow, AliasRow.id == AliasHistoryRow.alias_id)
            .outerjoin(PipelineRow, PipelineRow.id == AliasHistoryRow.to_pipeline_id)
            .where(
                AliasRow.workspace_id == self._store.workspace_id,
                AliasRow.name == ids.text(name),
                AliasHistoryRow.at <= moment,
            )
            .order_by(AliasHistoryRow.seq.desc())
            .limit(1)
        )
        with self._store.database.read() as session:
            found = session.execute(query).first()
            if found is None and moves.find(session, self._store.workspace_id, name) is None:
                raise self._not_found(session, name)
        return None if found is None or found[1] is None else Pipeline.of(found[1])

    @needs(Permission.REGISTRY_WRITE)
    def rollback(self, name: str, why: str = "") -> Alias:
        """Let an alias name the pipeline again that it named before, as an undo does.

        A second roll-back goes further back, not forth again; what was rolled back is not come by any more once the
        alias is set anew. Moves that changed nothing, and times without a pipeline, are passed over.

        Raises
        ------
        NotFound
            ``alias.not_found``
        Conflict
            ``alias.no_history`` when it named no other pipeline before, or that one is deleted.
        """

        def act(session: Session) -> Alias:
            row = self._named(session, name, is_gone_too=True)
            undone = moves.to_take_back(session, row)
            if undone is None:
                raise Conflict(
                    "alias.no_history", f"There is no earlier pipeline that '{name}' could go back to.", alias=name
                )
            target = session.get_one(PipelineRow, undone.from_pipeline_id, with_for_update={"read": True})
            if target.deleted_at is not None:
                raise Conflict(
                    "alias.no_history",
                    f"'{name}' named {target.name} before, and that is deleted.",
                    hint="Set the alias to a pipeline by its name.",
                    alias=name,
                    pipeline_id=target.id,
                )
            moves.move(session, row, target, by=self._store.user, why=why, undoes=undone.seq)
            return Alias(row.name, target.id, target.name, row.updated_at)

        return writing.write(self._store.database, act)

    def _named(self, session: Session, name: str, *, is_gone_too: bool = False) -> AliasRow:
        row = moves.find(session, self._store.workspace_id, name, is_held=True)
        if row is None or (row.pipeline_id is None and not is_gone_too):
            raise self._not_found(session, name)
        return row

    def _not_found(self, session: Session, name: str) -> NotFound:
        query = select(AliasRow.name).where(
            AliasRow.workspace_id == self._store.workspace_id, AliasRow.pipeline_id.is_not(None)
        )
        known = session.scalars(query).all()
        hint = choices(str(name), known) if known else "There is none yet: set one."
        return NotFound("alias.not_found", f"There is no alias '{name}'.", hint=hint, alias=name)

    def _moves(self, session: Session, condition: Any) -> builtins.list[Move]:
        before, after = aliased(PipelineRow), aliased(PipelineRow)
        query = (
            select(AliasRow.name, AliasHistoryRow, before.name, after.name)
            .join(AliasRow, AliasRow.id == AliasHistoryRow.alias_id)
            .outerjoin(before, before.id == AliasHistoryRow.from_pipeline_id)
            .outerjoin(after, after.id == AliasHistoryRow.to_pipeline_id)
            .where(AliasRow.workspace_id == self._store.workspace_id, condition)
            .order_by(AliasHistoryRow.at, AliasHistoryRow.seq)
        )
        return [
            Move(
                alias=name,
                seq=row.seq,
                at=row.at,
                by=row.by,
                from_id=row.from_pipeline_id,
                from_name=from_name,
                to_id=row.to_pipeline_id,
                to_name=to_name,
                undoes=row.undoes,
                why=row.why,
            )
            for name, row, from_name, to_name in session.execute(query)
        ]
