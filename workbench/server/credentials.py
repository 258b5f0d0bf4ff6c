"""What a caller shows: read from the headers alone, before anything is known of whom it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers

from workbench.errors import Forbidden

TOKEN, KEY = b"x-workbench-token", b"x-workbench-key"
WORKSPACE, PROJECT, USER = b"x-workbench-workspace", b"x-workbench-project", b"x-workbench-user"
KEY_PREFIX = b"pck_"
SUBPROTOCOL = "workbench.key."
"""Begins the WebSocket subprotocol by which a browser shows its key: it can set no header there."""
SPOKEN = "workbench"
"""The subprotocol that is offered beside it: a browser takes no answer that chooses none; a key is not told back."""
NAME_MOST = 200

_BEARER = b"bearer "
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Shown:
    """What came with a request.

    Attributes
    ----------
    by_socket
        Whether it came over the home's own socket, which is its owner's alone.
    address
        From where it came; empty over the socket.
    key, token
        Where one was shown; None: none was.
    workspace, project
        The names that were asked for; empty: none was.
    user
        Whom Jupyter says it answers; empty: nobody is named. Told over the socket alone.
    """

    by_socket: bool
    address: str
    key: bytes | None = None
    token: bytes | None = None
    workspace: bytes = b""
    project: bytes = b""
    user: bytes = b""


def shown(scope: Mapping[str, Any]) -> Shown:
    """Read what a caller shows."""
    server, client = scope.get("server"), scope.get("client")
    by_socket = server is not None and server[1] is None
    address = client[0] if client else ""
    key = token = None
    workspace = project = user = b""
    for name, value in scope["headers"]:
        if name == TOKEN:
            token = value
        elif name == KEY:
            key = value
        elif name == b"authorization" and not by_socket and value[: len(_BEARER)].lower() == _BEARER:
            # Over the socket it is Jupyter's own, which its proxy passes on.
            bearer = value[len(_BEARER) :].strip()
            if bearer.startswith(KEY_PREFIX):
                key = bearer if key is None else key
            else:
                token = bearer if token is None else token
        elif name == WORKSPACE:
            workspace = value
        elif name == PROJECT:
            project = value
        elif name == USER and by_socket:
            user = value
    if key is None:
        for offered in scope.get("subprotocols") or ():
            if offered.startswith(SUBPROTOCOL):
                key = offered.removeprefix(SUBPROTOCOL).encode()
    return Shown(by_socket, address, key, token, workspace, project, user)


def subprotocol(scope: Mapping[str, Any]) -> str | None:
    """Return the WebSocket subprotocol that is chosen; None where none was offered that is spoken."""
    return SPOKEN if SPOKEN in (scope.get("subprotocols") or ()) else None


def named(value: bytes) -> str:
    """Return the name that a header tells in percent-encoded UTF-8; empty where it is none that can be written."""
    name = unquote_to_bytes(value).decode("utf-8", "replace").strip()[:NAME_MOST]
    return name if name.isprintable() else ""


def check_own_page(scope: Mapping[str, Any]) -> None:
    """Refuse a change that a page of another site asks for in the name of whoever is logged in at Jupyter.

    Jupyter's proxy leaves that to what it proxies. Browsers tell where a request comes from (Fetch Metadata, W3C), and
    pages cannot change what they tell; where the address is not secure, they tell the origin alone. WebSockets are
    refused too: what comes over them, a page of another site could read.

    Raises
    ------
    Forbidden
        ``access.denied``
    """
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return
    headers = Headers(scope=dict(scope))
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_own = site in ("same-origin", "none")
    else:
        # A proxy before Jupyter may have changed the host; it tells the one that was asked for.
        hosts = (headers.get("host"), headers.get("x-forwarded-host"))
        is_own = origin is None or _host(origin) in hosts
    if not is_own:
        raise Forbidden("access.denied", "A page of another site may not change anything here.")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
