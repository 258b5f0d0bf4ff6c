"""A table in a file, or in the files of a folder, of this machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.formats.reader import Asked, Limits
from workbench.data.intake import readable
from workbench.data.origins.origin import Opened, Tell, tables
from workbench.errors import BadRequest


@dataclass(frozen=True, slots=True)
class File:
    """A file, or a folder of files with the same columns.

    Parameters
    ----------
    path
        Absolute.
    """

    path: Path
    kind = "file"

    @property
    def called(self) -> str:
        return self.path.name

    def told(self) -> dict[str, Any]:
        return {"kind": self.kind, "path": str(self.path)}

    def test(self) -> None:
        """Look whether it is there and may be read.

        Raises
        ------
        BadRequest
            ``data.file_missing``; ``data.empty`` for a folder without files, ``data.not_a_table`` for one with folders.
        """
        try:
            files = self._files()
        except OSError as error:
            raise BadRequest("data.file_missing", f"{self.path} cannot be read: {error.strerror}.") from error
        for path in files:
            readable(path, str(path)).close()

    def open(self, limits: Limits, asked: Asked, tell: Tell) -> Opened:
        """Begin to read it where it lies.

        Raises
        ------
        BadRequest
            As for `test`, and whatever its format refuses.
        """
        from workbench.data.formats.recognise import open_file

        self.test()
        size = sum(path.stat().st_size for path in self._files())
        tell(size, size)
        if self.path.is_dir():
            from workbench.data.formats.folder import FolderReader

            return Opened(FolderReader(self._files(), self.called, limits, asked), self.path)
        return Opened(open_file(self.path, self.called, limits, asked), self.path)

    def stamp(self) -> str | None:
        """Return a hash over names, sizes and times of the last change."""
        try:
            told = [(path.name, about.st_size, about.st_mtime_ns) for path in self._files() if (about := path.stat())]
        except (OSError, BadRequest):
            return None
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def _files(self) -> list[Path]:
        if not self.path.is_dir():
            return [self.path]
        folders = sorted(path.name for path in self.path.iterdir() if path.is_dir() and path.name[0] not in "._")
        if folders:
            raise BadRequest(
                "data.not_a_table",
                f"{self.path} holds another folder, {folders[0]}; a table's files lie directly in one folder.",
            )
        files = tables(self.path)
        if not files:
            raise BadRequest("data.empty", f"The folder {self.path} holds no file.")
        return files
