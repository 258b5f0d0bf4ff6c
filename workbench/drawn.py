"""What is drawn at random once and kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def once(path: Path, draw: Callable[[], str]) -> str:
    """Return what a file holds, drawn first where there is none: whoever comes at the same time gets the same.

    A reader finds all of it or no file: half a secret would be a worse one, and an empty one none.
    """
    with suppress(FileNotFoundError):
        return path.read_text()
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(draw())
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink()
    return path.read_text()
