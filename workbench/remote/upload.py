"""One upload under way, over HTTP: chunks are sent as they come, and nothing is kept where it fails."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from workbench.data.arrival import source_name
from workbench.data.ingest.job import Tell
from workbench.data.source import Source
from workbench.errors import BadRequest, Conflict

if TYPE_CHECKING:
    from workbench.remote.api import Api

_AHEAD = 4
"""Chunks that may wait to be sent."""
_READ_S = 3600.0
"""How long the API may take to read the table once it has come."""
_LOOK_S = 0.1


class _Aborted(Exception):
    """Ends the request, so that the API drops what came."""


class Upload:
    """Sends a file's bytes in chunks; see `workbench.data.upload.Upload`.

    What the API refuses meanwhile is raised by the next call.

    Parameters
    ----------
    asked
        What the user decided of the table, and which data source it follows.
    key
        By which the API knows the same upload again.
    """

    def __init__(
        self, api: Api, name: str, size_bytes: int | None, *, file: str | None, asked: Mapping[str, Any], key: str
    ) -> None:
        self._name = source_name(name) if asked.get("follows") is None else name
        self.file = file or name
        self.received = 0
        self._api = api
        self._size = size_bytes
        self._key = key
        self._told = {field: _text(value) for field, value in asked.items() if value is not None}
        self._chunks: queue.Queue[bytes | type[_Aborted] | None] = queue.Queue(_AHEAD)
        self._answer: Any = None
        self._error: BaseException | None = None
        self._is_over = False
        self._sender = threading.Thread(target=self._send, name="workbench-upload", daemon=True)
        self._sender.start()

    @property
    def name(self) -> str:
        return self._name

    def write(self, chunk: bytes) -> None:
        """Send the next bytes."""
        self._check_open()
        if self._size is not None and self.received + len(chunk) > self._size:
            self.abort()
            raise self._broken(self.received + len(chunk))
        if chunk:
            self._put(bytes(chunk))
        self.received += len(chunk)

    def finish(self, tell: Tell = lambda *_: None) -> Source:
        """Have what came ingested and registered; of how far that is, `tell` is told the beginning alone."""
        self._check_open()
        if self._size is not None and self.received != self._size:
            self.abort()
            raise self._broken(self.received)
        try:
            tell("reading", 0, None)
        except BaseException:
            self.abort()
            raise
        self._put(None)
        self._sender.join()
        self._is_over = True
        if self._error is not None:
            raise self._error
        return self._api.of(Source, self._answer)

    def abort(self) -> None:
        """Break the upload off. Does nothing once finished or aborted."""
        if not self._is_over:
            self._is_over = True
            while self._sender.is_alive():
                try:
                    self._chunks.put(_Aborted, timeout=_LOOK_S)
                except queue.Full:
                    continue
                self._sender.join(_LOOK_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _put(self, chunk: bytes | None) -> None:
        """Hand a chunk over to the sender, unless it has ended: the API has answered already then."""
        while self._sender.is_alive():
            try:
                self._chunks.put(chunk, timeout=_LOOK_S)
            except queue.Full:
                continue
            return
        if chunk is not None:
            self._is_over = True
            raise self._error or self._broken(self.received)

    def _send(self) -> None:
        length = {} if self._size is None else {"Content-Length": str(self._size)}
        try:
            self._answer = self._api.send(
                "data-sources",
                "upload",
                content=self._stream(),
                headers={"Idempotency-Key": self._key, **length},
                read_s=_READ_S,
                name=self._name,
                file=self.file,
                **self._told,
            )
        except _Aborted:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the upload is carried on
            self._error = error

    def _stream(self) -> Iterator[bytes]:
        while (chunk := self._chunks.get()) is not None:
            if not isinstance(chunk, bytes):
                raise chunk
            yield chunk

    def _check_open(self) -> None:
        if self._is_over:
            raise Conflict("data.upload_broken", f"The upload of {self.file} is over already.")

    def _broken(self, came: int) -> BadRequest:
        of = "" if self._size is None else f" of {self._size:,}"
        return BadRequest("data.upload_broken", f"The upload of {self.file} broke off: {came:,}{of} bytes came.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
