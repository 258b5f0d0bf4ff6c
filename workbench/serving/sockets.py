"""Unix sockets that nobody but the home's owner can connect to, or stand behind."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from workbench.errors import EngineFault

BACKLOG = 1024
SUFFIX = ".sock"


def own(folder: Path) -> None:
    """Make a folder of sockets where there is none, and check that it is its owner's alone.

    Raises
    ------
    EngineFault
        As `check`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check(folder)


def check(folder: Path) -> None:
    """Check that a folder of sockets is this user's alone: in the system's temporary one, anybody may have made it.

    Raises
    ------
    EngineFault
        ``service.not_started`` where it is somebody else's, or open to others.
    FileNotFoundError
        Where there is none.
    """
    found = folder.stat()
    # A link is as good as its folder only where nobody else can turn it.
    if {found.st_uid, folder.lstat().st_uid} != {os.getuid()}:
        told = f"The folder {folder} is another user's; so may be what answers there."
        raise EngineFault("service.not_started", told, hint="Have it removed, or name another WORKBENCH_HOME.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        told = f"The folder {folder} is open to others; sockets in it would be too."
        raise EngineFault("service.not_started", told, hint=f"Remove it, or `chmod 700 {folder}`.")


def listen(path: Path) -> socket.socket:
    """Listen on a socket at a path, in a folder that is the owner's alone; what lay there before is removed.

    Raises
    ------
    EngineFault
        As `check`.
    """
    own(path.parent)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(BACKLOG)
    return listener


def sweep(folder: Path) -> None:
    """Remove the sockets that nobody listens on any more: a killed process leaves its own.

    To be called while nobody is about to listen there. A folder that is not the owner's is left alone.
    """
    with suppress(OSError, EngineFault):
        check(folder)
        for path in folder.glob(f"*{SUFFIX}"):
            with socket.socket(socket.AF_UNIX) as caller:
                # One whose queue is full is busy, not dead.
                caller.setblocking(False)
                try:
                    caller.connect(str(path))
                except BlockingIOError:
                    continue
                except ConnectionRefusedError:
                    path.unlink(missing_ok=True)
