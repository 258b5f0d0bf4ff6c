"""The API behind Jupyter's own login: what jupyter-server-proxy is told of it.

It stands at ``workbench/`` under Jupyter's base URL, on a hub too. Jupyter reaches it by the home's Unix socket, so
that whoever is logged in there may do what the home's owner may, and needs no token.
"""

from __future__ import annotations

from typing import Any

from workbench.serving import sockets
from workbench.settings import load


def proxied() -> dict[str, Any]:
    """Tell jupyter-server-proxy where the API is; the service starts it, not Jupyter.

    Raises
    ------
    EngineFault
        ``service.not_started`` when its socket lies where another user may stand behind it.
    """
    socket = load().api_socket
    # Made now, so that nobody else makes it before the service does.
    sockets.own(socket.parent)
    return {
        "command": [],
        "unix_socket": str(socket),
        "launcher_entry": {"enabled": False},
    }
