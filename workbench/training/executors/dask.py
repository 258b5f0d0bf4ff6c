"""The same units on a Dask cluster: a unit is a task, a prepared fold is data that the cluster holds.

The run's own process prepares folds and decides which worker computes what; the cluster moves folds about and computes
units again whose worker was lost. See `workbench.training.executors.dask_worker` for the other end. Estimators, folds
and answers cross as pickles, which are code: a cluster must be trusted as far as the machine that the run is on.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

import cloudpickle
from distributed import CancelledError, Future, KilledWorker

from workbench.errors import WorkbenchError
from workbench.training.executors import dask_worker
from workbench.training.executors.dask_cluster import LOOK_S, Cluster, connected
from workbench.training.executors.lineup import Lineup
from workbench.training.executors.unit_server import Order
from workbench.training.executors.workers import failed
from workbench.training.request import UnitFailed
from workbench.training.work import Answer, Told, Unit, Work

DEPTH = 2
"""Units a thread of the cluster is given at once while folds are still to be prepared."""
DEATHS_MOST = 3
"""A unit that was under way this often when its worker was lost is given up; after the first time it is alone there."""
LOSSES_MOST = 10
"""So is one that was lost this often before it was under way."""


class DaskExecutor:
    """Runs every unit on an existing Dask cluster.

    Parameters
    ----------
    address
        ``dask://HOST:PORT`` of the scheduler.
    """

    def __init__(self, address: str) -> None:
        self._address = f"tcp://{address.removeprefix('dask://')}"

    def run(self, work: Work) -> Iterator[Told]:
        """Yield what happens, as it happens, until every unit is answered.

        Raises
        ------
        EngineFault
            ``executor.unreachable`` when the scheduler does not answer or goes away; ``executor.no_workers`` when it
            has had no worker for a minute.
        Conflict
            ``training.version_mismatch`` when a worker has other versions than this process.
        """
        with connected(self._address) as client:
            yield from _Round(Cluster(client), work).run()


@dataclass(slots=True)
class _Given:
    """A unit that the cluster has been given.

    Attributes
    ----------
    started
        When it was heard to be under way (monotonic seconds); None: not yet.
    """

    unit: Unit
    future: Future
    worker: str
    started: float | None = None


@dataclass(slots=True)
class _Part:
    """What units share, pickled, and the cluster's hold of it once it has one."""

    packed: bytes
    held: Future | None = None


