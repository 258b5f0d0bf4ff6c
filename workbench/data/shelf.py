"""The rows of data sources and the files that belong to them: found, verified, dropped."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.data.arrival import of_family, table_of, workplace
from workbench.data.formats.reader import Asked, Limits
from workbench.data.source import Source, SourceLine
from workbench.errors import Conflict, EngineFault, Gone, NotFound, choices
from workbench.store import audit, ids
from workbench.store.files import sha256_of
from workbench.store.store import Store
from workbench.store.tables import BatchRow, ExperimentRow, RunRow, SourceRow, now

_UNDER_WAY = ("queued", "running")


class Shelf:
    """The data sources of a workspace, each version a row and its files."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._store.settings.files

    def find(self, key: str, *, hidden: bool = False) -> Source:
        """Find a version by its id, as ``NAME@2``, or the newest one by name.

        Parameters
        ----------
        hidden
            Whether a deleted one that a run or a batch used is found too, by its id.

        Raises
        ------
        NotFound
            ``data.not_found``, naming what there is.
        """
        with self._store.database.read() as session:
            row = self._find(session, key, hidden=hidden)
            if row is None:
                raise self._not_found(session, key)
            return self._shown(row)

    def with_content(self, sha256: str) -> Source | None:
        """Find the oldest live data source that came as exactly these bytes."""
        query = select(SourceRow).where(*self._live(), SourceRow.sha256 == sha256).order_by(SourceRow.created_at)
        with self._store.database.read() as session:
            row = session.scalars(query).first()
            return None if row is None else self._shown(row)

    def named(self, name: str) -> Source | None:
        """Find a live data source by nothing but its name."""
        query = select(SourceRow).where(*self._live(), SourceRow.live_name == name)
        with self._store.database.read() as session:
            row = session.scalar(query)
            return None if row is None else self._shown(row)

    def list(self) -> builtins.list[Source]:
        """Return the data sources, newest first."""
        query = select(SourceRow).where(*self._live()).order_by(SourceRow.id.desc())
        with self._store.database.read() as session:
            return [self._shown(row) for row in session.scalars(query)]

    def lines(self) -> builtins.list[SourceLine]:
        """Return what a list shows of the data sources, newest first, without reading their facts."""
        row = SourceRow
        shown = row.id, row.name, row.version, row.kind, row.row_count, func.json_array_length(row.columns)
        query = select(*shown, row.size_bytes).where(*self._live()).order_by(row.id.desc())
        with self._store.database.read() as session:
            return [SourceLine(*found) for found in session.execute(query)]

    def versions(self, source: Source) -> builtins.list[Source]:
        """Return all versions of a data source that were not deleted, newest first."""
        query = select(SourceRow).where(*self._of_family(source))
        with self._store.database.read() as session:
            return [self._shown(row) for row in session.scalars(query.order_by(SourceRow.version.desc()))]

    def origin(self, source: Source) -> dict[str, Any]:
        """Return where a data source is read from again, whoever may see that; empty where it cannot be."""
        mine = SourceRow.id == source.id, SourceRow.workspace_id == self._store.workspace_id
        with self._store.database.read() as session:
            return dict(session.scalar(select(SourceRow.origin).where(*mine)) or {})

    def head(self, source: Source) -> builtins.list[dict[str, object]] | None:
        """Return the first rows that were kept as plain data; None where there are none."""
        with self._store.database.read() as session:
            return session.scalar(select(SourceRow.head).where(SourceRow.id == source.id))

    def has_table(self, source: Source) -> bool:
        return (self._store.settings.files / source.location).is_file()

    def is_here(self, source_id: str) -> bool:
        """Whether a data source's file is in this home, or nowhere to be looked for: it is not known any more."""
        with self._store.database.read() as session:
            location = session.scalar(select(SourceRow.location).where(SourceRow.id == source_id))
        return location is None or (self._store.settings.files / location).is_file()

    def table(self, source: Source) -> Path:
        """Return where a data source's table lies, its content verified.

        Raises
        ------
        Gone
            ``data.file_missing`` when it is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when it is not what was stored.
        """
        path = self._store.settings.files / source.location
        try:
            found = sha256_of(path)
        except FileNotFoundError as error:
            raise Gone(
                "data.file_missing", f'The file of data source "{source.name}" is gone.', source=source.id
            ) from error
        if found != (source.table_sha256 or source.sha256):
            raise EngineFault(
                "artifact.hash_mismatch",
                f'The file of data source "{source.name}" is not what was stored: its SHA-256 is another.',
                hint="Upload it again under a new name.",
                source=source.id,
            )
        return path if source.table_sha256 else self._converted(source, path)

    def raw(self, source: Source) -> Path | None:
        """Return where the bytes lie as they came; None where they were not kept."""
        path = None if source.raw is None else self._store.settings.files / source.raw
        return path if path is not None and path.is_file() else None

    def delete(self, key: str) -> None:
        """Delete a data source with all its versions, or one of them: any as ``NAME@2``, an older one by its id too.

        Where the newest one goes alone, the one before it becomes the newest. What a run or a batch used stays as a
        hidden row, its table as long as one that needs it is under way.

        Raises
        ------
        NotFound
            ``data.not_found``
        Conflict
            ``data.in_use`` when a run was submitted on it at the same moment.
        """
        left: builtins.list[tuple[str, str, str | None]] = []
        try:
            with self._store.database.write() as session:
                row = self._find(session, key)
                if row is None:
                    raise self._not_found(session, key)
                is_newest, is_whole = row.live_name is not None, key in (row.id, row.live_name)
                family = select(SourceRow).where(*self._of_family(Source.of(row))).order_by(SourceRow.version.desc())
                dropped = list(session.scalars(family)) if is_newest and is_whole else [row]
                self._tell_deleted(session, row, sorted(each.version for each in dropped))
                for each in dropped:
                    if self._drop(session, each):
                        left.append((each.id, each.location, each.raw))
                # Only what is written has let go of the name.
                session.flush()
                before = session.scalar(family.limit(1)) if is_newest else None
                if before is not None:
                    before.live_name = before.name
        except IntegrityError as error:
            raise Conflict("data.in_use", f'A run on "{key}" was submitted just now; delete it again.') from error
        for id_, location, raw in left:
            self._remove(id_, location, raw)
        self.drop_unneeded()

    def _tell_deleted(self, session: Session, row: SourceRow, versions: builtins.list[int]) -> None:
        some = "version" if len(versions) == 1 else "versions"
        audit.record(
            session,
            by=self._store.user,
            action="data.deleted",
            subject="source",
            subject_id=row.id,
            message=f'deleted "{row.name}", {some} {", ".join(map(str, versions))}',
            details={"name": row.name, "versions": versions},
        )

    def drop_unneeded(self) -> None:
        """Remove the files of deleted sources whose runs and batches have all come to an end."""
        by_run = exists().where(
            RunRow.source_id == SourceRow.id, RunRow.status.in_(_UNDER_WAY), RunRow.deleted_at.is_(None)
        )
        by_batch = exists().where(BatchRow.source_id == SourceRow.id, BatchRow.status.in_(_UNDER_WAY))
        unneeded = SourceRow.deleted_at.is_not(None), ~by_run, ~by_batch
        with self._store.database.read() as session:
            rows = session.execute(select(SourceRow.id, SourceRow.location, SourceRow.raw).where(*unneeded)).all()
        for id_, location, raw in rows:
            self._remove(id_, location, raw)

    def _drop(self, session: Session, row: SourceRow) -> bool:
        """Hide a row that is used, remove any other; return whether nobody needs its files now."""
        users = RunRow.source_id, ExperimentRow.source_id, BatchRow.source_id
        if session.scalar(select(or_(*(exists().where(source_id == row.id) for source_id in users)))):
            row.deleted_at, row.live_name = now(), None
            return False
        session.delete(row)
        return True

    def _remove(self, source_id: str, location: str, raw: str | None) -> None:
        files = self._store.settings.files
        for name in (location, raw):
            if name:
                (files / name).unlink(missing_ok=True)
        # Only now: who still looks at the table keeps nothing once it is gone.
        for what in ("profile", "evidence"):
            for path in files.glob(f"{source_id}*.{what}*"):
                path.unlink(missing_ok=True)

    def _shown(self, row: SourceRow) -> Source:
        return Source.of(row).shown_to(self._store.actor)

    def _live(self) -> tuple[ColumnElement[bool], ...]:
        return SourceRow.workspace_id == self._store.workspace_id, SourceRow.live_name.is_not(None)

    def _of_family(self, source: Source) -> tuple[ColumnElement[bool], ...]:
        return *of_family(self._store, source), SourceRow.deleted_at.is_(None)

    def _find(self, session: Session, key: str, *, hidden: bool = False) -> SourceRow | None:
        # The id first: a run finds its table by it, and no name that looks like one may stand in its way.
        found = session.get(SourceRow, key)
        if found is not None and found.workspace_id == self._store.workspace_id:
            return found if hidden or found.deleted_at is None else None
        live = session.scalar(select(SourceRow).where(*self._live(), SourceRow.live_name == key))
        name, at, version = key.rpartition("@")
        if live is not None or not at or not version.isdecimal():
            return live
        current = session.scalar(select(SourceRow).where(*self._live(), SourceRow.live_name == name))
        if current is None:
            return None
        of_version = SourceRow.version == int(version)
        return session.scalar(select(SourceRow).where(*self._of_family(Source.of(current)), of_version))

    def _not_found(self, session: Session, key: str) -> NotFound:
        names = [name for name in session.scalars(select(SourceRow.live_name).where(*self._live())) if name]
        hint = choices(key, names) if names else "There is none yet: upload a file or take a sample."
        return NotFound("data.not_found", f'There is no data source "{key}".', hint=hint, source=key)

    def _converted(self, source: Source, path: Path) -> Path:
        """Make a table of a text file that an older Workbench stored as it came."""
        from workbench.data.formats.text import TextReader
        from workbench.data.ingest import table

        options = {name: source.format[name] for name in ("encoding", "delimiter")}
        texts = dict.fromkeys(source.texts, "text")
        final = self._store.settings.files / table_of(source.id)
        with workplace(self._store.settings.files) as folder:
            come = folder / final.name
            limits = Limits(folder, columns=len(source.columns))
            table.write(TextReader(path, source.name, limits, Asked(texts, options)), come, lambda _: None)
            sha256 = sha256_of(come)
            with self._store.database.write() as session:
                row = session.get(SourceRow, source.id)
                if row is not None and row.table_sha256 is None:
                    row.raw, row.location, row.table_sha256 = row.location, final.name, sha256
                    come.replace(final)
        return final


def key_of(ref: str | Source) -> str:
    """Return what a data source is found by."""
    return ids.text(ref.id if isinstance(ref, Source) else ref)
