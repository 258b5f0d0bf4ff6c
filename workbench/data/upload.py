"""One upload under way: bytes in, a data source out, and nothing left behind where it fails."""

from __future__ import annotations

import fcntl
import hashlib
import os
import unicodedata
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from workbench.data.parse import Parsed, parse
from workbench.data.source import Source
from workbench.errors import BadRequest, Conflict, EngineFault, TooLarge
from workbench.store.store import Store
from workbench.store.tables import SourceRow, new_id

PARTIAL = ".partial"
_LONGEST_NAME = 100
_TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".txt")


class _State(Enum):
    OPEN = "open"
    FINISHED = "finished"
    ABORTED = "aborted"


class Upload:
    """Takes a file's bytes in chunks, hashing them as they come.

    Use it as a context manager: leaving it without `finish` aborts.

    Parameters
    ----------
    name
        Name of the data source to be; the ending of a text file's name is dropped.
    size_bytes
        How many bytes will come, where that is known.
    file
        What the user calls the file, for messages; `name` where None.
    kind
        ``upload`` or ``sample``.

    Raises
    ------
    BadRequest
        ``data.name_invalid``.
    Conflict
        ``data.name_taken``.
    TooLarge
        ``data.too_large``, here where `size_bytes` tells, else as soon as a chunk goes over the limit.
    """

    def __init__(
        self, store: Store, name: str, size_bytes: int | None = None, *, file: str | None = None, kind: str = "upload"
    ) -> None:
        self.name = source_name(name)
        self.file = file or name
        self.received = 0
        self._store = store
        self._size = size_bytes
        self._kind = kind
        self._id = new_id()
        self._digest = hashlib.sha256()
        self._check_size(size_bytes or 0)
        self._check_name()
        folder = store.settings.files
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            self._partial = folder / f"{self._id}{PARTIAL}"
            self._stream = _locked(self._partial)
        except OSError as error:
            raise self._not_stored(error) from error
        self._state = _State.OPEN

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._check_open()
        try:
            self._check_size(self.received + len(chunk))
            self._stream.write(chunk)
        except OSError as error:
            self.abort()
            raise self._not_stored(error) from error
        except BaseException:
            self.abort()
            raise
        self._digest.update(chunk)
        self.received += len(chunk)

    def finish(self) -> Source:
        """Parse and register what came.

        Raises
        ------
        BadRequest
            Whatever `workbench.data.parse.parse` refuses, or ``data.upload_broken`` when bytes are lacking.
        Conflict
            ``data.name_taken`` when another upload of the same name was faster.
        """
        self._check_open()
        try:
            self._stream.close()
            self._check_complete()
            parsed = parse(self._partial, self.file, self._store.settings.column_limit)
            source = self._register(parsed)
        except OSError as error:
            self.abort()
            raise self._not_stored(error) from error
        except BaseException:
            self.abort()
            raise
        self._state = _State.FINISHED
        return source

    def abort(self) -> None:
        """Drop what came. Does nothing once finished or aborted."""
        if self._state is _State.OPEN:
            self._state = _State.ABORTED
            self._partial.unlink(missing_ok=True)
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _register(self, parsed: Parsed) -> Source:
        row = SourceRow(
            id=self._id,
            workspace_id=self._store.workspace_id,
            name=self.name,
            live_name=self.name,
            kind=self._kind,
            location=f"{self._id}.csv",
            sha256=self._digest.hexdigest(),
            size_bytes=self.received,
            row_count=parsed.row_count,
            format=parsed.layout.as_dict(),
            columns=[column.as_dict() for column in parsed.columns],
            notices=list(parsed.notices),
        )
        final = self._store.settings.files / row.location
        try:
            with self._store.database.write() as session:
                session.add(row)
                session.flush()
                # Within the transaction: a row that others can see always has its file.
                self._partial.replace(final)
        except BaseException as error:
            final.unlink(missing_ok=True)
            if isinstance(error, IntegrityError):
                raise self._taken() from error
            raise
        return Source.of(row)

    def _check_open(self) -> None:
        if self._state is not _State.OPEN:
            raise Conflict("data.upload_broken", f"The upload of {self.file} is {self._state.value} already.")

    def _check_complete(self) -> None:
        if self._size is not None and self._size != self.received:
            raise BadRequest(
                "data.upload_broken",
                f"The upload of {self.file} broke off: {self.received:,} of {self._size:,} bytes came.",
            )

    def _check_size(self, size: int) -> None:
        limit = self._store.settings.upload_limit
        if size > limit:
            raise TooLarge(
                "data.too_large", f"{self.file} is larger than the limit of {_bytes(limit)} (WORKBENCH_UPLOAD_LIMIT)."
            )

    def _check_name(self) -> None:
        taken = select(SourceRow.id).where(
            SourceRow.workspace_id == self._store.workspace_id, SourceRow.live_name == self.name
        )
        with self._store.database.read() as session:
            if session.scalar(taken):
                raise self._taken()

    def _taken(self) -> Conflict:
        return Conflict(
            "data.name_taken",
            f'There is a data source named "{self.name}" already.',
            hint="Choose another name, or delete it first.",
            name=self.name,
        )

    def _not_stored(self, error: OSError) -> EngineFault:
        return EngineFault("data.upload_broken", f"{self.file} could not be stored: {error.strerror or error}.")


def source_name(name: str) -> str:
    """Turn a file's name, or a name that the user chose, into a data source's name.

    >>> source_name("juice.csv")
    'juice'
    """
    name = str(name).strip()
    for ending in _TABLE_ENDINGS:
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


def _locked(partial: Path) -> BinaryIO:
    """Open a new file that no `sweep` takes for an abandoned one."""
    while True:
        stream = partial.open("xb")
        fcntl.flock(stream, fcntl.LOCK_EX)
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        stream.close()  # Swept between opening and locking.


def sweep(folder: Path) -> None:
    """Remove what uploads left whose process was killed."""
    for partial in folder.glob(f"*{PARTIAL}"):
        try:
            with partial.open("rb") as stream:
                # Whoever still writes it holds the lock, and loses it however the process ends.
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Without a name it was swept already, and another upload may have begun at its place.
                if os.fstat(stream.fileno()).st_nlink:
                    partial.unlink(missing_ok=True)
        except (FileNotFoundError, BlockingIOError):
            continue  # Another upload swept it first, or is under way.


def _bytes(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.4g} {unit}"
        size /= 1024
    return f"{size:,.4g} GiB"
