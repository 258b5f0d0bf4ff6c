"""A bell at the service's door: whoever leaves it something to do rings, and it need not look so often.

It is a named pipe in the home. Where it cannot be rung, from another machine or on a file system without pipes, the
service finds out by looking, a little later.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from workbench.settings import Settings

NAME = "service.bell"


def ring(settings: Settings) -> None:
    """Have the service look at once; nothing happens where none is listening."""
    with suppress(OSError):
        descriptor = os.open(settings.home / NAME, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)


class Bell:
    """The service's end."""

    def __init__(self, settings: Settings) -> None:
        self._descriptor: int | None = None
        path = settings.home / NAME
        with suppress(OSError):
            if not path.exists():
                os.mkfifo(path, 0o600)
            if stat.S_ISFIFO(path.stat().st_mode):
                # Open for writing too: a pipe that everybody has left would always be ready to read.
                self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    @property
    def descriptors(self) -> list[int]:
        """What to wait on: one descriptor, or none where there is no bell."""
        return [] if self._descriptor is None else [self._descriptor]

    def hush(self) -> None:
        """Forget how often it was rung."""
        for descriptor in self.descriptors:
            with suppress(BlockingIOError):
                os.read(descriptor, 4096)

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        self._descriptor = None
