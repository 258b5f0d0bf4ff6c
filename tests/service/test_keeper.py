"""The keeper against predictors that die, hang, or cannot be loaded: the test speaks for fork server and predictors."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import psutil
import pytest

from tests.serving.conftest import elsewhere, pipelines  # noqa: F401 - fixtures
from workbench.service import keeper as module
from workbench.service.keeper import (
    DEATHS_MOST,
    DEATHS_WITHIN_S,
    GRACE_S,
    KILL_S,
    PAUSE_MOST_S,
    PAUSE_S,
    START_S,
    Keeper,
)
from workbench.serving import deployments, predictors, sockets
from workbench.serving.deployment import DeploymentRecord, Predictor, PredictorId
from workbench.store.homes import Lease
from workbench.store.store import Store
from workbench.store.tables import HomeRow, PredictorRow, now

MOMENT_S = 0.01


@dataclass
class House:
    """A home with one deployment, ``juice``, its keeper, and what that asked the fork server for."""

    store: Store
    keeper: Keeper
    now: float = 0.0
    ordered: list[PredictorId] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def record(self) -> DeploymentRecord:
        return deployments.get(self.store, "juice")

    def predictor(self, which: int = -1) -> Predictor:
        found = predictors.get(self.store, self.ordered[which])
        assert found is not None
        return found

    def look(self, *, after_s: float = 0.0) -> int:
        """Have the keeper look after a while; return how many predictors it has asked for so far."""
        self.now += after_s
        self.keeper.look(is_warm=True)
        return len(self.ordered)

    def start(self) -> subprocess.Popen[bytes]:
        """Begin to be the predictor that was asked for last, in a process of its own."""
        process = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self.processes.append(process)
        self.keeper.forked(self.ordered[-1], process.pid)
        assert predictors.started(self.store, self.ordered[-1], process.pid, psutil.Process(process.pid).create_time())
        return process

    def answer(self) -> subprocess.Popen[bytes]:
        """Be the predictor that was asked for last, and answer."""
        process = self.start()
        path = self.store.settings.sockets / f"{process.pid}{sockets.SUFFIX}"
        sockets.listen(path).close()
        assert predictors.ready(self.store, self.ordered[-1], str(path), {})
        return process

    def end(self, process: subprocess.Popen[bytes], status: int = -signal.SIGKILL) -> None:
        """End a process, and tell the keeper as the fork server does."""
        process.kill()
        process.wait()
        assert self.keeper.exited(process.pid, status)

    def die(self) -> None:
        """Have the predictor that was asked for last die without a word, as a process that registered and crashed."""
        pid = 1_000_000_000 + len(self.ordered)
        self.keeper.forked(self.ordered[-1], pid)
        assert self.keeper.exited(pid, -signal.SIGSEGV)


@pytest.fixture
def house(store, pipelines, monkeypatch) -> Iterator[House]:  # noqa: F811
    orders: list[PredictorId] = []
    keeper = Keeper(store, orders.append, Lease(store).hold)
    made = House(store, keeper, ordered=orders)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: made.now))
    deployments.create(store, "juice", pipelines[0], by="ana")
    deployments.warm(store, "juice", by="ana")
    yield made
    for process in made.processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def answering(house) -> House:
    assert house.look() == 1
    house.answer()
    house.look()
    assert house.record.status == "ready"
    return house


def test_a_predictor_that_dies_is_replaced_at_once_and_leaves_no_socket(answering):
    answering.end(answering.processes[0])
    assert answering.look() == 2
    answering.answer()
    assert answering.record.status == "ready"
    assert [path.stem for path in answering.store.settings.sockets.iterdir()] == [str(answering.processes[1].pid)]
    assert answering.predictor(0).error.startswith("The predictor was killed (SIGKILL).")


def test_each_death_in_a_row_is_waited_after_twice_as_long(house):
    house.look()
    house.die()
    assert house.look() == 2
    for death in range(2, DEATHS_MOST):
        house.die()
        pause_s = min(PAUSE_S * 2 ** (death - 2), PAUSE_MOST_S)
        assert house.look(after_s=pause_s - MOMENT_S) == death
        assert house.look(after_s=2 * MOMENT_S) == death + 1


def die_so_often(house: House, deaths: int, *, every_s: float) -> None:
    for death in range(1, deaths + 1):
        assert house.look(after_s=every_s) == death
        house.die()


def test_a_pipeline_whose_predictor_dies_too_often_is_given_up_and_the_deployment_says_why(house):
    die_so_often(house, DEATHS_MOST, every_s=PAUSE_MOST_S)
    assert house.look(after_s=PAUSE_MOST_S) == DEATHS_MOST
    assert house.record.status == "failed"
    assert house.record.error == (
        "Its predictor ended 8 times within 120 s, last so: The predictor crashed in native code (SIGSEGV)."
    )
    assert house.look(after_s=3600) == DEATHS_MOST
    assert [line.action for line in deployments.history(house.store, house.record, limit=1)] == ["deployment.failed"]


def test_what_was_given_up_and_is_warmed_again_has_all_its_tries_again(house):
    die_so_often(house, DEATHS_MOST, every_s=PAUSE_MOST_S)
    house.look()
    deployments.warm(house.store, "juice", by="ana")
    assert house.look() == DEATHS_MOST + 1
    house.die()
    assert house.look() == DEATHS_MOST + 2


def test_deaths_that_are_far_apart_are_each_the_first(house):
    die_so_often(house, DEATHS_MOST + 2, every_s=DEATHS_WITHIN_S)
    assert house.record.status == "warming"


def test_a_pipeline_that_cannot_be_loaded_is_not_tried_again(house):
    house.look()
    process = house.start()
    predictors.cannot(house.store, house.ordered[0], "ModuleNotFoundError: No module named 'juice'")
    house.end(process, 0)
    assert house.look(after_s=3600) == 1
    assert (house.record.status, house.record.error) == ("failed", "ModuleNotFoundError: No module named 'juice'")


def test_a_pipeline_that_cannot_be_loaded_just_now_is_tried_again(house):
    house.look()
    process = house.start()
    predictors.stall(house.store, house.ordered[0], "The storage is away.")
    house.end(process, 0)
    assert house.look() == 2
    assert house.record.status == "warming"


def test_a_predictor_that_does_not_come_to_answer_is_ended(house):
    house.look()
    process = house.start()
    with house.store.database.write() as session:
        session.get_one(PredictorRow, house.ordered[0]).created_at -= timedelta(seconds=START_S + 1)
    house.look()
    assert process.wait(30) == -signal.SIGKILL
    assert house.keeper.exited(process.pid, -signal.SIGKILL)
    house.look()
    assert (house.record.status, house.record.error) == ("failed", "It did not come to answer within 120 s.")


def test_a_predictor_of_which_it_is_told_that_it_hangs_is_ended_and_replaced(answering):
    psutil.Process(answering.processes[0].pid).suspend()
    predictors.hang(answering.store, answering.ordered[0], "It did not answer within 60 s.")
    answering.look()
    assert answering.processes[0].wait(30) == -signal.SIGKILL
    assert answering.keeper.exited(answering.processes[0].pid, -signal.SIGKILL)
    assert answering.look() == 2
    assert (answering.record.status, answering.predictor(0).status) == ("ready", "failed")


def test_what_is_swapped_in_and_cannot_be_loaded_leaves_the_old_one_to_answer(answering, pipelines):  # noqa: F811
    deployments.swap(answering.store, "juice", pipelines[1], by="ana")
    assert answering.look() == 2
    process = answering.start()
    predictors.cannot(answering.store, answering.ordered[1], "It is broken.")
    answering.end(process, 0)
    answering.look()
    found = answering.record
    assert (found.status, found.pipeline_id, found.next_pipeline_id) == ("ready", pipelines[0], None)
    assert found.error == f"Pipeline {pipelines[1][-8:]} was not swapped in: It is broken."
    assert answering.predictor(0).status == "ready"


def test_a_shadow_that_dies_too_often_is_given_up_alone(answering, pipelines):  # noqa: F811
    deployments.shadow(answering.store, "juice", pipelines[1], by="ana")
    for death in range(1, DEATHS_MOST + 1):
        assert answering.look(after_s=PAUSE_MOST_S) == 1 + death
        answering.die()
    answering.look(after_s=PAUSE_MOST_S)
    found = answering.record
    assert (found.status, found.shadow_pipeline_id) == ("ready", None)
    assert "does not answer in the shadow any more: Its predictor ended 8 times" in found.error


def test_what_was_swapped_out_has_its_time_and_is_then_asked_to_end_and_at_last_killed(answering, pipelines, stop):  # noqa: F811
    deployments.swap(answering.store, "juice", pipelines[1], by="ana")
    answering.look()
    answering.answer()
    # The first look swaps, the second leads out what is not wanted any more.
    answering.look()
    answering.look()
    old = answering.processes[0]
    # Held still, it cannot do as it is told.
    stop(psutil.Process(old.pid))
    answering.look(after_s=GRACE_S - MOMENT_S)
    assert (answering.predictor(0).status, old.poll()) == ("draining", None)
    answering.look(after_s=2 * MOMENT_S)
    assert old.poll() is None
    answering.look(after_s=KILL_S)
    assert old.wait(30) == -signal.SIGKILL


def test_what_a_dead_fork_server_was_asked_for_is_asked_of_the_next_and_what_it_forked_answers_on(answering, pipelines):  # noqa: F811
    deployments.swap(answering.store, "juice", pipelines[1], by="ana")
    assert answering.look() == 2
    answering.keeper.lost_server()
    assert answering.look() == 3
    assert [answering.predictor(which).status for which in range(3)] == ["ready", "ended", "asked"]


def test_where_the_fork_server_cannot_live_every_deployment_says_so(house):
    house.look()
    house.keeper.give_up("PyCaret cannot be imported.")
    assert (house.record.status, house.record.error) == ("failed", "PyCaret cannot be imported.")


@pytest.fixture
def ill(answering, elsewhere) -> tuple[Keeper, list[PredictorId]]:  # noqa: F811
    """The keeper of another home, and what it asked for: a predictor of a pipeline that answers elsewhere already."""
    orders: list[PredictorId] = []
    keeper = Keeper(elsewhere, orders.append, Lease(elsewhere).hold)
    keeper.look(is_warm=True)
    return keeper, orders


def test_a_home_that_cannot_serve_leaves_alone_what_another_home_answers_for(answering, ill):
    keeper, orders = ill
    keeper.give_up("PyCaret cannot be imported.")
    answering.look()
    assert (answering.record.status, answering.record.error) == ("ready", None)
    assert (answering.predictor().status, answering.processes[0].poll()) == ("ready", None)
    assert predictors.get(answering.store, orders[0]).status == "ended"


def test_a_home_that_cannot_load_what_another_home_answers_for_tries_again_once_that_is_gone(answering, ill):
    keeper, orders = ill

    def fail() -> None:
        keeper.forked(orders[-1], 4711)
        assert predictors.started(answering.store, orders[-1], 4711, 1.0)
        predictors.cannot(answering.store, orders[-1], "It is broken.")
        assert keeper.exited(4711, 0)
        keeper.look(is_warm=True)

    fail()
    assert (answering.record.status, len(orders)) == ("ready", 1)
    with answering.store.database.write() as session:
        session.get_one(HomeRow, answering.store.settings.identity).lease_until = now() - timedelta(seconds=1)
    keeper.look(is_warm=True)
    assert len(orders) == 2
    fail()
    assert (answering.record.status, answering.record.error) == ("failed", "It is broken.")


def test_what_is_swapped_in_elsewhere_is_not_given_up_by_a_home_that_cannot_load_it(answering, ill, pipelines):  # noqa: F811
    keeper, orders = ill
    deployments.swap(answering.store, "juice", pipelines[1], by="ana")
    answering.look()
    answering.answer()
    keeper.look(is_warm=True)
    assert predictors.get(answering.store, orders[-1]).pipeline_id == pipelines[1]
    keeper.forked(orders[-1], 4711)
    assert predictors.started(answering.store, orders[-1], 4711, 1.0)
    predictors.cannot(answering.store, orders[-1], "It is broken.")
    assert keeper.exited(4711, 0)
    answering.look()
    assert (answering.record.status, answering.record.pipeline_id) == ("ready", pipelines[1])


def test_a_new_service_ends_what_an_earlier_one_left_and_warms_what_was_ready(answering):
    orders: list[PredictorId] = []
    heir = Keeper(answering.store, orders.append, Lease(answering.store).hold)
    heir.look(is_warm=True)
    assert answering.processes[0].wait(30) == -signal.SIGKILL
    assert (answering.record.status, len(orders)) == ("warming", 1)
    assert answering.predictor(0).status == "ended"
