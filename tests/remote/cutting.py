"""Hands connections on to a port, and cuts them where a network would."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Cutter:
    """Listens on a port of its own, `port`, and hands on what comes.

    Parameters
    ----------
    to
        The port that it hands on to.

    Attributes
    ----------
    lose
        How many answers are yet to be lost: the request goes through, the connection ends before its answer does.
    leave
        How many bytes each answer may have before its connection is cut, as often as `cuts` says.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = self._listener.getsockname()[1]
        self.lose = 0
        self.leave = 0
        self.cuts = 0
        self.connections = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _close(self._listener)
        for one in self._open:
            _close(one)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self.connections += 1
            self._open += [near, far]
            threading.Thread(target=self._hand_on, args=(near, far), daemon=True).start()
            threading.Thread(target=self._hand_back, args=(far, near), daemon=True).start()

    def _hand_on(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while content := near.recv(1 << 16):
                far.sendall(content)
        _close(near, far)

    def _hand_back(self, far: socket.socket, near: socket.socket) -> None:
        left = None
        with suppress(OSError):
            while content := far.recv(1 << 16):
                with self._lock:
                    if self.lose:
                        self.lose -= 1
                        break
                    if left is None and self.cuts:
                        self.cuts -= 1
                        left = self.leave
                near.sendall(content if left is None else content[:left])
                if left is not None and (left := left - len(content)) <= 0:
                    break
        _close(near, far)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
