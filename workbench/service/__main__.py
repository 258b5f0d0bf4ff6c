"""``python -m workbench.service``: detach, then be the service."""

from __future__ import annotations

import os

# First of all, so that whoever starts the service waits for no import but the interpreter's own.
if __name__ == "__main__" and os.fork():
    os._exit(0)

import logging
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from workbench.service import lifecycle
from workbench.service.api import ApiProcess
from workbench.service.runner import Runner
from workbench.serving import sockets
from workbench.settings import load
from workbench.store.store import open_store
from workbench.version import __version__


def main() -> int:
    """Hold the home's lock and serve; 0 also when another service is there already."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    settings = load()
    # Tables and logs are their owner's alone.
    os.umask(0o077)
    held = lifecycle.ServiceLock(settings)
    if not held.hold():
        return 0
    sockets.sweep(settings.sockets)
    token = lifecycle.token(settings)
    told = lifecycle.ServiceState(
        os.getpid(), "starting", time.time(), __version__, None, token, settings.environment()
    )

    def tell(**changed: Any) -> None:
        nonlocal told
        told = replace(told, **changed)
        # Where the home is gone, nobody reads it, and the next round ends the service.
        with suppress(FileNotFoundError):
            lifecycle.write_state(settings, told)

    def tend() -> None:
        api.tend()
        if (told.api_port, told.api_trouble) != (api.port, api.trouble):
            tell(api_port=api.port, api_trouble=api.trouble)
        if held.is_lost():
            logging.getLogger("workbench.service").warning("the home is gone; so is its service")
            runner.stop()

    tell()
    api = ApiProcess(settings, token)
    tell(api_port=api.port, api_trouble=api.trouble)
    store = open_store(settings)
    runner = Runner(
        store,
        f"{socket.gethostname()}:{os.getpid()}",
        on_warm=lambda: tell(phase="warm"),
        each_round=tend,
    )

    def stop(*_: object) -> None:
        runner.stop()
        # Said at once, so that whoever submits from now on waits for the next service instead of trusting this one.
        tell(phase="stopping")

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    try:
        runner.run()
    finally:
        if not held.is_lost():
            tell(phase="stopping")
        # The next service keeps the port only where this one has left it.
        api.close()
        held.release()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
