"""A Dask cluster as a run sees it: whether it answers, who its workers are, and whether they have its versions."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import Client, Future
from distributed.comm.core import connect

from workbench.errors import Conflict, EngineFault
from workbench.training.executors import dask_worker

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""
WORKERS_S = 60.0
"""How long a cluster may be without workers."""
LOOK_S = 1.0
"""How often the run looks which workers there are."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at ``tcp://HOST:PORT``; all that it asked for ends with it.

    Raises
    ------
    EngineFault
        ``executor.unreachable`` when nothing that speaks Dask's protocol answers there in time.
    """
    try:
        # First of all, for a client would wait for ever where a connection is taken and nothing is said.
        asyncio.run(asyncio.wait_for(_knock(address), CONNECT_S))
        client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise EngineFault(
            "executor.unreachable",
            f"No Dask scheduler answers at {address}.",
            hint="Start one with `dask scheduler`, or name another address.",
        ) from error
    try:
        yield client
    finally:
        client.close()


async def _knock(address: str) -> None:
    comm = await connect(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    await comm.close()


class Cluster:
    """The workers that units may be given to.

    Attributes
    ----------
    threads
        Address of each worker → units that it computes at once.
    versions
        What this process has, and every worker must have.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self.threads: dict[str, int] = {}
        self.versions = dask_worker.versions()
        self._looked_at = 0.0
        self._manned_at = time.monotonic()
        self._call_for_one: Future | None = None
        with self.reached():
            self._compare_scheduler()

    @property
    def is_lost(self) -> bool:
        return str(self.client.status) != "running"

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Tell in one sentence that the scheduler is gone, whatever was being asked of it."""
        try:
            yield
        except OSError as error:
            raise self.gone() from error

    def doubt(self) -> None:
        """Look again before anything is given to any worker: one of them did not answer, or the scheduler did not."""
        self.threads, self._looked_at = {}, 0.0

    def gone(self) -> EngineFault:
        return EngineFault(
            "executor.unreachable",
            f"The Dask scheduler at {self.client.scheduler.address} went away during the run.",
            hint="What was scored is kept: resume the run once it is back.",
        )

    def look(self) -> None:
        """See which workers there are, from time to time, and get new ones ready."""
        if self.is_lost:
            raise self.gone()
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        with self.reached():
            found = self.client.nthreads()
            self.threads = {address: found[address] for address in self.threads if address in found}
            new = [address for address in found if address not in self.threads]
            if new:
                self._greet(new, found)
        self._looked_at = time.monotonic()
        if self.threads:
            self._manned_at, self._call_for_one = self._looked_at, None
            return
        if self._looked_at - self._manned_at > WORKERS_S:
            raise EngineFault(
                "executor.no_workers",
                f"The Dask cluster has had no workers for {WORKERS_S:g} s.",
                hint="Start some with `dask worker`, then submit or resume the run.",
            )
        if self._call_for_one is None:
            # A cluster that adapts starts workers only for a task that waits for one.
            self._call_for_one = self.client.submit(os.getpid, pure=False)

    def _greet(self, addresses: list[str], threads: Mapping[str, int]) -> None:
        told = self.client.run(dask_worker.greet, workers=addresses, on_error="return")
        for address, theirs in told.items():
            # One that is gone already is no news; one that cannot answer is no use.
            if not isinstance(theirs, OSError):
                self._compare(f"The Dask worker {address}", theirs, self.versions)
                self.threads[address] = threads[address]

    def _compare_scheduler(self) -> None:
        # It reads tasks on their way to the workers.
        try:
            theirs = self.client.run_on_scheduler(dask_worker.workbench_version)
        except (ImportError, AttributeError) as error:
            theirs = error
        self._compare("The Dask scheduler", theirs, dask_worker.workbench_version())

    def _compare(self, whose: str, theirs: Mapping[str, str] | Exception, ours: Mapping[str, str]) -> None:
        if isinstance(theirs, Exception):
            raise Conflict(
                "training.version_mismatch",
                f"{whose} cannot load Workbench {ours['workbench']}: {theirs}.",
                hint="Install the same packages there as where the run is.",
            ) from theirs
        dask_worker.check(whose, theirs, ours)
