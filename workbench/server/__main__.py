"""``python -m workbench.server FD…``: serve the API on sockets that the service bound, as long as the service lives.

Standard input is a socket to the service: it closes when the service ends, and over it the event loop gives a sign of
life a second.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from contextlib import suppress

from fastapi import FastAPI

from workbench.server.app import make_app
from workbench.server.listening import Listening
from workbench.settings import Settings
from workbench.workbench import connect

BEAT_TICKS = 10
"""uvicorn's loop ticks ten times a second."""


class Beating(Listening):
    """A server whose event loop tells the service that it turns."""

    def __init__(self, app: FastAPI, settings: Settings, service: socket.socket) -> None:
        super().__init__(app, settings)
        self._service = service

    async def on_tick(self, counter: int) -> bool:
        if counter % BEAT_TICKS == 0:
            # A service that stands still reads nothing; this loop must not wait for it.
            with suppress(OSError):
                self._service.send(b".", socket.MSG_DONTWAIT)
        return await super().on_tick(counter)


def _end_with_parent(service: socket.socket) -> None:
    # It is reset rather than closed where the service has not read the last sign of life.
    with suppress(OSError):
        service.recv(1)
    os._exit(0)


if __name__ == "__main__":
    service = socket.socket(fileno=sys.stdin.fileno())
    threading.Thread(target=_end_with_parent, args=(service,), daemon=True).start()
    home = connect()
    app = make_app(home, os.environ.pop("WORKBENCH_API_TOKEN"), is_complete=True)
    # What stands for good is not looked through again by each collection, which holds up whoever is being answered.
    gc.collect()
    gc.freeze()
    listeners = [socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:]]
    Beating(app, home.settings, service).run(sockets=listeners)
