"""Files of a home."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, read in bounded memory."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
