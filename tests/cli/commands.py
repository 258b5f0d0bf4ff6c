"""Commands, each in a process of its own that need not import them first: a server has, and forks for each."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_SIZE = 8
"""Bytes in which the length of what is asked for is told."""


class Commands:
    """Runs commands that begin as the script does once it has imported them; to be closed."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], *, timeout_s: float = 120
    ) -> tuple[int, str, str]:
        """Run a command to its end, or kill it; return its exit code and what it left on its two streams."""
        pipes = [os.pipe() for _ in range(3)]
        out, err, told = (os.fdopen(ours, "rb") for ours, _ in pipes)
        theirs = [end for _, end in pipes]
        asked = json.dumps({"command": list(command), "environment": dict(environment)}).encode()
        socket.send_fds(self._ours, [len(asked).to_bytes(_SIZE)], theirs)
        self._ours.sendall(asked)
        for end in theirs:
            os.close(end)
        with out, err, told:
            process_id = int(told.readline())
            timer = threading.Timer(timeout_s, os.kill, (process_id, signal.SIGKILL))
            said: list[bytes] = []
            reader = threading.Thread(target=lambda: said.append(err.read()))
            timer.start()
            reader.start()
            try:
                content = out.read()
                reader.join()
                code = int(told.readline())
            finally:
                timer.cancel()
        return code, content.decode(), said[0].decode()

    def close(self) -> None:
        self._ours.close()
        self._server.wait(30)


def become_next(asked_on: socket.socket) -> None:
    """Fork for each command that is asked for; returns in the command's process alone, which then is as if begun so."""
    gc.freeze()
    while True:
        size, ends, _, _ = socket.recv_fds(asked_on, _SIZE, 3)
        if not size:
            os._exit(0)
        asked = json.loads(_read(asked_on, int.from_bytes(size)))
        if os.fork() == 0:
            break
        for end in ends:
            os.close(end)
        _reap()
    asked_on.close()
    out, err, told = ends
    if process_id := os.fork():
        os.close(out)
        os.close(err)
        os.write(told, f"{process_id}\n".encode())
        _, status = os.waitpid(process_id, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(told)
    for end, stream in ((out, 1), (err, 2)):
        os.dup2(end, stream)
        os.close(end)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["command"]


def _reap() -> None:
    """Forget those who waited for commands that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _read(asked_on: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        received = asked_on.recv(size - len(content))
        if not received:
            os._exit(0)
        content += received
    return content


if __name__ == "__main__":
    from workbench.cli import main

    become_next(socket.socket(fileno=int(sys.argv[1])))
    main()
