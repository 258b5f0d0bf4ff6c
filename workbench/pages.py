"""How much of a list is given at once: the same at home, over HTTP, and by the client."""

from __future__ import annotations

ROWS_MOST = 1000
MINUTES_MOST = 24 * 60


def bounded(wanted: int, most: int = ROWS_MOST) -> int:
    """Return how many rows are given where somebody wants so many: one at least, and not more than `most`."""
    return max(1, min(wanted, most))
