"""The home as the command line opens it: what is done there is told to have been done so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench import workbench
from workbench.workbench import Workbench

ORIGIN = "cli"


def connect(**overrides: Any) -> Workbench:
    """Open the home that the environment names, for whoever types; single settings may be told otherwise."""
    opened = workbench.connect(None, **overrides)
    return opened.on_behalf_of(replace(opened.actor, origin=ORIGIN))
