"""Folders as downloads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

ZIP = "application/zip"


def zip_of(write: Callable[[Path], Any], name: str) -> FileResponse:
    """Have a folder written, and answer with it as a zip archive, which goes when it has been sent.

    Parameters
    ----------
    write
        Writes into a folder that it is given, and that is not there yet.
    name
        What the archive is called, without its ending.
    """
    place = Path(tempfile.mkdtemp(prefix="workbench-"))
    try:
        folder = place / "content"
        write(folder)
        archive = shutil.make_archive(str(place / "archive"), "zip", folder)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    # Nothing of it is needed twice.
    gone = BackgroundTask(shutil.rmtree, place, ignore_errors=True)
    return FileResponse(archive, media_type=ZIP, filename=f"{name}.zip", background=gone)
