"""``python -m workbench.server FD…``: serve the API on sockets that the service bound, as long as the service lives."""

from __future__ import annotations

import os
import socket
import sys
import threading

import uvicorn

from workbench.server.app import make_app
from workbench.workbench import connect


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app = make_app(connect(), os.environ.pop("WORKBENCH_API_TOKEN"))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:]])
