"""How much memory there is to be taken."""

from __future__ import annotations

from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
"""Where Linux tells what the container that we are in may take."""


def free(groups: Path = GROUPS) -> int:
    """Return the bytes that can be taken here: of the machine's, and of what a container's control group allows."""
    machine = int(psutil.virtual_memory().available)
    left = _left(groups / "memory.max", groups / "memory.current", groups / "memory.stat", "inactive_file")
    if left is None:
        older = groups / "memory"
        files = (older / "memory.limit_in_bytes", older / "memory.usage_in_bytes", older / "memory.stat")
        left = _left(*files, "total_inactive_file")
    return machine if left is None else max(0, min(machine, left))


def _left(limit: Path, usage: Path, statistics: Path, cache: str) -> int | None:
    """Return what a control group has left; None where there is none, or none with a limit.

    What counts as taken is Kubernetes' working set: the page cache that has not been used for long is given back
    before anything is refused.
    """
    try:
        most, taken = int(limit.read_text()), int(usage.read_text())
        lines = (line.split() for line in statistics.read_text().splitlines())
        return most - taken + next((int(value) for name, value in lines if name == cache), 0)
    except (OSError, ValueError):
        return None
