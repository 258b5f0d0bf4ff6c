"""One pool of connections to an API: keys go to its own host alone, nothing is followed elsewhere, all is timed."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.remote.address import Address
from workbench.version import __version__

if TYPE_CHECKING:
    import httpx

    from workbench.remote.secret import Secret

CONNECT_S = 10.0
_KEPT, _MOST = 10, 100
"""Connections that are kept while they are idle, and that there may be."""


def opened(
    address: Address, key: Secret | None, *, verify: bool | str | Path | ssl.SSLContext, timeout_s: float
) -> httpx.Client:
    """Open a pool of connections; none is made before something is asked.

    Parameters
    ----------
    verify
        Whether TLS certificates are checked, or against which file of authorities.
    """
    import httpx

    class ByKey(httpx.Auth):
        """Shows the key, in the one header that httpx never writes out, and to the API alone."""

        def __init__(self, key: Secret, origin: httpx.URL) -> None:
            self._key = key
            self._origin = _origin(origin)

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            if _origin(request.url) == self._origin:
                request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
            yield request

    return httpx.Client(
        auth=None if key is None else ByKey(key, httpx.URL(address.base)),
        headers={"User-Agent": f"workbench/{__version__}", "Accept": "application/json"},
        timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        limits=httpx.Limits(max_connections=_MOST, max_keepalive_connections=_KEPT),
        transport=None if address.socket is None else httpx.HTTPTransport(uds=address.socket),
        verify=_trust(verify),
        follow_redirects=False,
        # A proxy between this machine and itself would only read along.
        trust_env=not address.is_here,
    )


def headers(workspace: str | None, project: str | None) -> Mapping[str, str]:
    """Return the headers that say where something is done."""
    told = {"X-Workbench-Workspace": workspace, "X-Workbench-Project": project}
    return {name: value for name, value in told.items() if value is not None}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _trust(verify: bool | str | Path | ssl.SSLContext) -> bool | ssl.SSLContext:
    return ssl.create_default_context(cafile=str(verify)) if isinstance(verify, str | Path) else verify
