"""The library that draws plots on the page, taken out of the installed Python package that brings it along."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

_SCRIPT = ("package_data", "plotly.min.js")


def script() -> Path | None:
    """Find plotly's JavaScript without importing the package; None where it is not installed."""
    found = find_spec("plotly")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder).joinpath(*_SCRIPT)
        if path.is_file():
            return path
    return None


def packed() -> bytes:
    """Return it packed by gzip, about 1.6 MB: it goes to the page through the kernel's own connection.

    Raises
    ------
    FileNotFoundError
        When it is not installed.
    """
    path = script()
    if path is None:
        raise FileNotFoundError("plotly is not installed")
    return gzip.compress(path.read_bytes(), compresslevel=3, mtime=0)
