"""The API behind Jupyter's own login: what jupyter-server-proxy is told of it.

It stands at ``workbench/`` under Jupyter's base URL, on a hub too. Jupyter reaches it by the home's Unix socket, so
that whoever is logged in there may do what the home's owner may, and needs no token. Where Jupyter knows who that is,
the API is told, for the audit log.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.errors import WorkbenchError
from workbench.serving import sockets
from workbench.settings import load

USER = "X-Workbench-User"
"""Header with the name of whoever is logged in at Jupyter, percent-encoded; empty where Jupyter knows none."""
START_S = 60
"""Longest that the first request waits for the service, in seconds."""
ICON = Path(__file__).with_name("routes") / "static" / "icon.svg"

# Not from the folder that Jupyter stands in: a file there may have the name of a module.
_START = [sys.executable, "-P", "-m", "workbench.server.jupyter"]
# Jupyter draws such a name for whoever comes by a token or a password, which many may share.
_DRAWN = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")


def proxied() -> dict[str, Any]:
    """Tell jupyter-server-proxy where the API is, how its service is started, and what its tile shows.

    Raises
    ------
    EngineFault
        ``service.not_started`` when its socket lies where another user may stand behind it.
    """
    path = load().api_socket
    # Made now, so that nobody else makes it before the service does.
    sockets.own(path.parent)
    return {
        "command": _START,
        "timeout": START_S,
        "unix_socket": str(path),
        "request_headers_override": _headers(path),
        # Among the notebooks: elsewhere JupyterLab shows no icon of a tile.
        "launcher_entry": {"title": "Workbench API", "icon_path": str(ICON), "category": "Notebook"},
        # A page that may not be framed: it acts for whoever is logged in.
        "new_browser_tab": True,
    }


def user_header(user: Any) -> str:
    """Return what `USER` says of somebody whom Jupyter let in, as its identity provider describes them."""
    name = getattr(user, "username", None)
    if not isinstance(name, str) or _DRAWN.fullmatch(name):
        return ""
    return quote(name.strip(), safe="")


def _headers(path: Path) -> Callable[[], dict[str, str]]:
    """Return what gives the headers of a request that Jupyter is about to pass on; they replace the caller's own."""
    starting: subprocess.Popen[bytes] | None = None

    def headers() -> dict[str, str]:
        from jupyter_server import CallContext
        from tornado.web import HTTPError

        nonlocal starting
        if not _is_listening(path):
            # The proxy starts what it proxies once; the service may have ended since, by itself too.
            if starting is None or starting.poll() is not None:
                starting = subprocess.Popen(_START, stdin=subprocess.DEVNULL)
            told = "Workbench's service was not running and is being started"
            raise HTTPError(503, reason=f"{told}: try again in a few seconds")
        handler = CallContext.get(CallContext.JUPYTER_HANDLER)
        return {USER: user_header(handler.current_user)}

    return headers


def _is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        try:
            caller.connect(os.fspath(path))
        except BlockingIOError:
            # One whose queue is full listens.
            return True
        except OSError:
            return False
        return True


def _start() -> None:
    """Start the home's service unless it runs, and say why where that fails."""
    from workbench.workbench import connect

    try:
        connect().service.start()
    except WorkbenchError as error:
        # Ended with a code, it would be started again and again.
        print(f"Workbench: {error}", file=sys.stderr)


if __name__ == "__main__":
    _start()
