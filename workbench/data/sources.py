"""The data sources of a workspace: upload, find, read, delete."""

from __future__ import annotations

import builtins
import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.data import samples
from workbench.data.intake import chunks, opened
from workbench.data.samples import Sample
from workbench.data.source import Column, Source, SourceLine
from workbench.data.upload import Upload
from workbench.errors import BadRequest, Conflict, EngineFault, Gone, NotFound, choices
from workbench.store import ids
from workbench.store.store import Store
from workbench.store.tables import BatchRow, ExperimentRow, RunRow, SourceRow, now

if TYPE_CHECKING:
    import pandas as pd

_UNDER_WAY = ("queued", "running")
VALUES_MOST = 100
"""Most values of a column that are listed one by one."""


class Sources:
    """The data sources that a workspace holds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def upload(self, file: str | Path | BinaryIO, name: str | None = None) -> Source:
        """Store a CSV file as a data source, reading it in chunks of 1 MiB.

        Parameters
        ----------
        file
            A path, or a file opened in binary mode.
        name
            Name of the data source; None: the file's name without its ending.

        Raises
        ------
        BadRequest
            When there is no such file, or it is not a table that can be read; the code says which.
        Conflict
            ``data.name_taken``.
        TooLarge
            ``data.too_large``.
        """
        with opened(file) as (stream, called):
            if not (name or called):
                raise BadRequest("data.name_invalid", "A data source needs a name, and this file has none.")
            with self.begin_upload(name or Path(called).name, file=Path(called).name or None) as upload:
                for chunk in chunks(stream, upload.file):
                    upload.write(chunk)
                return upload.finish()

    def begin_upload(self, name: str, size_bytes: int | None = None, *, file: str | None = None) -> Upload:
        """Open an upload that takes its bytes in chunks; see `Upload`.

        Parameters
        ----------
        name
            Name of the data source, or the file's name, whose ending is dropped.
        size_bytes
            How many bytes will come, where that is known: too many are then refused at once.
        file
            What the user calls the file, for messages; None: `name`.
        """
        self._drop_unneeded()
        return Upload(self._store, name, size_bytes, file=file)

    def samples(self) -> tuple[Sample, ...]:
        """Return the tables that come with Workbench."""
        return samples.SAMPLES

    def sample(self, name: str) -> Source:
        """Store a table that comes with Workbench, or return it where it is stored already.

        Raises
        ------
        NotFound
            ``data.unknown_sample``.
        Conflict
            ``data.name_taken`` when another table has the sample's name.
        """
        content = samples.find(name).path.read_bytes()
        stored = self._same(name, content)
        if stored:
            return stored
        try:
            with Upload(self._store, name, len(content), file=f"{name}.csv", kind="sample") as upload:
                upload.write(content)
                return upload.finish()
        except Conflict:
            # Another process may have stored it in the meantime.
            stored = self._same(name, content)
            if stored:
                return stored
            raise

    def get(self, ref: str | Source, *, hidden: bool = False) -> Source:
        """Find a data source by id or name.

        Parameters
        ----------
        hidden
            Whether a deleted source that a run or a batch used is found too, by its id.

        Raises
        ------
        NotFound
            ``data.not_found``, naming what there is.
        """
        key = _key(ref)
        with self._store.database.read() as session:
            row = self._find(session, key, hidden=hidden)
            if row is None:
                raise self._not_found(session, key)
            return Source.of(row)

    def of_run(self, source_id: str) -> Source:
        """Find the data source of an earlier run, for another one.

        Raises
        ------
        Gone
            ``data.file_missing`` when it was deleted, or its file is not there any more.
        """
        source = self.get(source_id, hidden=True)
        if source.is_deleted or not (self._store.settings.files / source.location).is_file():
            raise Gone(
                "data.file_missing",
                f'The data source "{source.name}" of that run is gone.',
                hint="Upload it again, and name it in a new run.",
                source=source.id,
            )
        return source

    def find_content(self, file: str | Path) -> Source | None:
        """Find the live data source that holds exactly a file's bytes, so that it need not be stored twice."""
        with Path(file).open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        query = select(SourceRow).where(*self._live(), SourceRow.sha256 == sha256).order_by(SourceRow.created_at)
        with self._store.database.read() as session:
            row = session.scalars(query).first()
            return None if row is None else Source.of(row)

    def head(self, source: Source, rows: int = 20) -> builtins.list[dict[str, Any]]:
        """Return the first rows as plain data that JSON can hold; a missing value is None."""
        frame = _read(source, self.path(source), nrows=rows)
        columns = [[_plain(value, column) for value in frame[column.name].tolist()] for column in source.columns]
        return [dict(zip(source.column_names, row, strict=True)) for row in zip(*columns, strict=True)]

    def values(self, source: Source, column: str) -> builtins.list[Any]:
        """Return a column's distinct values in their own order, as plain data that JSON can hold; no gaps.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when there is no such column, or it has more than `VALUES_MOST` values.
        """
        found = source.column(column)
        if found is None:
            raise BadRequest(
                "spec.invalid", f"{source.name} has no column '{column}'.", hint=choices(column, source.column_names)
            )
        if found.distinct > VALUES_MOST:
            raise BadRequest(
                "spec.invalid",
                f"'{column}' of {source.name} has {found.distinct:,} values; at most {VALUES_MOST} can be listed.",
            )
        frame = _read(source, self.path(source), usecols=[column])
        return [_plain(value, found) for value in sorted(frame[column].dropna().unique().tolist())]

    def load(self, source: Source) -> pd.DataFrame:
        """Read a data source whole, with a fresh index, as ``pandas.read_csv`` reads its file.

        What is a number and what is text was decided when it was stored, so that every pandas gives the same table.

        Raises
        ------
        Gone
            ``data.file_missing`` when its file is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when its file is not what was stored.
        """
        return _read(source, self.path(source))

    def load_predicted(self, source: Source, path: Path, *, label_is_text: bool) -> pd.DataFrame:
        """Read what was predicted of a data source: its columns by its own kinds, and those that were added.

        Parameters
        ----------
        path
            A file in which only an empty field is a gap, and whose first column beyond the source's is the label.
        label_is_text
            Whether labels are text whatever stands in them.
        """
        import pandas as pd

        labels = pd.read_csv(path, nrows=0).columns[len(source.columns) :][:1] if label_is_text else ()
        written = {"encoding": "utf-8", "sep": ",", "names": None, "keep_default_na": False, "na_values": [""]}
        return _read(source, path, texts=labels, **written)

    def is_here(self, source_id: str) -> bool:
        """Whether a data source's file is in this home, or nowhere to be looked for: it is not known any more."""
        with self._store.database.read() as session:
            location = session.scalar(select(SourceRow.location).where(SourceRow.id == source_id))
        return location is None or (self._store.settings.files / location).is_file()

    def list(self) -> builtins.list[Source]:
        """Return the data sources, newest first."""
        query = select(SourceRow).where(*self._live()).order_by(SourceRow.id.desc())
        with self._store.database.read() as session:
            return [Source.of(row) for row in session.scalars(query)]

    def lines(self) -> builtins.list[SourceLine]:
        """Return what a list shows of the data sources, newest first, without reading their profiles."""
        columns = func.json_array_length(SourceRow.columns)
        query = (
            select(SourceRow.id, SourceRow.name, SourceRow.kind, SourceRow.row_count, columns, SourceRow.size_bytes)
            .where(*self._live())
            .order_by(SourceRow.id.desc())
        )
        with self._store.database.read() as session:
            return [SourceLine(*row) for row in session.execute(query)]

    def delete(self, ref: str | Source) -> None:
        """Delete a data source.

        One that a run or a batch used stays as a hidden row, its file as long as one that needs it is under way.

        Raises
        ------
        NotFound
            ``data.not_found``.
        Conflict
            ``data.in_use`` when a run was submitted on it at the same moment.
        """
        key = _key(ref)
        location = None
        try:
            with self._store.database.write() as session:
                row = self._find(session, key)
                if row is None:
                    raise self._not_found(session, key)
                users = RunRow.source_id, ExperimentRow.source_id, BatchRow.source_id
                if session.scalar(select(or_(*(exists().where(source_id == row.id) for source_id in users)))):
                    row.deleted_at, row.live_name = now(), None
                else:
                    location = row.location
                    session.delete(row)
        except IntegrityError as error:
            raise Conflict("data.in_use", f'A run on "{key}" was submitted just now; delete it again.') from error
        if location:
            (self._store.settings.files / location).unlink(missing_ok=True)
        self._drop_unneeded()

    def _live(self) -> tuple[ColumnElement[bool], ...]:
        return SourceRow.workspace_id == self._store.workspace_id, SourceRow.deleted_at.is_(None)

    def _find(self, session: Session, key: str, *, hidden: bool = False) -> SourceRow | None:
        # The id first: a run finds its table by it, and no name that looks like one may stand in its way.
        found = session.get(SourceRow, key)
        if found is not None and found.workspace_id == self._store.workspace_id:
            return found if hidden or found.deleted_at is None else None
        return session.scalar(select(SourceRow).where(*self._live(), SourceRow.live_name == key))

    def _not_found(self, session: Session, key: str) -> NotFound:
        names = [name for name in session.scalars(select(SourceRow.live_name).where(*self._live())) if name]
        hint = choices(key, names) if names else "There is none yet: upload a file or take a sample."
        return NotFound("data.not_found", f'There is no data source "{key}".', hint=hint, source=key)

    def _same(self, name: str, content: bytes) -> Source | None:
        query = select(SourceRow).where(*self._live(), SourceRow.live_name == name)
        with self._store.database.read() as session:
            row = session.scalar(query)
        same = row is not None and row.sha256 == hashlib.sha256(content).hexdigest()
        return Source.of(row) if row is not None and same else None

    def path(self, source: Source) -> Path:
        """Return where a data source's file lies, its content verified.

        Raises
        ------
        Gone
            ``data.file_missing`` when its file is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when its file is not what was stored.
        """
        path = self._store.settings.files / source.location
        try:
            with path.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise Gone(
                "data.file_missing", f'The file of data source "{source.name}" is gone.', source=source.id
            ) from error
        if sha256 != source.sha256:
            raise EngineFault(
                "artifact.hash_mismatch",
                f'The file of data source "{source.name}" is not what was stored: its SHA-256 is another.',
                hint="Upload it again under a new name.",
                source=source.id,
            )
        return path

    def _drop_unneeded(self) -> None:
        """Remove the files of deleted sources whose runs and batches have all come to an end."""
        by_run = exists().where(
            RunRow.source_id == SourceRow.id, RunRow.status.in_(_UNDER_WAY), RunRow.deleted_at.is_(None)
        )
        by_batch = exists().where(BatchRow.source_id == SourceRow.id, BatchRow.status.in_(_UNDER_WAY))
        query = select(SourceRow.location).where(SourceRow.deleted_at.is_not(None), ~by_run, ~by_batch)
        with self._store.database.read() as session:
            locations = session.scalars(query).all()
        for location in locations:
            (self._store.settings.files / location).unlink(missing_ok=True)


def _key(ref: str | Source) -> str:
    return ids.text(ref.id if isinstance(ref, Source) else ref)


def _read(source: Source, path: Path, *, texts: Iterable[str] = (), **more: Any) -> pd.DataFrame:
    """Read a file by the kinds that its columns have, whatever this pandas would make of them."""
    frame = source.layout.read(path, dtype=dict.fromkeys((*source.texts, *texts), str), **more)
    for column in source.columns:
        # An older pandas takes a number beyond float64, such as 1e400, for text.
        if column.kind == "number" and column.name in frame and frame[column.name].dtype.kind == "O":
            frame[column.name] = frame[column.name].astype("float64")
    return frame


def _plain(value: Any, column: Column) -> Any:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return str(value)
        return int(value) if column.integral else value
    return value
