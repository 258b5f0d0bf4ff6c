"""The HTTP API as a child of the service: a crash there takes no run down, and it ends when the service does.

The two hold the ends of one socket. The API ends when the service's end closes, which it does however the service ends;
the service replaces an API that has ended, or whose event loop has given no sign of life for too long.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workbench.errors import BadRequest, EngineFault
from workbench.serving import sockets
from workbench.settings import Settings

RESTART_S = 2.0
"""Least time between two starts of the API, so that one that cannot start does not take the processor."""
BIND_S = 10.0
"""Time between two tries to listen where it was not possible."""
LEAVING_S, LEAVING_LOOK_S = 3.0, 0.1
"""How long the port of last time is waited for, and between two tries: a killed service's API leaves it in a moment."""
SILENT_S = 10.0
"""Longest that an API which has given a sign of life may take until the next, in seconds; it gives one a second."""
START_S = 60.0
"""Longest that an API may take until its first sign of life, in seconds."""
LOOK_MOST_S = 1.0
"""Most that counts of the time between two looks: a machine that stood still has kept the API from nothing."""

_NEEDED = ("uvicorn", "fastapi", "orjson", "prometheus_client")

log = logging.getLogger("workbench.service")


class ApiProcess:
    """The API's process and its port.

    Where it cannot listen it says why in the log and tries again: runs go on without it.

    Attributes
    ----------
    port
        Port on the address that the settings name, bound before the child starts, so that whoever reads it can connect
        at once; None where the ``server`` extra is not installed, or where nobody can listen there.
    trouble
        Why there is no port; None: there is one.
    """

    def __init__(self, settings: Settings, token: str) -> None:
        self.port: int | None = None
        self.trouble: str | None = None
        self._settings = settings
        self._environment = os.environ | settings.environment() | {"WORKBENCH_API_TOKEN": token}
        self._process: subprocess.Popen[bytes] | None = None
        self._pulse: socket.socket | None = None
        self._silent_s, self._silent_most_s = 0.0, START_S
        self._started = self._tried = self._looked = float("-inf")
        self._listeners: dict[str, socket.socket] = {}
        self._is_possible = all(importlib.util.find_spec(name) is not None for name in _NEEDED)
        if not self._is_possible:
            self.trouble = "the extra `server` is not installed where it runs"
        self.tend()

    def tend(self) -> None:
        """Listen where it was not possible before, and start the API where it does not run, or runs and hangs."""
        if not self._is_possible:
            return
        if len(self._listeners) < len(_PLACES) and time.monotonic() - self._tried > BIND_S and self._listen():
            self._end()
        if not self._listeners or time.monotonic() - self._started < RESTART_S:
            return
        if self._process is None:
            self._start()
        elif self._process.poll() is not None:
            log.warning("the API ended with %s; starting it again", self._process.returncode)
            self._start()
        elif self._is_silent():
            log.warning("the API has given no sign of life for %.0f s; it is killed", self._silent_s)
            self._silent_s = 0.0
            # Not waited for here: the next look finds that it has ended.
            self._process.kill()

    def close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        self._end()
        if self._pulse is not None:
            self._pulse.close()

    def _end(self) -> None:
        process, self._process, self._started = self._process, None, float("-inf")
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _is_silent(self) -> bool:
        """Take in the signs of life that came since the last look; return whether there was none for too long."""
        assert self._pulse is not None, "it was started"
        last, self._looked = self._looked, time.monotonic()
        self._silent_s += min(self._looked - last, LOOK_MOST_S)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            if self._pulse.recv(4096):
                self._silent_s, self._silent_most_s = 0.0, SILENT_S
        return self._silent_s > self._silent_most_s

    def _listen(self) -> bool:
        """Listen where nobody listens yet; return whether that is more than before."""
        self._tried, before = time.monotonic(), len(self._listeners)
        for place, listen in _PLACES.items():
            if place in self._listeners:
                continue
            try:
                self._listeners[place] = listen(self._settings)
            except (OSError, EngineFault) as error:
                log.warning("the API cannot listen on its %s: %s", place, error)
                if place == _PORT:
                    self.trouble = str(error)
        if _PORT in self._listeners:
            self.trouble = None
            self.port = self._listeners[_PORT].getsockname()[1]
        return len(self._listeners) > before

    def _start(self) -> None:
        self._started = self._looked = time.monotonic()
        self._silent_s, self._silent_most_s = 0.0, START_S
        descriptors = [listener.fileno() for listener in self._listeners.values()]
        if self._pulse is not None:
            self._pulse.close()
        self._pulse, theirs = socket.socketpair()
        self._pulse.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbench.server", *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=theirs.fileno(),
                env=self._environment,
            )


def check_place(host: str, port: int) -> None:
    """Refuse an address on which the API could not listen.

    Parameters
    ----------
    port
        0: any that is free.

    Raises
    ------
    BadRequest
        ``settings.invalid``
    """
    try:
        _listener(host, port).close()
    except OSError as error:
        raise BadRequest("settings.invalid", f"The API cannot listen on {error}.") from error
    except UnicodeError as error:
        raise BadRequest("settings.invalid", f"The API cannot listen on {host!r}: it names no host.") from error


def _bound(settings: Settings) -> socket.socket:
    """Listen where the settings say; where they name no port, on the one of last time: whoever noted a URL keeps it.

    Raises
    ------
    OSError
        When it cannot be listened there; its text names the address and what says it.
    """
    noted = settings.home / "api.port"
    last = 0 if settings.api_port else _last(noted)
    try:
        listener = _listener(settings.api_host, last or settings.api_port, patience_s=LEAVING_S if last else 0)
    except OSError as error:
        if not last:
            raise
        # Still noted: whoever has it now may have left it when the next service starts.
        log.warning("the API listens on another port than last time: %s", error)
        return _listener(settings.api_host, 0)
    partial = noted.with_suffix(".partial")
    partial.write_text(str(listener.getsockname()[1]))
    partial.replace(noted)
    return listener


def _listener(host: str, port: int, *, patience_s: float = 0) -> socket.socket:
    """Listen on a port, trying again for so long while somebody else does."""
    deadline = time.monotonic() + patience_s
    while True:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(sockets.BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                told = f"{host}:{port}: {error.strerror} (WORKBENCH_API_HOST and WORKBENCH_API_PORT say where)"
                raise OSError(told) from error
            time.sleep(LEAVING_LOOK_S)
        else:
            return listener


def _last(noted: Path) -> int:
    """Return the port of last time, 0 where none was noted that could be one."""
    try:
        port = int(noted.read_text())
    except (OSError, ValueError):
        return 0
    return port if 0 < port < 1 << 16 else 0


_PORT = "port"
_PLACES: dict[str, Callable[[Settings], socket.socket]] = {
    _PORT: _bound,
    "socket": lambda settings: sockets.listen(settings.api_socket),
}
