"""Who may ask: the home's owner, who has the service's token or comes through a socket that is the owner's alone."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers

from workbench.errors import Forbidden, Unauthorized
from workbench.serving.deployment import PUBLIC
from workbench.workbench import Workbench

TOKEN = b"x-workbench-token"
_BEARER = b"bearer "
_SAFE = ("GET", "HEAD", "OPTIONS")


class Door:
    """Lets those in who may come in.

    Parameters
    ----------
    token
        What callers send as ``X-Workbench-Token``, or as a bearer token. The service makes one at each start and writes
        it where only the home's owner reads it, so that nobody else on the machine can call.
    home
        The home as it is open to its owner.
    """

    def __init__(self, token: str, home: Workbench) -> None:
        self._token = token.encode()
        self._home = home

    def owners(self, request: Request) -> None:
        """Let the home's owner in, and nobody else.

        Raises
        ------
        Unauthorized
            ``access.unauthenticated`` when the caller has not said who it is.
        Forbidden
            ``access.denied`` when it has said it wrong, or when a page of another site has it ask.
        """
        self._let_in(request.scope)
        request.state.workbench = self._home

    def of_deployment(self, scope: Mapping[str, Any], access: str) -> None:
        """Let those in who may ask a deployment; raises as `owners` does."""
        if access != PUBLIC:
            self._let_in(scope)

    def _let_in(self, scope: Mapping[str, Any]) -> None:
        if _came_by_socket(scope):
            _check_own_page(scope)
            return
        said = _said(scope["headers"])
        if said is None:
            raise Unauthorized(
                "access.unauthenticated",
                "The caller has not said who it is.",
                hint="Send the service's token as X-Workbench-Token, or come through Jupyter.",
            )
        if not hmac.compare_digest(said, self._token):
            raise Forbidden("access.denied", "The service's token is wrong.")


def _came_by_socket(scope: Mapping[str, Any]) -> bool:
    """Whether the connection is to a Unix socket, which has a path and no port."""
    server = scope.get("server")
    return server is not None and server[1] is None


def _check_own_page(scope: Mapping[str, Any]) -> None:
    """Refuse a change that a page of another site asks for in the name of whoever is logged in at Jupyter.

    Jupyter's proxy leaves that to what it proxies. Browsers tell where a request comes from (Fetch Metadata, W3C), and
    pages cannot change what they tell; where the address is not secure, they tell the origin alone.
    """
    if scope["method"] in _SAFE:
        return
    headers = Headers(scope=dict(scope))
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_own = site in ("same-origin", "none")
    else:
        # A proxy before Jupyter may have changed the host; it tells the one that was asked for.
        hosts = (headers.get("host"), headers.get("x-forwarded-host"))
        is_own = origin is None or urlsplit(origin).netloc in hosts
    if not is_own:
        raise Forbidden("access.denied", "A page of another site may not change anything here.")


def _said(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    for name, value in headers:
        if name == TOKEN:
            return value
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            return value[len(_BEARER) :]
    return None
