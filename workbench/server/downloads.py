"""Files as answers, whole: a part of one is not given (RFC 9110, 14.2 leaves that to the server)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi.responses import StreamingResponse

ZIP = "application/zip"
_PIECE = 1 << 20
"""How much is read at a time, in bytes."""


def named(name: str) -> dict[str, str]:
    """Return the header that tells what a file is called (RFC 6266)."""
    return {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}


def file_of(path: Path, media_type: str, name: str) -> StreamingResponse:
    """Answer with a file.

    Parameters
    ----------
    name
        What it is called.
    """
    return _sent(path.open("rb"), media_type, name)


def zip_of(write: Callable[[Path], Any], name: str) -> StreamingResponse:
    """Have a folder written, and answer with it as a zip archive.

    Parameters
    ----------
    write
        Writes into a folder that it is given, and that is not there yet.
    name
        What the archive is called, without its ending.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / "content"
        write(folder)
        archive = Path(shutil.make_archive(str(Path(place) / "archive"), "zip", folder))
        # Open, it outlives its name, and goes with the answer, whatever becomes of that.
        return file_of(archive, ZIP, f"{name}.zip")


def _sent(file: BinaryIO, media_type: str, name: str) -> StreamingResponse:
    length = {"Content-Length": str(os.fstat(file.fileno()).st_size)}
    return StreamingResponse(_pieces(file), media_type=media_type, headers=named(name) | length)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
