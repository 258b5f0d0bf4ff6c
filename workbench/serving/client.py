"""Asks the home's API over its Unix socket, as the home's owner, on one connection that is kept."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench import errors
from workbench.errors import Unavailable, WorkbenchError
from workbench.serving import sockets
from workbench.settings import Settings

ROOT = "/api/v1"
LEARN = f"{ROOT}/routes/learn"
"""Where the API is told to read its routes anew."""


class Client:
    """A connection to the API of a home. May be shared between threads, which then take turns."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.api_socket
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def post(self, path: str, content: bytes, *, timeout_s: float, headers: Mapping[str, str] | None = None) -> Any:
        """Post JSON and return the JSON that is answered.

        Raises
        ------
        WorkbenchError
            What the API answered instead, as the same error.
        Unavailable
            ``deployment.unavailable`` when there is no API at the moment.
        EngineFault
            ``service.not_started`` when its socket lies where another user may stand behind it.
        """
        with self._lock:
            status, body = self._ask(path, content, timeout_s, {"Content-Type": "application/json", **(headers or {})})
        answered = json.loads(body)
        if status < 400:
            return answered
        raise errors.of_problem(answered | {"status": status})

    def have_learned(self) -> None:
        """See that what was changed in the store holds for the next request; where there is no API, it need not."""
        with suppress(WorkbenchError):
            self.post(LEARN, b"", timeout_s=10)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, path: str, content: bytes, timeout_s: float, headers: Mapping[str, str]) -> tuple[int, bytes]:
        is_kept = self._connection is not None
        connection = self._connection = self._connection or _Connection(self._path)
        connection.set_timeout(timeout_s)
        try:
            connection.request("POST", path, content, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if is_kept and not isinstance(error, TimeoutError):
                # The other end may have hung up on a connection that was idle: once more on a new one.
                return self._ask(path, content, timeout_s, headers)
            raise Unavailable(
                "deployment.unavailable", "The service's API does not answer.", retry_after_s=1
            ) from error


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("workbench")
        self._path = path

    def set_timeout(self, timeout_s: float) -> None:
        self.timeout = timeout_s
        if self.sock is not None:
            with suppress(OSError):
                self.sock.settimeout(timeout_s)

    def connect(self) -> None:
        sockets.check(self._path.parent)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
