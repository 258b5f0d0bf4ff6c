"""A table on its way in: a folder of its own while it comes, a row and its files at once when it is there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.data.formats.reader import Asked, Limits
from workbench.data.ingest.job import TABLE, Ingested
from workbench.data.source import Source
from workbench.errors import BadRequest, Conflict, EngineFault
from workbench.store import audit
from workbench.store.store import Store
from workbench.store.tables import SourceRow, new_id

PARTIAL = ".partial"
_LOCK = "lock"
_LONGEST_NAME = 100
_TABLE_ENDINGS = (
    ".csv", ".tsv", ".tab", ".txt", ".parquet", ".feather", ".arrow", ".jsonl", ".ndjson", ".json", ".xlsx", ".xlsm",
    ".xls", ".ods",
)  # fmt: skip
_PACKED_ENDINGS = (".gz", ".zip", ".bz2", ".xz", ".zst")


class Arrival:
    """A table that is coming in. Use it as a context manager: what is not registered leaves nothing behind.

    Parameters
    ----------
    name
        Name of the data source to be.
    called
        What the user calls what comes, for messages.
    follows
        The version that it follows; None for a new data source.

    Raises
    ------
    BadRequest
        ``data.name_invalid``
    Conflict
        ``data.name_taken``
    EngineFault
        ``data.upload_broken`` when nothing can be written.
    """

    def __init__(self, store: Store, name: str, called: str, *, follows: Source | None = None) -> None:
        self.name = follows.name if follows else source_name(name)
        self.called = called
        self._store = store
        self._follows = follows
        self._id = new_id()
        if follows is None:
            self._check_name()
        files = store.settings.files
        try:
            files.mkdir(parents=True, exist_ok=True)
            sweep(store)
            self.folder = files / f"{self._id}{PARTIAL}"
            self._lock = _locked(self.folder)
        except OSError as error:
            raise self.not_stored(error) from error

    @property
    def raw(self) -> Path:
        """Where the bytes are put as they come."""
        return self.folder / "raw"

    def limits(self) -> Limits:
        settings = self._store.settings
        return Limits(self.folder, columns=settings.column_limit, sent_bytes=settings.upload_limit)

    def register(
        self,
        table: Ingested,
        *,
        kind: str,
        asked: Asked,
        origin: Mapping[str, Any] | None = None,
        action: str = "added",
    ) -> Source:
        """Make a data source of what came: its row and its files become visible at once.

        Parameters
        ----------
        origin
            Where it can be read from again; None where its bytes are kept instead.
        action
            What was done, for the audit log: ``added``, ``uploaded``, ``refreshed`` or ``retyped``.

        Raises
        ------
        Conflict
            ``data.name_taken`` when another one of the name was faster, ``data.version_taken`` when another version
            was.
        """
        before = self._follows
        raw = _raw_of(self._id) if origin is None and self.raw.is_file() else None
        row = SourceRow(
            id=self._id,
            workspace_id=self._store.workspace_id,
            name=self.name,
            live_name=self.name,
            version=1,
            family_id=before.family_id if before else None,
            kind=kind,
            origin=dict(origin or {}),
            location=table_of(self._id),
            table_sha256=table.table_sha256,
            raw=raw,
            sha256=read_so(table.sha256, asked),
            size_bytes=table.size_bytes,
            row_count=table.row_count,
            format=table.format | ({"options": dict(asked.options)} if asked.options else {}),
            columns=[column.as_dict() for column in table.columns],
            notices=list(table.notices),
            head=table.head,
        )
        files = self._store.settings.files
        placed = [(self.folder / TABLE, files / row.location)] + ([(self.raw, files / raw)] if raw else [])
        try:
            with self._store.database.write() as session:
                if before is not None:
                    self._supersede(session, before)
                    row.version = self._next_version(session, before)
                session.add(row)
                session.flush()
                # Within the transaction: a row that others can see always has its files.
                for come, final in placed:
                    come.replace(final)
                self._tell(session, row, action)
        except BaseException as error:
            for _, final in placed:
                final.unlink(missing_ok=True)
            if isinstance(error, IntegrityError):
                raise self._taken() from error
            raise
        self.abort()
        return Source.of(row).shown_to(self._store.actor)

    def abort(self) -> None:
        """Drop what came, but for what was registered."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    def not_stored(self, error: OSError) -> EngineFault:
        """Say that the disk refused."""
        return EngineFault("data.upload_broken", f"{self.called} could not be stored: {error.strerror or error}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _supersede(self, session: Session, before: Source) -> None:
        current = SourceRow.id == before.id, SourceRow.live_name.is_not(None), SourceRow.deleted_at.is_(None)
        done = session.execute(update(SourceRow).where(*current).values(live_name=None))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict(
                "data.version_taken",
                f'"{self.name}" has changed in the meantime.',
                hint="Look at its newest version, and try again.",
            )

    def _next_version(self, session: Session, before: Source) -> int:
        # Also of those that were deleted and kept for a run: no two are to be told by one number.
        newest = session.scalar(select(func.max(SourceRow.version)).where(*of_family(self._store, before)))
        return (newest or before.version) + 1

    def _tell(self, session: Session, row: SourceRow, action: str) -> None:
        audit.record(
            session,
            by=self._store.user,
            action=f"data.{action}",
            subject="source",
            subject_id=row.id,
            message=f'{action} "{row.name}", version {row.version}: {row.row_count:,} rows',
            details={"name": row.name, "version": row.version, "kind": row.kind, "sha256": row.sha256},
        )

    def _check_name(self) -> None:
        with self._store.database.read() as session:
            if session.scalar(select(SourceRow.id).where(*_named(self._store, self.name))):
                raise self._taken()

    def _taken(self) -> Conflict:
        return Conflict(
            "data.name_taken",
            f'There is a data source named "{self.name}" already.',
            hint="Choose another name, or delete it first.",
            name=self.name,
        )


def source_name(name: str) -> str:
    """Turn a file's name, or a name that the user chose, into a data source's name.

    >>> source_name("juice.csv.gz")
    'juice'
    """
    name = str(name).strip()
    for endings in (_PACKED_ENDINGS, _TABLE_ENDINGS):
        for ending in endings:
            if name.lower().endswith(ending):
                name = name[: -len(ending)].rstrip()
                break
    # Cc are control characters; Cs are bytes of a file name that are no text.
    is_clean = not any(letter in "/\\" or unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    if not (is_clean and 1 <= len(name) <= _LONGEST_NAME):
        raise BadRequest(
            "data.name_invalid",
            f"A data source's name has 1 to {_LONGEST_NAME} characters, without slashes or control characters; "
            f"{name[:_LONGEST_NAME]!r} does not fit.",
        )
    return name


def read_so(sha256: str, asked: Asked) -> str:
    """Return the hash of what came; together with how it was read where the user decided on that."""
    if not asked.kinds and not asked.options:
        return sha256
    decided = json.dumps([sha256, dict(asked.kinds), dict(asked.options)], sort_keys=True)
    return hashlib.sha256(decided.encode()).hexdigest()


def of_family(store: Store, source: Source) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the rows of all versions of a data source, those that were deleted among them."""
    family = or_(SourceRow.id == source.family_id, SourceRow.family_id == source.family_id)
    return SourceRow.workspace_id == store.workspace_id, family


def _named(store: Store, name: str) -> tuple[ColumnElement[bool], ...]:
    return SourceRow.workspace_id == store.workspace_id, SourceRow.live_name == name


def _locked(folder: Path) -> BinaryIO:
    """Make a folder that no `sweep` takes for an abandoned one, as long as what is returned is open."""
    while True:
        folder.mkdir(exist_ok=True)
        try:
            stream = (folder / _LOCK).open("xb")
        except (FileNotFoundError, FileExistsError):
            continue  # Swept between making and locking.
        fcntl.flock(stream, fcntl.LOCK_EX)
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        stream.close()


@contextmanager
def workplace(files: Path) -> Iterator[Path]:
    """Give a folder that goes again, at the next `sweep` where this process is killed."""
    folder = files / f"{new_id()}{PARTIAL}"
    lock = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def table_of(source_id: str) -> str:
    """Return the name of the file that holds a data source's table."""
    return f"{source_id}.parquet"


def _raw_of(source_id: str) -> str:
    return f"{source_id}.raw"


def sweep(store: Store) -> None:
    """Remove what arrivals left whose process was killed."""
    for folder in store.settings.files.glob(f"*{PARTIAL}"):
        try:
            with (folder / _LOCK).open("rb") as stream:
                # Whoever still writes holds the lock, and loses it however the process ends.
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Without a name it was swept already, and another arrival may have begun at its place.
                if os.fstat(stream.fileno()).st_nlink:
                    _remove_placed(store, folder.name.removesuffix(PARTIAL))
                    shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            _remove_empty(folder)
        except (BlockingIOError, NotADirectoryError):
            continue


def _remove_placed(store: Store, source_id: str) -> None:
    """Remove the files that an arrival had put in their places, unless its row came too."""
    files = [store.settings.files / name for name in (table_of(source_id), _raw_of(source_id))]
    placed = [path for path in files if path.exists()]
    if not placed:
        return
    with store.database.read() as session:
        is_registered = session.get(SourceRow, source_id) is not None
    if not is_registered:
        for path in placed:
            path.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Remove a folder of which the lock is not there: not made yet, or swept just now."""
    try:
        folder.rmdir()
    except OSError:
        return
