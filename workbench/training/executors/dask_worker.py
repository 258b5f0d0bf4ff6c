"""What happens inside a Dask worker: its versions are told, and its units are given to the unit server beside it."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from distributed import WorkerPlugin, get_worker
from distributed.utils import sync

from workbench.errors import Conflict
from workbench.training import experiment
from workbench.training.executors.unit_server import BEGUN, FIELD, FOLD, Order
from workbench.training.variables import TRAINING_ENVIRONMENT
from workbench.training.work import Answer
from workbench.version import __version__

TOPIC = "workbench"
"""Dask topic under which the key of a unit is told once the unit is under way."""
KEY = "workbench-"
"""What the key of every unit begins with."""
PLUGIN = "workbench"
CLOSE_PATIENCE_S = 2.0


class UnitServerDied(Exception):
    """The unit server ended before it gave an answer: its machine is short of memory, or a unit killed it."""


def versions() -> dict[str, str]:
    """Return what must be the same wherever units of one run are computed."""
    found = experiment.versions()
    python = ".".join(found["python"].split(".")[:2])
    return workbench_version() | {**found, "python": python}


def workbench_version() -> dict[str, str]:
    """Return what must be the same on the scheduler too."""
    return {"workbench": __version__}


def check(whose: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Compare versions.

    Raises
    ------
    Conflict
        ``training.version_mismatch`` naming each that differs.
    """
    differ = [
        f"{name} {theirs.get(name, 'is missing')} (here {version})"
        for name, version in ours.items()
        if theirs.get(name) != version
    ]
    if differ:
        raise Conflict(
            "training.version_mismatch",
            f"{whose} has other versions than this run: {', '.join(differ)}.",
            hint="Install the same on the cluster as where the run is.",
        )


async def greet(dask_worker: Any) -> dict[str, str]:
    """Get a worker ready for units, and return its versions."""
    units = await _units_of(dask_worker)
    units.start()
    return versions()


def compute_unit(key: str, packed: bytes, field: bytes, fold: bytes) -> Answer:
    """Compute one unit; this is the task that a run submits.

    Parameters
    ----------
    key
        The task's own key.
    packed
        The order, and the versions of the run, pickled: the scheduler, which loads every task, need not know them.
    field, fold
        What the unit shares with others, pickled; see `unit_server.PARTS`.

    Raises
    ------
    Conflict
        ``training.version_mismatch`` when this worker has others.
    UnitServerDied
        When no answer came.
    """
    worker: Any = get_worker()
    order, ours = pickle.loads(packed)
    # It may have joined after they were compared.
    check(f"The Dask worker {worker.address}", versions(), ours)
    units: Units = worker.plugins.get(PLUGIN) or sync(worker.loop, _units_of, worker)
    order = replace(order, memory=order.memory or _share(worker))
    return units.compute(key, order, {FIELD: field, FOLD: fold})


def _share(worker: Any) -> int:
    """Memory of each of a worker's threads, in bytes, as the cluster allots it; 0: it does not."""
    return int((worker.memory_manager.memory_limit or 0) // worker.state.nthreads)


async def _units_of(worker: Any) -> Units:
    # In the worker's loop, where all that concerns plugins happens.
    if PLUGIN not in worker.plugins:
        await worker.plugin_add(Units(), name=PLUGIN)
    units = worker.plugins[PLUGIN]
    assert isinstance(units, Units)
    return units


class Units(WorkerPlugin):
    """The units under way on a Dask worker, and the server beside it that computes them."""

    def __init__(self) -> None:
        self._calls: dict[str, socket.socket] = {}
        self._unwanted: set[str] = set()
        self._starting = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control = socket.socket()

    def setup(self, worker: Any) -> None:
        self._worker = worker

    def teardown(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
        self._control.close()
        if self._server is not None:
            try:
                self._server.wait(CLOSE_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End a unit that nobody wants any more, because its run gave it up or is gone itself.

        Dask lets a task that is under way go on, and forgets what comes of it.
        """
        if start == "executing" and finish == "released" and str(key).startswith(KEY):
            self._unwanted.add(key)
            if (call := self._calls.get(key)) is not None:
                with suppress(OSError):
                    call.shutdown(socket.SHUT_RDWR)

    def start(self) -> socket.socket:
        """See that the server runs; return the socket over which it takes connections."""
        with self._starting:
            if self._server is None or self._server.poll() is not None:
                self._control.close()
                self._control, theirs = socket.socketpair()
                with theirs:
                    self._server = subprocess.Popen(
                        [sys.executable, "-P", "-m", "workbench.training.executors.unit_server", str(theirs.fileno())],
                        pass_fds=[theirs.fileno()],
                        stdin=subprocess.DEVNULL,
                        # It finds what the worker finds, however that was told.
                        env=os.environ | TRAINING_ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                        # A signal to the worker's group is the worker's to handle.
                        start_new_session=True,
                    )
            return self._control

    def compute(self, key: str, order: Order, parts: Mapping[str, bytes]) -> Answer:
        """Have a unit computed, and tell when it is under way.

        Raises
        ------
        UnitServerDied
            When no answer came; also when nobody waits for one any more.
        """
        try:
            with self._call(key) as pipe:
                pipe.send(order)
                for part in pipe.recv():
                    pipe.send_bytes(parts[part])
                said = pipe.recv()
                if said == BEGUN:
                    self._worker.log_event(TOPIC, key)
                    said = pipe.recv()
                answer: Answer = said
                return answer
        except (EOFError, OSError) as error:
            raise UnitServerDied(str(error)) from error

    @contextmanager
    def _call(self, key: str) -> Iterator[Connection]:
        ours, theirs = socket.socketpair()
        self._calls[key] = ours
        try:
            with theirs:
                socket.send_fds(self.start(), [b"+"], [theirs.fileno()])
            with Connection(os.dup(ours.fileno())) as pipe:
                if key in self._unwanted:
                    raise EOFError(key)
                yield pipe
        finally:
            del self._calls[key]
            ours.close()
            self._unwanted.discard(key)
