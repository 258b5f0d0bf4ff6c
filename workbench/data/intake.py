"""Where an upload's bytes come from: a path or an open file."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

from workbench.data.source import Source
from workbench.errors import BadRequest

CHUNK_BYTES = 1024 * 1024
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_OTHER = "a device"


class Taker(Protocol):
    """Takes a file's bytes in chunks, as `workbench.data.upload.Upload` does."""

    file: str

    def write(self, chunk: bytes) -> None: ...

    def finish(self) -> Source: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def carried(
    begin: Callable[..., Taker],
    file: str | Path | BinaryIO,
    name: str | None,
    *,
    follows: str | Source | None,
    **asked: Any,
) -> Source:
    """Carry a file's bytes over to an upload, and return the data source that they make.

    Parameters
    ----------
    begin
        `workbench.data.sources.Sources.begin_upload`, or what takes the same.
    **asked
        What else it takes.

    Raises
    ------
    BadRequest
        ``data.name_invalid`` when nothing tells the name; as `opened` and `chunks` do.
    """
    with opened(file) as (stream, called):
        if not (name or called or follows):
            raise BadRequest("data.name_invalid", "A data source needs a name, and this file has none.")
        file_name = Path(called).name
        with begin(name or file_name, file=file_name or None, follows=follows, **asked) as upload:
            for chunk in chunks(stream, upload.file):
                upload.write(chunk)
            return upload.finish()


@contextmanager
def opened(file: str | Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """Open what the user handed over; give the stream and what it is called, which is nothing for some streams.

    Raises
    ------
    BadRequest
        ``data.file_missing`` when there is no such file, it may not be read, or is none that ends.
    """
    if not isinstance(file, str | Path):
        called = getattr(file, "name", "")
        yield file, called if isinstance(called, str) else ""
        return
    with readable(Path(file).expanduser(), str(file)) as stream:
        yield stream, Path(file).name


def readable(path: Path, called: str) -> BinaryIO:
    """Open a file of which the bytes lie on a disk: to open or to read anything else may never end.

    Raises
    ------
    BadRequest
        ``data.file_missing``, saying why it cannot be read.
    """
    try:
        kind = path.stat().st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise BadRequest(
                "data.file_missing",
                f"{called} cannot be read: it is {_KINDS.get(stat.S_IFMT(kind), _OTHER)}, not a file.",
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise BadRequest("data.file_missing", f"There is no file {called}.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadRequest("data.file_missing", f"{called} cannot be read: {reason}.") from error


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
