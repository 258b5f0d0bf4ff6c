"""Where an upload's bytes come from: a path or an open file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from workbench.errors import BadRequest

CHUNK_BYTES = 1024 * 1024


@contextmanager
def opened(file: str | Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """Open what the user handed over; give the stream and what it is called, which is nothing for some streams.

    Raises
    ------
    BadRequest
        ``data.file_missing`` when there is no such file, or it may not be read.
    """
    if not isinstance(file, str | Path):
        called = getattr(file, "name", "")
        yield file, called if isinstance(called, str) else ""
        return
    path = Path(file).expanduser()
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise BadRequest("data.file_missing", f"There is no file {file}.") from error
    except OSError as error:
        raise BadRequest("data.file_missing", f"{file} cannot be read: {error.strerror}.") from error
    with stream:
        yield stream, path.name


def chunks(stream: BinaryIO, called: str) -> Iterator[bytes]:
    """Read a stream a chunk at a time.

    Raises
    ------
    BadRequest
        ``data.upload_broken`` when the stream breaks off, or gives text.
    """
    while True:
        try:
            # Nothing keeps a caller from handing over a file that is open as text.
            chunk: bytes | str = stream.read(CHUNK_BYTES)
        except OSError as error:
            reason = error.strerror or error
            raise BadRequest("data.upload_broken", f"The upload of {called} broke off: {reason}.") from error
        if isinstance(chunk, str):
            raise BadRequest("data.upload_broken", f"{called} is open as text; open it in binary mode, as in 'rb'.")
        if not chunk:
            return
        yield chunk
