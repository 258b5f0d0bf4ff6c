"""Where a table comes from: what every origin gives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.data.formats.reader import Asked, Limits, Reader
from workbench.store.files import sha256_of

Tell = Callable[[int, int | None], None]
"""Called with how much was fetched, and out of how much where that is known; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A table that can be read.

    Attributes
    ----------
    raw
        Its bytes as they came, a file or a folder; None where it comes as rows.
    """

    reader: Reader
    raw: Path | None


class Origin(Protocol):
    """A place that a table comes from.

    Attributes
    ----------
    kind
        ``file``, ``sql``, ``object`` or ``inline``.
    called
        What the user calls it, for messages, and the table's name where none is given.
    """

    @property
    def kind(self) -> str: ...

    @property
    def called(self) -> str: ...

    def told(self) -> dict[str, Any]:
        """Return what `workbench.data.origins.of` rebuilds it from: plain data, and never a secret."""

    def test(self) -> None:
        """Find out quickly whether it can be reached.

        Raises
        ------
        WorkbenchError
            One clear sentence on what is in the way.
        """

    def open(self, limits: Limits, asked: Asked, tell: Tell) -> Opened:
        """Fetch what has to be fetched, and begin to read.

        Parameters
        ----------
        tell
            Called with bytes while they are fetched.

        Raises
        ------
        WorkbenchError
            As for `test`, and whatever its format refuses.
        """

    def stamp(self) -> str | None:
        """Return a cheap sign of what is there now, which is another one after a change; None where there is none."""


def digest(raw: Path) -> tuple[str, int]:
    """Hash the bytes of a table as they came.

    Returns
    -------
    tuple
        SHA-256, of a folder over the names and the hashes of its tables in order of their names; and the bytes.
    """
    if raw.is_file():
        return sha256_of(raw), raw.stat().st_size
    whole, size = hashlib.sha256(), 0
    for path in tables(raw):
        whole.update(f"{path.name}\0{sha256_of(path)}\n".encode(errors="surrogateescape"))
        size += path.stat().st_size
    return whole.hexdigest(), size


def tables(folder: Path) -> list[Path]:
    """Return the files of a folder that are its table's, by name; what programs leave beside them is none of it."""
    return sorted(path for path in folder.iterdir() if not (path.name.startswith((".", "_")) or path.is_dir()))
