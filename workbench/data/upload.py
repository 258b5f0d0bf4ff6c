"""One upload under way: bytes in, a data source out, and nothing left behind where it fails."""

from __future__ import annotations

import hashlib
from enum import Enum
from types import TracebackType
from typing import Self

from workbench.access.permissions import Permission
from workbench.data.arrival import Arrival
from workbench.data.formats.reader import Asked
from workbench.data.ingest.child import ingest
from workbench.data.ingest.job import Job, Tell
from workbench.data.source import Source
from workbench.errors import BadRequest, Conflict, TooLarge
from workbench.plain import byte_size
from workbench.store.needs import telling
from workbench.store.store import Store


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
        Name of the data source to be; the ending of a table's file name is dropped.
    size_bytes
        How many bytes will come, where that is known.
    file
        What the user calls the file, for messages; `name` where None.
    kind
        ``upload`` or ``sample``.
    asked
        What the user decided of the table.
    action
        As of `Arrival.register`.

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
        self,
        store: Store,
        name: str,
        size_bytes: int | None = None,
        *,
        file: str | None = None,
        kind: str = "upload",
        asked: Asked | None = None,
        follows: Source | None = None,
        action: str = "uploaded",
    ) -> None:
        self.file = file or name
        self.received = 0
        self._limit = store.settings.upload_limit
        self._size = size_bytes
        self._kind = kind
        self._asked = asked or Asked()
        self._action = action
        self._store = store
        self._digest = hashlib.sha256()
        self._check_size(size_bytes or 0)
        self._arrival = Arrival(store, name, self.file, follows=follows)
        try:
            self._stream = self._arrival.raw.open("xb")
        except OSError as error:
            self._arrival.abort()
            raise self._arrival.not_stored(error) from error
        self._state = _State.OPEN

    @property
    def name(self) -> str:
        return self._arrival.name

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._check_open()
        try:
            self._check_size(self.received + len(chunk))
            self._stream.write(chunk)
        except OSError as error:
            self.abort()
            raise self._arrival.not_stored(error) from error
        except BaseException:
            self.abort()
            raise
        self._digest.update(chunk)
        self.received += len(chunk)

    def finish(self, tell: Tell = lambda *_: None) -> Source:
        """Ingest and register what came.

        Parameters
        ----------
        tell
            Called as it goes on; see `workbench.data.ingest.job.Tell`. What it raises ends the upload.

        Raises
        ------
        BadRequest
            Whatever the file's format refuses, or ``data.upload_broken`` when bytes are lacking.
        Conflict
            ``data.name_taken`` when another upload of the same name was faster.
        """
        self._check_open()
        with telling(self._store, Permission.DATA_WRITE, "Upload.finish"):
            return self._finish(tell)

    def _finish(self, tell: Tell) -> Source:
        arrival = self._arrival
        try:
            self._stream.close()
            self._check_complete()
            sha256 = self._digest.hexdigest()
            table = ingest(Job(self.file, arrival.limits(), self._asked, raw=arrival.raw, sha256=sha256), tell)
            source = arrival.register(table, kind=self._kind, asked=self._asked, action=self._action)
        except OSError as error:
            self.abort()
            raise arrival.not_stored(error) from error
        except BaseException:
            self.abort()
            raise
        self._state = _State.FINISHED
        return source

    def abort(self) -> None:
        """Drop what came. Does nothing once finished or aborted."""
        if self._state is _State.OPEN:
            self._state = _State.ABORTED
            self._stream.close()
            self._arrival.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

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
        if size > self._limit:
            raise TooLarge(
                "data.too_large",
                f"{self.file} is larger than the limit of {byte_size(self._limit)} (WORKBENCH_UPLOAD_LIMIT).",
            )