class _Round:
    """One piece of work on its way."""

    def __init__(self, cluster: Cluster, work: Work) -> None:
        self._cluster = cluster
        self._client = cluster.client
        self._work = work
        self._lineup = Lineup(work)
        self._given: dict[str, _Given] = {}
        self._name = uuid4().hex
        field = {model: cloudpickle.dumps(compute) for model, compute in work.candidates.items()}
        self._field = _Part(pickle.dumps(field))
        self._news: SimpleQueue[tuple[str, bool]] = SimpleQueue()
        self._deaths: Counter[Unit] = Counter()
        self._losses: Counter[Unit] = Counter()
        self._submitted = 0

    def run(self) -> Iterator[Told]:
        self._client.subscribe_topic(dask_worker.TOPIC, lambda event: self._news.put((event[1], False)))
        try:
            while self._lineup.is_open or self._given:
                self._cluster.look()
                if self._wants_a_fold():
                    yield from self._prepare()
                self._recall()
                self._fill()
                # Answers are waited for only when there is nothing better to do.
                yield from self._answers(0 if self._wants_a_fold() else self._patience())
        finally:
            self._cancel(self._given)

    def _wants_a_fold(self) -> bool:
        return self._lineup.wants_a_fold(DEPTH * sum(self._cluster.threads.values()))

    def _prepare(self) -> Iterator[Told]:
        rows, told = self._work.attempt(self._lineup.next_fold().fold)
        begun = {given.unit.model: given.started for given in self._given.values() if given.started is not None}
        under_way = {model: time.monotonic() - started for model, started in begun.items()}
        yield from self._lineup.ready(_Part(cloudpickle.dumps(rows)), told, under_way)

    def _fill(self) -> None:
        """Give units out in order, each to the worker with the most threads to spare."""
        while (unit := self._lineup.first()) is not None:
            worker = self._spare_worker(unit)
            if worker is None:
                return
            try:
                self._give(unit, worker)
            except OSError:
                self._cluster.doubt()
                return
            self._lineup.queue.popleft()

    def _spare_worker(self, unit: Unit) -> str | None:
        # Whoever may have killed a worker is tried where nobody else can be hurt, or be taken for it.
        alone = {given.worker for given in self._given.values() if self._deaths[given.unit]}
        busy = {given.worker for given in self._given.values()} if self._deaths[unit] else alone
        threads = {worker: number for worker, number in self._cluster.threads.items() if worker not in busy}
        # Ahead of need only while there is plenty: at the end the last units must spread evenly.
        is_plenty = not self._lineup.is_prepared or len(self._lineup.queue) > sum(self._cluster.threads.values())
        depth = DEPTH if is_plenty else 1
        given = Counter(given.worker for given in self._given.values())
        spare = {worker: depth - given[worker] / threads[worker] for worker in threads}
        best = max(spare, key=spare.__getitem__, default=None)
        return best if best is not None and spare[best] > 0 else None

    def _give(self, unit: Unit, worker: str) -> None:
        key = f"{dask_worker.KEY}{unit.model}-{unit.fold}-{uuid4().hex}"
        self._submitted += 1
        order = Order(unit, self._name, self._work.limits.unit_bytes)
        future: Any = self._client.submit(
            dask_worker.compute_unit,
            key,
            pickle.dumps((order, self._cluster.versions)),
            self._hold(self._field),
            self._hold(self._lineup.folds[unit.fold]),
            key=key,
            workers=[worker],
            # Where that one is lost, another will do.
            allow_other_workers=True,
            priority=-self._submitted,
        )
        self._given[key] = _Given(unit, future, worker)
        future.add_done_callback(lambda done: self._news.put((str(done.key), True)))

    def _hold(self, part: _Part) -> Future:
        """Let the cluster hold a part; again where the workers that held it were lost."""
        if part.held is None or part.held.status != "finished":
            part.held = self._client.scatter(part.packed, hash=False)
        return part.held

    def _answers(self, patience_s: float) -> Iterator[Answer]:
        heard, lost = self._heard(patience_s)
        for given in lost:
            yield from self._lose(given)
        done = {key: self._given.pop(key) for key in heard if key in self._given}
        finished = {key: given.future for key, given in done.items() if given.future.status == "finished"}
        answers: Mapping[str, Answer | None] = {}
        with suppress(OSError, CancelledError):
            answers = self._client.gather(finished, errors="skip")
        for key, given in done.items():
            answer = answers.get(key)
            # None, too, where an answer was lost with its worker between being told of and being fetched.
            yield from self._miss(given) if answer is None else self._take(given, answer)
        for given in list(self._given.values()):
            left = self._left_s(given)
            if left is not None and left < 0 and given.unit.model not in self._work.dropped:
                yield self._lineup.late(given.unit)

    def _heard(self, patience_s: float) -> tuple[list[str], list[_Given]]:
        """Wait for news; return the keys of the units that are done, and the units that were lost under way."""
        done, lost = [], {}
        with suppress(Empty):
            key, is_done = self._news.get(timeout=patience_s) if patience_s else self._news.get_nowait()
            while True:
                if is_done:
                    done.append(key)
                elif (given := self._given.get(key)) and given.started is None:
                    given.started = time.monotonic()
                elif given:
                    # Begun once more: Dask has seen the loss before this process did.
                    lost[key] = self._given.pop(key)
                key, is_done = self._news.get_nowait()
        self._cancel(lost)
        return done, list(lost.values())

    def _take(self, given: _Given, answer: Answer) -> Iterator[Answer]:
        self._lineup.spend(answer, given.started)
        self._lineup.close(answer)
        if answer.model in self._work.dropped:
            return
        if isinstance(answer, UnitFailed) and answer.gives_up:
            self._work.dropped.add(answer.model)
        yield answer
        if self._lineup.is_spent(answer.model):
            yield self._lineup.late(answer)

    def _miss(self, given: _Given) -> Iterator[Answer]:
        """Find out why there is no answer."""
        if self._cluster.is_lost:
            raise self._cluster.gone()
        error = self._error(given.future)
        if isinstance(error, WorkbenchError):
            raise error
        if error is not None and not isinstance(error, (KilledWorker, dask_worker.UnitServerDied)):
            yield from self._take(given, failed(given.unit, error))
            return
        if given.future.status == "finished":
            # It was through; only its answer was lost.
            given.started = None
        yield from self._lose(given)

    def _lose(self, given: _Given) -> Iterator[Answer]:
        """Have a unit computed again whose worker was lost, unless that is its own fault."""
        self._cluster.doubt()
        unit, was_under_way = given.unit, given.started is not None
        count = self._deaths if was_under_way else self._losses
        count[unit] += 1
        if count[unit] >= (DEATHS_MOST if was_under_way else LOSSES_MOST):
            when = "while" if was_under_way else "before"
            reason = f"Its worker was lost {count[unit]} times {when} it was under way."
            yield from self._take(given, UnitFailed(unit.model, unit.fold, reason, gives_up=True))
        elif was_under_way:
            self._lineup.queue.append(unit)
        else:
            self._lineup.queue.appendleft(unit)

    def _error(self, future: Future) -> Exception | None:
        """Return what a task raised; None where it, or the fold that it needs, was lost."""
        if future.status != "error":
            return None
        error = future.exception()  # type: ignore[no-untyped-call]
        return error if isinstance(error, Exception) else RuntimeError(str(error))

    def _recall(self) -> None:
        """Take back units of models that were dropped; those under way end."""
        dropped = {key: given for key, given in self._given.items() if given.unit.model in self._work.dropped}
        for key, given in dropped.items():
            del self._given[key]
            self._lineup.close(given.unit)
        self._cancel(dropped)

    def _cancel(self, given: Mapping[str, _Given]) -> None:
        if given and not self._cluster.is_lost:
            with suppress(OSError):
                self._client.cancel([one.future for one in given.values()], force=True)

    def _left_s(self, given: _Given) -> float | None:
        return self._lineup.left_s(given.unit.model, given.started)

    def _patience(self) -> float:
        lefts = [left for given in self._given.values() if (left := self._left_s(given)) is not None]
        return max(0.0, min([LOOK_S, *lefts])) + 0.005
