"""Errands against processes that wait, end or were left by an earlier service: the test speaks for the fork server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from workbench.service.errands import AT_ONCE, Errands
from workbench.serving import batches
from workbench.store.homes import Lease
from workbench.store.tables import BatchRow


@pytest.fixture
def orders() -> list[str]:
    """Batches for which the fork server was asked for a process."""
    return []


@pytest.fixture
def serve(store, orders) -> Callable[[], Errands]:
    """Make the errands of a service that has just started."""
    return lambda: Errands(store, "here:1", lambda _, of: orders.append(of), Lease(store).hold)


@pytest.fixture
def submit(store, pipelines) -> Callable[[], str]:  # noqa: F811
    return lambda: batches.submit(store, pipelines[0], "s", 150, by="ana").id


@pytest.fixture
def start(store) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a process in a group of its own that carries a batch."""
    started: list[subprocess.Popen[bytes]] = []

    def start(batch: str) -> subprocess.Popen[bytes]:
        made = subprocess.Popen(["sleep", "600"], start_new_session=True)
        started.append(made)
        assert batches.register(store, batch, made.pid, psutil.Process(made.pid).create_time())
        return made

    yield start
    for made in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.wait()


def told(store, batch: str) -> tuple[str, str | None]:
    found = batches.get(store, batch)
    return found.status, found.error


def test_so_many_are_carried_at_once_and_the_others_wait_for_their_turn(serve, submit, start, orders):
    errands, waiting = serve(), [submit() for _ in range(AT_ONCE + 1)]
    assert errands.look(is_warm=True)
    assert errands.look(is_warm=True)
    assert orders == waiting[:AT_ONCE]
    for batch in orders:
        errands.forked("batch", batch, start(batch).pid)
    errands.look(is_warm=True)
    assert orders == waiting[:AT_ONCE]


def test_before_the_fork_server_is_warm_nothing_is_asked_of_it(serve, submit, orders):
    submit()
    assert serve().look(is_warm=False)
    assert orders == []


def test_where_nothing_waits_or_is_under_way_there_is_nothing_to_do(serve):
    assert not serve().look(is_warm=True)


def test_what_a_dead_fork_server_was_asked_for_is_asked_of_the_next(serve, submit, orders):
    errands, batch = serve(), submit()
    errands.look(is_warm=True)
    errands.lost_server()
    errands.look(is_warm=True)
    assert orders == [batch, batch]


def test_how_a_process_ended_is_told_and_its_batch_is_ordered_again(store, serve, submit, start, orders):
    errands, batch = serve(), submit()
    errands.look(is_warm=True)
    process = start(batch)
    errands.forked("batch", batch, process.pid)
    errands.exited(process.pid, -signal.SIGSEGV)
    crashed = "The batch process crashed in native code (SIGSEGV). It starts again."
    assert told(store, batch) == ("queued", crashed)
    errands.look(is_warm=True)
    assert orders == [batch, batch]


def test_a_process_that_is_gone_before_it_is_told_of_is_lost_once(store, serve, submit, start, orders):
    errands, batch = serve(), submit()
    errands.look(is_warm=True)
    process = start(batch)
    process.kill()
    process.wait()
    errands.look(is_warm=True)
    assert told(store, batch) == ("running", None)
    errands.forked("batch", batch, process.pid)
    errands.exited(process.pid, -signal.SIGKILL)
    with store.database.read() as session:
        assert session.get_one(BatchRow, batch).deaths == 1
    errands.look(is_warm=True)
    assert orders == [batch, batch]


def test_a_process_that_cannot_even_begin_does_not_try_for_ever(store, serve, submit, orders):
    errands, batch = serve(), submit()
    for _ in range(batches.DEATHS_MOST + 2):
        if errands.look(is_warm=True):
            errands.forked("batch", batch, 4711)
            errands.exited(4711, 1)
    assert len(orders) == batches.DEATHS_MOST + 1
    assert told(store, batch) == (
        "failed",
        "The batch process ended with code 1 before it told a result; its log says more.",
    )


def test_what_an_earlier_service_left_goes_on(store, serve, submit, start, orders):
    batch = submit()
    start(batch)
    assert serve().look(is_warm=True)
    assert (told(store, batch), orders) == (("running", None), [])


def test_what_ended_while_no_service_looked_starts_again(store, serve, submit, start, orders):
    batch = submit()
    process = start(batch)
    process.kill()
    process.wait()
    serve().look(is_warm=True)
    status, why = told(store, batch)
    assert (status, orders) == ("queued", [batch])
    assert "nobody saw how it ended" in why


def test_what_is_cancelled_is_killed_and_told_of_once_it_is_gone(store, serve, submit, start, eventually):
    errands, batch = serve(), submit()
    process = start(batch)
    batches.request_cancel(store, batch, by="ben")
    errands.look(is_warm=True)
    assert process.wait(30) == -signal.SIGKILL
    eventually(lambda: not errands.look(is_warm=True))
    assert told(store, batch) == ("cancelled", "Cancelled by ben.")
