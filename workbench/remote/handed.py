"""A table in memory, written down so that it can be sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.data.origins.inline import Inline


@contextmanager
def over(table: Any, called: str, folder: Path) -> Iterator[Path]:
    """Write a table as an Arrow file, for as long as it takes to send it.

    Raises
    ------
    BadRequest
        ``data.not_a_table``, ``data.no_rows``
    """
    path = folder / f"{uuid.uuid4().hex}.arrow"
    try:
        Inline(table, called).write(path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def check(table: Any) -> None:
    """Refuse what is no table; raises as `over` does."""
    Inline(table).test()
