"""``python -m workbench.training.executors.unit_server FD``: computes units beside a Dask worker, in forked processes.

A Dask worker has threads, so it must not fork, and it must outlive whatever it computes. It starts this server, which
has one thread and imports what estimators need once. Every unit comes over a connection of its own, which is sent
through the socket `FD`:

============================  ===========================================
worker → server               server → worker
============================  ===========================================
``Order``                     which of ``PARTS`` it does not have yet
those parts, pickled          ``BEGUN``, once the unit is under way
..                            the answer
============================  ===========================================

Whoever closes a connection ends its unit. The server ends with the socket, and after a while without work.
"""

from __future__ import annotations

import os
import pickle
import socket
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from workbench.training.executors.isolation import explain
from workbench.training.executors.sharing import Shared, lay_out
from workbench.training.executors.workers import Worker, failed, fork
from workbench.training.request import Limits, UnitFailed, UnitScored
from workbench.training.shortcuts import hush
from workbench.training.work import Compute, Unit, Work

LINGER_S = 1.0
"""Processes, and the folds that they share, are kept this long for the next unit."""
IDLE_S = 600.0
"""The server ends after this long without one; whoever needs it next starts another."""
FOLDS_KEPT = 2
"""Folds of a run kept at once: the one under way and the next. One that is needed again is sent again."""
FIELD, FOLD = PARTS = "field", "fold"
"""What units share: how each model of a run is scored, pickled one by one; and a prepared fold."""
BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Order:
    """One unit to compute.

    Attributes
    ----------
    run
        Name of its run among all that use the cluster.
    memory
        Most memory that it may take beyond what its process starts with, in bytes; 0: no limit.
    """

    unit: Unit
    run: str
    memory: int


@dataclass(slots=True)
class _Run:
    """What the server has of one run.

    Attributes
    ----------
    idle
        Processes that wait for their next unit.
    used
        When it was last of use (monotonic seconds).
    """

    candidates: Mapping[str, Compute]
    folds: dict[int, Shared] = field(default_factory=dict)
    idle: list[Worker] = field(default_factory=list)
    used: float = 0.0

    def keep(self, fold: int, rows: Any) -> None:
        self.folds[fold] = lay_out(rows)
        while len(self.folds) > FOLDS_KEPT:
            del self.folds[next(iter(self.folds))]


@dataclass(frozen=True, slots=True)
class _Call:
    """A unit under way, and the run whose it is."""

    run: _Run
    worker: Worker
    unit: Unit


class UnitServer:
    """Forks, hears and ends units until nobody needs it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._runs: dict[str, _Run] = {}
        self._calls: dict[Connection, _Call] = {}

    def serve(self) -> None:
        while True:
            callers: dict[Any, Connection] = {call.worker.pipe: caller for caller, call in self._calls.items()}
            sources: list[Any] = [self._control, *self._calls, *callers]
            heard = wait(sources, timeout=LINGER_S if self._runs else IDLE_S)
            if not heard and not self._runs:
                return
            for source in heard:
                if source is self._control:
                    if not self._accept():
                        return
                elif source in callers:
                    self._answer(callers[source])
                else:
                    self._hang_up(source)  # type: ignore[arg-type]
            self._forget(LINGER_S)

    def close(self) -> None:
        for caller in list(self._calls):
            self._hang_up(caller)
        self._forget(0)

    def _accept(self) -> bool:
        """Take a connection and begin its unit; False when the Dask worker is gone."""
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not descriptors:
            return False
        caller = Connection(descriptors[0])
        try:
            self._begin(caller)
        except (EOFError, OSError):
            self._hang_up(caller)
        return True

    def _begin(self, caller: Connection) -> None:
        order: Order = caller.recv()
        run = self._runs.get(order.run)
        missing = [] if run else [FIELD]
        if run is None or order.unit.fold not in run.folds:
            missing.append(FOLD)
        caller.send(missing)
        parts = {part: caller.recv_bytes() for part in missing}
        if run is None:
            # Here, and not in the units' processes: what this imports is imported once.
            run = _Run({model: _loaded(packed) for model, packed in pickle.loads(parts[FIELD]).items()})
            self._runs[order.run] = run
            hush()
        if FOLD in parts:
            try:
                run.keep(order.unit.fold, pickle.loads(parts[FOLD]))
            except Exception as error:  # noqa: BLE001 - a library that is not there, or a fold that is too large
                caller.send(failed(order.unit, error))
                caller.close()
                return
        run.used = time.monotonic()
        self._calls[caller] = _Call(run, self._start(run, order), order.unit)
        caller.send(BEGUN)

    def _start(self, run: _Run, order: Order) -> Worker:
        """Give a unit to a process of its run that waits, or to a new one."""
        while run.idle:
            worker = run.idle.pop()
            try:
                worker.give(order.unit, run.folds)
            except OSError:
                worker.reap()
            else:
                return worker
        work = Work(run.candidates, 0, _nothing_to_prepare, Limits(unit_bytes=order.memory))
        worker = fork(work, self._processes(), run.folds)
        worker.give(order.unit, run.folds)
        return worker

    def _processes(self) -> list[Worker]:
        busy = [call.worker for call in self._calls.values()]
        return [*busy, *(worker for run in self._runs.values() for worker in run.idle)]

    def _answer(self, caller: Connection) -> None:
        call = self._calls.pop(caller, None)
        if call is None:
            return
        unit = call.unit
        try:
            answer = call.worker.take()
        except (EOFError, OSError):
            answer = UnitFailed(unit.model, unit.fold, explain(call.worker.reap()), gives_up=True)
        else:
            call.run.idle.append(call.worker)
        # Where nobody waits for it any more, it goes with the connection.
        with suppress(OSError):
            caller.send(answer)
        caller.close()

    def _hang_up(self, caller: Connection) -> None:
        call = self._calls.pop(caller, None)
        if call is not None:
            call.worker.kill()
        caller.close()

    def _forget(self, after_s: float) -> None:
        """Let go of runs that were of no use for so long, and of their processes."""
        for call in self._calls.values():
            call.run.used = time.monotonic()
        for name, run in list(self._runs.items()):
            if time.monotonic() - run.used >= after_s:
                for worker in run.idle:
                    worker.kill()
                del self._runs[name]


def _nothing_to_prepare(fold: int) -> Any:
    raise AssertionError(f"fold {fold} comes prepared")


def _loaded(packed: bytes) -> Compute:
    """Load what scores a model; what cannot be loaded here fails where it is used, at the cost of its own row."""
    try:
        compute: Compute = pickle.loads(packed)
    except Exception as error:  # noqa: BLE001 - whatever a library raises while it is imported
        reason = error

        def fail(*_: Any) -> UnitScored:
            raise reason

        return fail
    return compute


def main() -> None:
    warnings.filterwarnings("ignore")
    server = UnitServer(socket.socket(fileno=int(sys.argv[1])))
    try:
        server.serve()
    finally:
        server.close()
        sys.stdout.flush()
        sys.stderr.flush()
        # The worker that closes may wait: nothing of what an interpreter does at its end is needed here.
        os._exit(0)


if __name__ == "__main__":
    main()
