"""Workbench: from a table to a trusted model, live, in JupyterLab panels.

>>> import workbench
>>> wb = workbench.connect()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.version import __version__

if TYPE_CHECKING:
    from workbench.errors import WorkbenchError
    from workbench.run import Run
    from workbench.settings import Settings
    from workbench.workbench import Workbench, connect

__all__ = ["Run", "Settings", "Workbench", "WorkbenchError", "__version__", "connect"]

_HOMES = {
    "Run": "workbench.run",
    "Settings": "workbench.settings",
    "Workbench": "workbench.workbench",
    "WorkbenchError": "workbench.errors",
    "connect": "workbench.workbench",
}


def __getattr__(name: str) -> Any:
    # Public names are fetched on first use: importing a room must not cost importing the house.
    if name not in _HOMES:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
