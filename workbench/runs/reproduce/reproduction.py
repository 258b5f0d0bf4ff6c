"""What a reproduction is made of, and how it is written into a folder."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BadRequest, Conflict

REQUIREMENTS = "requirements.txt"
_STEM_BYTES = 200


@dataclass(frozen=True, slots=True)
class Table:
    """The Parquet file that a run learned from.

    Attributes
    ----------
    name
        What the file is called beside the notebook.
    texts
        Columns of text.
    truths
        Columns of true and false without a gap.
    path
        Where it lies; None where it is not there any more.
    """

    name: str
    sha256: str
    rows: int
    texts: Sequence[str]
    truths: Sequence[str]
    path: Path | None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A run to be done again with PyCaret alone.

    Attributes
    ----------
    name
        Name for files: data source, plan and the end of the run's id.
    notebook
        A Jupyter notebook, nbformat 4.5, as JSON text.
    environment
        What to install, in the format of ``pip install -r``.
    table
        The data.
    """

    name: str
    notebook: str
    environment: str
    table: Table

    def save(self, folder: str | Path) -> Path:
        """Write notebook, environment and data into a folder and return the notebook's path.

        What is there already with the same content stays.

        Raises
        ------
        Conflict
            ``run.file_exists`` when the folder has a file of such a name with other content.
        BadRequest
            ``run.not_written`` when the folder is none, or takes no files. In either case it is left as it was.
        """
        into = Path(folder)
        made: list[Path] = []
        try:
            return self._write(into, made)
        except (OSError, ValueError) as error:
            _take_back(made)
            why = getattr(error, "strerror", None) or str(error)
            raise BadRequest(
                "run.not_written", f"Nothing can be written into {into}: {why}.", hint="Name another folder."
            ) from error

    def _write(self, into: Path, made: list[Path]) -> Path:
        """Write what is not there yet, and add to `made` whatever that makes."""
        notebook, data = into / f"{self.name}.ipynb", into / self.table.name
        contents = {notebook: self.notebook.encode(), into / REQUIREMENTS: self.environment.encode()}
        for path, content in contents.items():
            if path.exists() and path.read_bytes() != content:
                raise _taken(path)
        if self.table.path and data.exists() and not filecmp.cmp(self.table.path, data, shallow=False):
            raise _taken(data)
        missing = [folder for folder in (into, *into.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.append(folder)
        for path, content in contents.items():
            if not path.exists():
                made.append(path)
                path.write_bytes(content)
        if self.table.path and not data.exists():
            made.append(data)
            shutil.copyfile(self.table.path, data)
        return notebook


def _take_back(made: Sequence[Path]) -> None:
    """Remove what was written of a reproduction that could not be written whole."""
    for path in reversed(made):
        with suppress(OSError):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()


def stem(name: str) -> str:
    """Shorten a data source's name to what a file's name holds beside an ending and a run's id."""
    return name.encode()[:_STEM_BYTES].decode(errors="ignore")


def _taken(path: Path) -> Conflict:
    return Conflict(
        "run.file_exists", f"{path} is there already and holds something else.", hint="Name another folder."
    )
