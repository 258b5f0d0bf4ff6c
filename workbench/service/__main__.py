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
from dataclasses import replace

from workbench.service import lifecycle
from workbench.service.api import ApiProcess
from workbench.service.runner import Runner
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
    token = lifecycle.token(settings)
    told = lifecycle.ServiceState(
        os.getpid(), "starting", time.time(), __version__, None, token, settings.environment()
    )
    lifecycle.write_state(settings, told)
    api = ApiProcess(settings, token)
    told = replace(told, api_port=api.port)
    lifecycle.write_state(settings, told)
    store = open_store(settings)
    runner = Runner(
        store,
        f"{socket.gethostname()}:{os.getpid()}",
        on_warm=lambda: lifecycle.write_state(settings, replace(told, phase="warm")),
        each_round=lambda: _tend(api, held, runner),
    )

    def stop(*_: object) -> None:
        # Said at once, so that whoever submits from now on waits for the next service instead of trusting this one.
        lifecycle.write_state(settings, replace(told, phase="stopping"))
        runner.stop()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    try:
        runner.run()
    finally:
        if not held.is_lost():
            lifecycle.write_state(settings, replace(told, phase="stopping"))
        held.release()
        api.close()
        store.close()
    return 0


def _tend(api: ApiProcess, held: lifecycle.ServiceLock, runner: Runner) -> None:
    api.tend()
    if held.is_lost():
        logging.getLogger("workbench.service").warning("the home is gone; so is its service")
        runner.stop()


if __name__ == "__main__":
    sys.exit(main())
