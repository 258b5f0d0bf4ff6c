"""Imports of what PyCaret forecasts with, without what it does not need here and what may break it.

- Where Dask is installed, sktime 0.26 imports Dask's data frames too, and with them whatever they ask for, in versions
  that PyCaret's own pins rule out.
- PyCaret imports plotly-resampler, and with it a web server, for plots alone: four fifths of what the import costs.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from unittest.mock import patch

_import_module = importlib.import_module
_PLOTS = "plotly_resampler"


def spared(name: str) -> ModuleType:
    """Import a module that may be the first to import sktime, or PyCaret's forecasting."""
    stand_in = ModuleType(_PLOTS)
    vars(stand_in).update(FigureResampler=None, FigureWidgetResampler=None)
    there = sys.modules.setdefault(_PLOTS, stand_in)
    try:
        # sktime looks for packages by this function, and keeps for good the one that it finds here.
        with patch.object(importlib, "import_module", _import_all_but_dask):
            return _import_module(name)
    finally:
        if there is stand_in:
            del sys.modules[_PLOTS]


def _import_all_but_dask(name: str, package: str | None = None) -> ModuleType:
    if name == "dask":
        raise ModuleNotFoundError("sktime is not to find Dask.", name=name)
    return _import_module(name, package)
