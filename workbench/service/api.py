"""The HTTP API as a child of the service: a crash there takes no run down."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys

from workbench.settings import Settings


class ApiProcess:
    """The API's process and its port.

    Attributes
    ----------
    port
        Loopback port, bound before the child starts, so that whoever reads it can connect at once; None where the
        ``server`` extra is not installed.
    """

    def __init__(self, settings: Settings, token: str) -> None:
        self.port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if importlib.util.find_spec("uvicorn") is None or importlib.util.find_spec("fastapi") is None:
            return
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            listener.listen(128)
            self.port = listener.getsockname()[1]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workbench.server", str(listener.fileno())],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                env=os.environ | settings.environment() | {"WORKBENCH_API_TOKEN": token},
            )

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
