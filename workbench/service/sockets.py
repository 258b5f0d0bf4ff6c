"""Unix sockets that nobody but the home's owner can connect to."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from workbench.errors import EngineFault

BACKLOG = 1024


def listen(path: Path) -> socket.socket:
    """Listen on a socket at a path, in a folder that is the owner's alone; what lay there before is removed.

    Raises
    ------
    EngineFault
        ``service.not_started`` where the folder is somebody else's.
    """
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise EngineFault(
            "service.not_started",
            f"The folder {folder} is open to others; sockets in it would be too.",
            hint=f"Remove it, or `chmod 700 {folder}`.",
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(BACKLOG)
    return listener
