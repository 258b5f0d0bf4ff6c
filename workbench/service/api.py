"""The HTTP API as a child of the service: a crash there takes no run down, and it ends when the service does."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import subprocess
import sys
import time

from workbench.errors import BadRequest
from workbench.service import sockets
from workbench.settings import Settings

RESTART_S = 2.0
"""Least time between two starts of the API, so that one that cannot start does not take the processor."""

_NEEDED = ("uvicorn", "fastapi", "orjson", "prometheus_client")

log = logging.getLogger("workbench.service")


class ApiProcess:
    """The API's process and its port.

    Attributes
    ----------
    port
        Port on the address that the settings name, bound before the child starts, so that whoever reads it can connect
        at once; None where the ``server`` extra is not installed.
    """

    def __init__(self, settings: Settings, token: str) -> None:
        self.port: int | None = None
        self._environment = os.environ | settings.environment() | {"WORKBENCH_API_TOKEN": token}
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._listeners: list[socket.socket] = []
        if any(importlib.util.find_spec(name) is None for name in _NEEDED):
            return
        self._listeners = [_bound(settings), sockets.listen(settings.api_socket)]
        self.port = self._listeners[0].getsockname()[1]
        self._start()

    def tend(self) -> None:
        """Start the API again where it has ended."""
        if self._process is None or self._process.poll() is None or time.monotonic() - self._started < RESTART_S:
            return
        log.warning("the API ended with %s; starting it again", self._process.returncode)
        self._start()

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workbench.server", *(str(listener.fileno()) for listener in self._listeners)],
            pass_fds=[listener.fileno() for listener in self._listeners],
            # Never written to: the child ends when it closes, which it does however the service ends.
            stdin=subprocess.PIPE,
            env=self._environment,
        )


def _bound(settings: Settings) -> socket.socket:
    """Listen where the settings say; where they name no port, on the one of last time: whoever noted a URL keeps it."""
    noted = settings.home / "api.port"
    last = int(noted.read_text()) if noted.is_file() else 0
    for port in dict.fromkeys((settings.api_port or last, settings.api_port)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.api_host, port))
        except OSError as error:
            listener.close()
            if port == settings.api_port:
                raise BadRequest(
                    "settings.invalid",
                    f"The API cannot listen on {settings.api_host}:{port}: {error.strerror}.",
                    hint="WORKBENCH_API_HOST and WORKBENCH_API_PORT say where.",
                ) from error
            continue
        listener.listen(sockets.BACKLOG)
        noted.write_text(str(listener.getsockname()[1]))
        return listener
    raise AssertionError("one of them was bound or refused")
