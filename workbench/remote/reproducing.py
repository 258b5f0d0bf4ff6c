"""A run's reproduction, fetched and put together again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import BadGateway
from workbench.remote import packed
from workbench.run import table_of
from workbench.runs.reproduce.reproduction import REQUIREMENTS, Reproduction

if TYPE_CHECKING:
    from workbench.data.source import Source
    from workbench.remote.api import Api


def fetched(api: Api, run_id: str, source: Source, table: Path | None) -> Reproduction:
    """Fetch what reproduces a run.

    Parameters
    ----------
    source, table
        The data source of the run, and where its table was put.
    """
    with tempfile.TemporaryDirectory(dir=api.folder) as folder:
        archive, into = Path(folder, "packed.zip"), Path(folder, "whole")
        api.download(archive, "runs", run_id, "reproduction")
        into.mkdir()
        packed.unpack(archive, into, api.host)
        notebooks = list(into.glob("*.ipynb"))
        if len(notebooks) != 1 or not (into / REQUIREMENTS).is_file():
            raise BadGateway("remote.not_understood", f"{api.host} sends a reproduction that lacks a part.")
        return Reproduction(
            name=notebooks[0].stem,
            notebook=notebooks[0].read_text(encoding="utf-8"),
            environment=(into / REQUIREMENTS).read_text(encoding="utf-8"),
            table=table_of(source, table),
        )
