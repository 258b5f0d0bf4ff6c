"""What takes long keeps nobody else from being answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.server.calling import Caller
from tests.server.carried import ELSEWHERE
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Busy
from workbench.runs.record import RUNNING, SUCCEEDED
from workbench.server import work
from workbench.server.work import Desk, Places, Work
from workbench.store.tables import RunRow, now
from workbench.waits import GivenUp, Waiting, waits

WAITING = 45
"""More than the threads by which an API answers what is short."""


def key_of(home, name: str) -> str:
    home.workspaces.set_role(name, "editor")
    return str(home.on_behalf_of(Actor(name, Role.EDITOR)).keys.create("hers", ["*"]).secret)


@pytest.fixture
def fit_under_way(warm):
    """A run, a model of it, and what ends the run that fits it."""
    run = warm.runs.submit(warm.data.sample("iris"), target="species", include=["nb", "dummy"], folds=2, seed=5)
    assert run.wait(timeout_s=60).status == SUCCEEDED
    fit = warm.runs.fit_of(run, "dummy")
    assert fit.wait(timeout_s=60).status == SUCCEEDED

    def put(status: str) -> None:
        is_running = status == RUNNING
        with warm._store.database.write() as session:
            row = session.get_one(RunRow, fit.id)
            row.status = status
            row.claimed_by = ELSEWHERE if is_running else None
            row.lease_until = now() + timedelta(hours=1) if is_running else None
            # The one that fitted it may be there still, and once it ends, a run that it carries would begin again.
            row.process_id = row.process_started = None

    put(RUNNING)
    yield run.id, lambda: put(SUCCEEDED)
    put(SUCCEEDED)


def test_promotions_that_wait_for_their_model_keep_nobody_from_being_answered(warm, fit_under_way):
    run, end = fit_under_way
    port, key, other = warm.service.state().api_port, key_of(warm, "wanda"), key_of(warm, "otto")

    def promote(_: int) -> int:
        caller = Caller(port, None)
        body = {"run": run, "model": "dummy", "name": "waited-for"}
        status = caller.ask("POST", "/pipelines", body, **{"X-Workbench-Key": key}).status
        caller.close()
        return status

    quick = Caller(port, None)
    with ThreadPoolExecutor(WAITING) as threads:
        asked = [threads.submit(promote, place) for place in range(WAITING)]
        # So many questions are answered while they come and wait.
        for _ in range(100):
            told = quick.ask("GET", "/me", **{"X-Workbench-Key": other})
            assert (told.status, told.body["name"]) == (200, "otto")
        assert not any(one.done() for one in asked)
        end()
        assert {one.result(60) for one in asked} <= {201, 409}
    assert warm.registry.get("waited-for").name == "waited-for"


def test_a_table_that_comes_slowly_takes_no_more_than_its_callers_places(serve, monkeypatch):
    monkeypatch.setattr(work, "TURN_S", 0.2)
    api = serve()
    key = {"X-Workbench-Key": key_of(api.home, "otto")}
    silent = socket.create_server(("127.0.0.1", 0))
    place = {"what": f"http://127.0.0.1:{silent.getsockname()[1]}/table.csv"}
    taken: list[socket.socket] = []

    def test_place(_: int) -> int:
        return int(Caller(api.port, "secret").ask("POST", "/data-sources/test", place).status)

    with ThreadPoolExecutor(work.HEAVY_OF_ONE) as threads:
        asked = [threads.submit(test_place, one) for one in range(work.HEAVY_OF_ONE)]
        taken += [silent.accept()[0] for _ in asked]
        refused = Caller(api.port, "secret").ask("POST", "/data-sources/test", place)
        assert (refused.status, refused.code) == (429, "request.no_place")
        assert int(refused.headers["Retry-After"]) == refused.body["retry_after_s"] == work.RETRY_S
        rows = {"what": [{"a": 1}, {"a": 2}], "name": "hers"}
        assert Caller(api.port, None).ask("POST", "/data-sources", rows, **key).status == 201
        silent.close()
        for one in taken:
            one.close()
        assert {one.result(60) for one in asked} <= {400, 503}
    assert Caller(api.port, "secret").ask("POST", "/data-sources/test", place).status in (400, 503)


def test_who_comes_too_many_gets_the_next_place_that_is_free():
    async def tried() -> list[str]:
        places, told = Places(2, 1), []

        async def take(who: str, name: str, after: asyncio.Event) -> None:
            async with places.taken(who, patience_s=5):
                told.append(name)
                await after.wait()

        over = asyncio.Event()
        tasks = [asyncio.create_task(take("ana", "first", over)), asyncio.create_task(take("ana", "second", over))]
        await asyncio.sleep(0)
        with pytest.raises(Busy) as raised:
            async with places.taken("ana"):
                pass
        assert raised.value.code == "request.no_place"
        async with places.taken("ben"):
            assert told == ["first"]
        over.set()
        await asyncio.gather(*tasks)
        return told

    assert asyncio.run(tried()) == ["first", "second"]


def test_a_call_whose_request_ends_takes_back_what_it_did_step_by_step():
    told: list[str] = []

    class Errand:
        @waits
        def run(self) -> Waiting[None]:
            try:
                while True:
                    told.append("on its way")
                    yield 0.001
            except GivenUp:
                told.append("on its way back")
                yield 0.001
                told.append("taken back")
                raise

    async def ended() -> None:
        task = asyncio.create_task(Desk(Work(), "ana").wait(Errand().run))
        while not told:
            await asyncio.sleep(0.001)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(ended())
    assert (told[0], told[-2:]) == ("on its way", ["on its way back", "taken back"])


def test_a_call_whose_request_ends_while_it_takes_a_step_takes_that_one_to_its_end():
    told: list[str] = []
    begun, over = threading.Event(), threading.Event()

    @waits
    def errand() -> Waiting[None]:
        try:
            begun.set()
            told.append("done" if over.wait(60) else "cut off")
            yield 0.001
        except GivenUp:
            told.append("taken back")
            raise

    async def ended() -> None:
        task = asyncio.create_task(Desk(Work(), "ana").wait(errand))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        await asyncio.sleep(0)
        over.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(ended())
    assert told == ["done", "taken back"]
