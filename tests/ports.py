"""Ports of this machine for servers that cannot be told to take any."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def kept_port() -> Iterator[int]:
    """Keep a port from all but a server that sets ``SO_REUSEADDR``, which may listen beside a socket that does not."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind((HOST, 0))
        port = kept.getsockname()[1]
        if sys.platform != "linux":
            # Elsewhere a port that is bound is nobody else's, listening or not.
            kept.close()
        yield port
