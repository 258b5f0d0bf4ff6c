"""How the API listens: plainly on the home's own socket, on its port by TLS where there is a certificate."""

from __future__ import annotations

import asyncio
import resource
import socket
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI

from workbench.server import frames
from workbench.server.live import Live
from workbench.server.protocol import guarded
from workbench.serving.sockets import BACKLOG
from workbench.settings import Settings

KEPT_S = 75
"""How long a connection stays open over which nothing is asked, in seconds.

Longer than most clients keep theirs: whoever asks over one that is just being closed hears nothing.
"""


class Listening(uvicorn.Server):
    """A server that waits for no reader when it ends.

    Parameters
    ----------
    app
        As `make_app` built it.
    """

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        certificate: dict[str, Any] = {}
        if settings.api_certfile is not None:
            certificate = {"ssl_certfile": settings.api_certfile, "ssl_keyfile": settings.api_keyfile}
        config = uvicorn.Config(
            app,
            http=guarded(settings),
            log_level="warning",
            # The API keeps a log of requests of its own, which holds no queries.
            access_log=False,
            lifespan="on",
            server_header=False,
            # Whoever is not known as a proxy is not believed for whom it calls.
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=KEPT_S,
            **frames.options(settings.stream_stall_s),
            **certificate,
        )
        super().__init__(config)
        self._live: Live = app.state.live

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen: by TLS, where there is a certificate, on ports alone; the home's own socket needs none."""
        _open_files()
        given = sockets or []
        await super().startup([one for one in given if one.family != socket.AF_UNIX])
        loop = asyncio.get_running_loop()
        for one in given:
            if one.family == socket.AF_UNIX:
                self.servers.append(await loop.create_server(self._protocol, sock=one, backlog=BACKLOG))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.end()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        made: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = made(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


def _open_files() -> None:
    """Allow as many connections as the system does; by default it is often no more than a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
