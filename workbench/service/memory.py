"""How much memory a unit may take where nobody says: an even share of what is free."""

from __future__ import annotations

from pathlib import Path

from workbench.preflight.machine import GROUPS, free

FREE_PART = 0.8
"""Part of the free memory that is shared out; the rest is for the run processes themselves and for everybody else."""
LEAST = 256 * 1024 * 1024
"""Least share, in bytes: twice what every model of PyCaret's field does with on a table of 20,000 × 21."""


def even_share(units: int, groups: Path = GROUPS) -> int:
    """Return the memory that each of so many units may take, in bytes.

    Never less than `LEAST`: where so little is free, better that the system stops the one model that takes too much
    than that a limit stops them all.
    """
    return max(LEAST, int(free(groups) * FREE_PART) // units)
