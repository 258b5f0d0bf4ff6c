"""From what a user types, or what was stored, to the origin that it means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.data.origins.file import File
from workbench.data.origins.inline import Inline
from workbench.data.origins.origin import Origin
from workbench.errors import BadRequest


def of(told: Mapping[str, Any]) -> Origin:
    """Rebuild an origin from what its `told` gave.

    Raises
    ------
    BadRequest
        ``data.source_invalid`` when there is no such kind.
    """
    kind = told.get("kind")
    if kind == "file":
        return File(Path(told["path"]))
    if kind == "inline":
        return Inline(None, told["called"])
    raise BadRequest("data.source_invalid", f"There is no kind of source {kind!r}.")


def named(text: str) -> Origin:
    """Find out what a user means by a text."""
    return File(Path(text).expanduser().absolute())
