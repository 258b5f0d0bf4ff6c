"""The HTTP API as a child of the service: a crash there takes no run down, and it ends when the service does."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import subprocess
import sys
import time

from workbench.settings import Settings

RESTART_S = 2.0
"""Least time between two starts of the API, so that one that cannot start does not take the processor."""

log = logging.getLogger("workbench.service")


class ApiProcess:
    """The API's process and its port.

    Attributes
    ----------
    port
        Port on the loopback interface, bound before the child starts, so that whoever reads it can connect at once;
        None where the ``server`` extra is not installed.
    """

    def __init__(self, settings: Settings, token: str) -> None:
        self.port: int | None = None
        self._environment = os.environ | settings.environment() | {"WORKBENCH_API_TOKEN": token}
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._listener = socket.socket()
        if importlib.util.find_spec("uvicorn") is None or importlib.util.find_spec("fastapi") is None:
            return
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        self._start()

    def tend(self) -> None:
        """Start the API again where it has ended."""
        if self._process is None or self._process.poll() is None or time.monotonic() - self._started < RESTART_S:
            return
        log.warning("the API ended with %s; starting it again", self._process.returncode)
        self._start()

    def close(self) -> None:
        self._listener.close()
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
            [sys.executable, "-m", "workbench.server", str(self._listener.fileno())],
            pass_fds=[self._listener.fileno()],
            # Never written to: the child ends when it closes, which it does however the service ends.
            stdin=subprocess.PIPE,
            env=self._environment,
        )
