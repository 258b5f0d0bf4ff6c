"""Who may ask: the home's owner, who has the service's token or comes through a socket that is the owner's alone."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request

from workbench.errors import Forbidden, Unauthorized
from workbench.serving.deployment import PUBLIC

TOKEN = b"x-workbench-token"
_BEARER = b"bearer "


class Door:
    """Lets those in who may come in.

    Parameters
    ----------
    token
        What callers send as ``X-Workbench-Token``, or as a bearer token. The service makes one at each start and writes
        it where only the home's owner reads it, so that nobody else on the machine can call.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def owners(self, request: Request) -> None:
        """Let the home's owner in, and nobody else.

        Raises
        ------
        Unauthorized
            ``access.unauthenticated`` when the caller has not said who it is.
        Forbidden
            ``access.denied`` when it has said it wrong.
        """
        self._let_in(request.scope)

    def of_deployment(self, scope: Mapping[str, Any], access: str) -> None:
        """Let those in who may ask a deployment; raises as `owners` does."""
        if access != PUBLIC:
            self._let_in(scope)

    def _let_in(self, scope: Mapping[str, Any]) -> None:
        if _came_by_socket(scope):
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


def _said(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    for name, value in headers:
        if name == TOKEN:
            return value
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            return value[len(_BEARER) :]
    return None
