"""The runner against processes that come late, twice, or never: the test speaks for its fork server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import psutil
import pytest

from workbench.data.sources import Sources
from workbench.runs import deaths, ending, events, lookup, queue
from workbench.runs.asked import Asked
from workbench.runs.carrier import Carrier
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import make_spec
from workbench.service import runner as module
from workbench.service.runner import ForkServer, Runner
from workbench.store.store import open_store
from workbench.store.tables import RunRow

HERE = f"{socket.gethostname()}:1"


class Spoken(ForkServer):
    """A fork server for which the test answers."""

    started: list[Spoken]
    rounds = 0

    def __init__(self, settings, lifeline) -> None:
        self.channel, self.theirs = socket.socketpair()
        self._buffer = b""
        self.is_warm = True
        self.was_rung_for = False
        self.theirs.settimeout(30)
        self._orders = self.theirs.makefile()
        self.started.append(self)

    def ordered(self) -> str:
        """Wait until the runner asks for a process, and return for which run."""
        return json.loads(self._orders.readline())["fork"]

    def say(self, **message: object) -> None:
        self.theirs.sendall(json.dumps(message).encode() + b"\n")

    def die(self) -> None:
        self._orders.close()
        self.theirs.close()

    def close(self) -> int:
        self.channel.close()
        return -9


@pytest.fixture
def serve(store, monkeypatch) -> Iterator:
    """Let a runner look after the home, and return its fork server."""
    Spoken.started = []
    monkeypatch.setattr(module, "ForkServer", Spoken)
    opened, threads = [], []

    def count() -> None:
        Spoken.started[-1].rounds += 1

    def serve() -> Spoken:
        own = open_store(store.settings)
        runner = Runner(own, HERE, on_warm=lambda: None, each_round=count)
        thread = threading.Thread(target=runner.run)
        thread.start()
        opened.append(own)
        threads.append((runner, thread))
        return Spoken.started[-1]

    yield serve
    for runner, thread in threads:
        runner.stop()
        thread.join(30)
    for server in Spoken.started:
        server.die()
    for own in opened:
        own.close()


@pytest.fixture
def submit(store):
    def submit():
        iris = Sources(store).sample("iris")
        spec = make_spec(Asked(task="classification", target="species", folds=3))
        identity = SourceIdentity(iris.id, iris.name, iris.sha256)
        return queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True)

    return submit


@pytest.fixture
def process() -> Iterator:
    """Start a process in a group of its own, with a worker that does not die with it."""
    started: list[subprocess.Popen[str]] = []

    def process() -> tuple[Carrier, psutil.Process]:
        code = "import subprocess, sys\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\nsys.stdin.read()"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        made = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, text=True, **pipes)
        started.append(made)
        worker = psutil.Process(int(made.stdout.readline()))
        return Carrier(made.pid, psutil.Process(made.pid).create_time()), worker

    yield process
    for made in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.communicate()


def reap(carrier: Carrier) -> None:
    """Kill a process, not its group, and take its status, as a fork server does before it tells."""
    os.kill(carrier.process_id, signal.SIGKILL)
    os.waitpid(carrier.process_id, 0)


def requeued(store, run) -> list[str]:
    return [event.message for event in events.page(store.database, run.id) if event.kind == "run.requeued"]


def test_a_second_process_that_is_refused_does_no_harm_to_the_first(store, serve, submit, process, is_gone, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    (first, worker), (second, others) = process(), process()
    for carrier in (first, second):
        server.say(what="run", forked=run.id, pid=carrier.process_id)
    assert queue.register(store, run.id, HERE, first)
    assert not queue.register(store, run.id, HERE, second)
    reap(second)
    server.say(exited=second.process_id, status=0)
    # What it left behind goes with it.
    eventually(lambda: is_gone(others))
    assert not is_gone(worker)
    assert not is_gone(psutil.Process(first.process_id))
    with store.database.read() as session:
        row = session.get_one(RunRow, run.id)
    assert (row.status, row.process_id, row.deaths, requeued(store, run)) == ("running", first.process_id, 0, [])


def test_what_belongs_to_each_round_is_done_also_where_a_message_cannot_be_dealt_with(serve, eventually):
    server = serve()
    server.say(forked="of what it does not say")
    seen = server.rounds
    eventually(lambda: server.rounds > seen + 2)


def test_a_process_that_is_gone_before_it_is_told_of_is_lost_once(store, serve, submit, process, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    carrier, _ = process()
    assert queue.register(store, run.id, HERE, carrier)
    reap(carrier)
    seen = server.rounds
    eventually(lambda: server.rounds > seen + 2)
    assert requeued(store, run) == []
    server.say(what="run", forked=run.id, pid=carrier.process_id)
    server.say(exited=carrier.process_id, status=-signal.SIGKILL)
    assert server.ordered() == run.id
    (why,) = requeued(store, run)
    assert "SIGKILL" in why
    with store.database.read() as session:
        assert session.get_one(RunRow, run.id).deaths == 1


def test_a_process_is_waited_for_however_long_it_takes(store, serve, submit, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    with store.database.write() as session:
        session.get_one(RunRow, run.id).claimed_at -= timedelta(hours=1)
    # The other run is ordered by a later look than the one that saw this.
    other = submit()
    assert server.ordered() == other.id
    assert (lookup.get(store, run.id).status, requeued(store, run)) == ("running", [])


def test_what_a_dead_fork_server_was_asked_for_is_asked_of_the_next(store, serve, submit, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    server.die()
    eventually(lambda: len(Spoken.started) == 2)
    assert Spoken.started[1].ordered() == run.id
    assert requeued(store, run) == ["The fork server ended before it had a process for the run. It starts again."]


def test_a_run_for_which_every_fork_server_dies_is_given_up(store, serve, submit, eventually):
    serve()
    run = submit()
    for life in range(1, deaths.MOST + 2):
        server = eventually(lambda life=life: Spoken.started[life - 1 : life])[0]
        assert server.ordered() == run.id
        server.die()
    eventually(lambda: lookup.get(store, run.id).is_terminal)
    assert lookup.get(store, run.id).error == ("NotStarted: The fork server ended before it had a process for the run.")


def test_what_an_earlier_service_claimed_without_a_process_goes_back(store, serve, submit):
    run = submit()
    queue.claim(store, f"{socket.gethostname()}:0", most=1)
    assert serve().ordered() == run.id
    assert requeued(store, run) == ["The service ended before it had a process for the run. It starts again."]


def test_the_workers_of_a_process_that_died_under_an_earlier_service_are_ended(
    store, serve, submit, process, is_gone, eventually
):
    run = submit()
    carrier, worker = process()
    earlier = f"{socket.gethostname()}:0"
    queue.claim(store, earlier, most=1)
    assert queue.register(store, run.id, earlier, carrier)
    reap(carrier)
    assert not is_gone(worker)
    assert serve().ordered() == run.id
    eventually(lambda: is_gone(worker))


def test_a_run_that_was_cancelled_as_its_process_died_is_cancelled(store, serve, submit, process, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    carrier, _ = process()
    server.say(what="run", forked=run.id, pid=carrier.process_id)
    assert queue.register(store, run.id, HERE, carrier)
    reap(carrier)
    ending.request_cancel(store, run.id, by="bob")
    server.say(exited=carrier.process_id, status=-9)
    eventually(lambda: lookup.get(store, run.id).is_terminal)
    assert lookup.get(store, run.id).error.startswith("Cancelled by bob at ")


def test_a_run_over_its_time_is_ended_and_the_time_before_counts(store, serve, submit, process, is_gone, eventually):
    server, run = serve(), submit()
    assert server.ordered() == run.id
    carrier, worker = process()
    server.say(what="run", forked=run.id, pid=carrier.process_id)
    assert queue.register(store, run.id, HERE, carrier)
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.started_at -= timedelta(hours=10)
        row.spec = row.spec | {"run_timeout_s": 3600}
    # The night between two processes is nobody's time. The other run is ordered by a later look than one that saw this.
    other = submit()
    assert server.ordered() == other.id
    assert lookup.get(store, run.id).status == "running"
    with store.database.write() as session:
        session.get_one(RunRow, run.id).used_s = 3600
    eventually(lambda: lookup.get(store, run.id).is_terminal)
    assert lookup.get(store, run.id).error == "TimedOut: the run took longer than 3600 s."
    eventually(lambda: is_gone(worker))
