"""The front of a home's deployments as it ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from workbench.errors import Unavailable
from workbench.serving import deployments, ledger
from workbench.serving.front import Front
from workbench.serving.gateway import Route


@pytest.mark.parametrize("fails", [False, True], ids=["that goes well", "that fails"])
def test_a_front_that_ends_amid_a_write_loses_neither_counts_nor_lines(store, pipelines, monkeypatch, fails):
    record = deployments.create(store, "juice", pipelines[0], by="ana")
    entered, go_on, write = threading.Event(), threading.Event(), ledger.write

    def slow(*arguments: object) -> None:
        is_first = not entered.is_set()
        entered.set()
        assert go_on.wait(30)
        if fails and is_first:
            raise OSError("The store is away.")
        write(*arguments)

    monkeypatch.setattr(ledger, "write", slow)
    # What a write takes that is let go on is the machine's affair.
    monkeypatch.setattr("workbench.serving.front.STOP_S", 60)

    async def end() -> None:
        front = Front(store)
        await front.start()
        front.refused(Route(record), "asked-once", Unavailable("deployment.unavailable", "Nobody answers."))
        assert await asyncio.to_thread(entered.wait, 30)
        ending = asyncio.create_task(front.stop())
        # It begins to end before the write can.
        await asyncio.sleep(0)
        go_on.set()
        await ending

    asyncio.run(end())
    assert deployments.get(store, "juice").error_count == 1
    assert (store.settings.logs / "predictions.log").read_text().count("asked-once") == 1
