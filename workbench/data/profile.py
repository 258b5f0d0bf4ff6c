"""Rows and columns of a table, counted by the parser that runs will use, a chunk at a time."""

from __future__ import annotations

from pathlib import Path

from workbench.data.layout import Layout
from workbench.data.source import Column
from workbench.data.tally import Tally

_CHUNK_CELLS = 5_000_000
_CHUNK_ROWS = 50_000
_FEWEST_CHUNK_ROWS = 2_000


def profile(path: Path, layout: Layout, *, chunk_rows: int | None = None) -> tuple[int, tuple[Column, ...]]:
    """Count rows and profile columns.

    Parameters
    ----------
    chunk_rows
        Rows held in memory at once; None: fewer the wider the table is.

    Returns
    -------
    tuple
        The row count, and each column's profile in the file's order. A column's kind is that of a whole read, however
        its chunks look.
    """
    size = chunk_rows or max(_FEWEST_CHUNK_ROWS, min(_CHUNK_ROWS, _CHUNK_CELLS // len(layout.names)))
    row_count = 0
    tallies = [Tally(name) for name in layout.names]
    for chunk in layout.chunks(path, size):
        row_count += len(chunk)
        for tally in tallies:
            tally.add(chunk[tally.name])
    mixed = [tally.name for tally in tallies if tally.is_mixed]
    if mixed:
        again = {name: Tally(name) for name in mixed}
        for chunk in layout.chunks(path, size, usecols=mixed, dtype=str):
            for name, tally in again.items():
                tally.add(chunk[name])
        tallies = [again.get(tally.name, tally) for tally in tallies]
    return row_count, tuple(tally.column() for tally in tallies)
