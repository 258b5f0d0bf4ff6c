"""The folder that an export is written into: free before, whole afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.errors import BadRequest, Conflict


def named(folder: str | Path) -> Path:
    """Return the folder that a user names, absolute."""
    return Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 - what a link names is not to be replaced


def check_free(folder: Path) -> None:
    """Refuse a folder in which something would be lost.

    Raises
    ------
    BadRequest, Conflict
        ``export.failed``
    """
    if folder.exists() and not folder.is_dir():
        raise BadRequest("export.failed", f"{folder} is a file.", hint="Name a folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise Conflict("export.failed", f"{folder} holds something already.", hint="Name a new folder, or empty it.")


def fill(folder: Path, write: Callable[[Path], None]) -> None:
    """Have a folder filled beside its place, and put it there once it is whole.

    Raises
    ------
    BadRequest
        ``export.failed`` when nothing can be written there; nothing is left of it then.
    """
    try:
        _fill(folder, write)
    except OSError as error:
        raise BadRequest(
            "export.failed",
            f"Nothing can be written into {folder}: {error.strerror or error}.",
            hint="Name another folder.",
        ) from error


def _fill(folder: Path, write: Callable[[Path], None]) -> None:
    beside = next(parent for parent in folder.parents if parent.is_dir())
    partial = beside / f".{folder.name[:100]}.{secrets.token_hex(4)}.partial"
    try:
        partial.mkdir()
        write(partial)
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
