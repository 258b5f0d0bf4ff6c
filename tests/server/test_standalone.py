"""An exported model's own server, where its predictor does not do what it should."""

from __future__ import annotations

import asyncio

import pytest

from tests.server import hanging
from workbench.errors import Unavailable
from workbench.exports.manifest import Limits, Manifest
from workbench.server import standalone
from workbench.server.standalone import Front


def test_a_predictor_that_hangs_is_ended_and_another_one_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(standalone, "standalone_predictor", hanging)
    monkeypatch.setattr(standalone, "_PAUSE_S", 0)
    told = Manifest("d", "juice", "p", "juice", "", "regression", "y", "1", {}, Limits(10, 1000, 10, 0.2))
    front = Front(tmp_path, told, lambda: None)

    async def two_of_them() -> None:
        await front.start()
        try:
            async with asyncio.timeout(30):
                while not front.is_ready:
                    await asyncio.sleep(0.01)
                with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
                    await front.predict(await front.route("juice"), b"{}", "request")
                while not front.is_ready or len(list(tmp_path.iterdir())) < 2:
                    await asyncio.sleep(0.01)
        finally:
            await front.stop()

    asyncio.run(two_of_them())
