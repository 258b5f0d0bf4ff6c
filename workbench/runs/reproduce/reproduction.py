"""What a reproduction is made of, and how it is written into a folder."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import Conflict

REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Table:
    """The file that a run learned from.

    Attributes
    ----------
    name
        What the file is called beside the notebook.
    reading
        Arguments for ``pandas.read_csv``.
    texts
        Columns that are read as text whatever stands in them.
    truths
        Columns of true and false without a gap.
    path
        Where it lies; None where it is not there any more.
    """

    name: str
    sha256: str
    rows: int
    reading: Mapping[str, Any]
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
            ``run.file_exists`` when the folder has a file of such a name with other content; nothing is written then.
        """
        into = Path(folder)
        notebook = into / f"{self.name}.ipynb"
        texts = {notebook: self.notebook, into / REQUIREMENTS: self.environment}
        data = into / self.table.name
        for path, text in texts.items():
            if path.exists() and path.read_bytes() != text.encode():
                raise _taken(path)
        if self.table.path and data.exists() and not filecmp.cmp(self.table.path, data, shallow=False):
            raise _taken(data)
        into.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_bytes(text.encode())
        if self.table.path and not data.exists():
            shutil.copyfile(self.table.path, data)
        return notebook


def _taken(path: Path) -> Conflict:
    return Conflict(
        "run.file_exists", f"{path} is there already and holds something else.", hint="Name another folder."
    )
