"""``workbench run reproduce``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.cli.run import Json, Reference
from workbench.runs.reproduce.reproduction import REQUIREMENTS


def reproduce(
    run: Reference,
    to: Annotated[
        Path | None, typer.Option(help="Folder to write into; default: a new one here, named for it.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a run as a notebook of plain PyCaret calls, with its environment and its data."""
    made = connect().runs.get(run).reproduce()
    notebook = made.save(to or Path(made.name))
    folder = notebook.parent
    if json:
        data = str(folder / made.table.name) if made.table.path else None
        render.document({"notebook": str(notebook), "environment": str(folder / REQUIREMENTS), "data": data})
    else:
        render.console.print(str(notebook), markup=False, soft_wrap=True)
