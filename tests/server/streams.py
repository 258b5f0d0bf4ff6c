"""Readers of a run's log, as anybody would read it: over a WebSocket, by server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from workbench.service.api import ApiProcess
from workbench.service.lifecycle import ServiceLock
from workbench.settings import Settings
from workbench.workbench import connect as open_home

PATIENCE_S = 60
TOKEN = "of-the-service"


class Served:
    """A home whose API runs, as a service starts it; there is no service, and none is started."""

    def __init__(self, settings: Settings) -> None:
        self.home = open_home(settings)
        self._lock = ServiceLock(settings)
        assert self._lock.hold()
        self._process = ApiProcess(settings, TOKEN)
        self.streams = Streams(self._process.port, {"X-Workbench-Token": TOKEN})

    @property
    def process(self) -> psutil.Process:
        """The API's."""
        return psutil.Process(self._process._process.pid)

    def end_api(self) -> None:
        """End the API as a service does."""
        self._process._end()

    def tend(self) -> None:
        """Start the API again, if it has ended."""
        self._process.tend()

    def close(self) -> None:
        self._process.close()
        self._lock.release()
        self.home.close()


@dataclass(frozen=True)
class Streams:
    """Where the API listens, and what its readers show it."""

    port: int
    shown: dict[str, str]

    def answers(self) -> bool:
        """Whether the API is there."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/v1/ready", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def showing(self, **shown: str) -> Streams:
        return replace(self, shown=shown)

    def _address(self, scheme: str, run_id: str, place: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}/api/v1/runs/{run_id}/events/{place}"

    @asynccontextmanager
    async def socket(self, run_id: str, after: Any = 0, **how: Any) -> AsyncIterator[ClientConnection]:
        """Open a WebSocket."""
        told = {"additional_headers": self.shown, "compression": None, "open_timeout": PATIENCE_S} | how
        async with connect(f"{self._address('ws', run_id, 'ws')}?after={after}", **told) as opened:
            yield opened

    async def watch(self, run_id: str, after: Any = 0, **how: Any) -> tuple[list[dict[str, Any]], int, str]:
        """Read a WebSocket to its end; return the events, the code that closed it, and why."""
        async with self.socket(run_id, after, **how) as opened:
            told = await heard(opened)
            return told, opened.close_code, opened.close_reason

    @asynccontextmanager
    async def stream(self, run_id: str, after: Any = 0, **headers: str) -> AsyncIterator[httpx.Response]:
        """Ask for server-sent events."""
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, verify=False) as client:
            asked = {"params": {"after": after}, "headers": self.shown | headers}
            async with client.stream("GET", self._address("http", run_id, "stream"), **asked) as response:
                yield response

    async def follow(self, run_id: str, after: int = 0, **headers: str) -> list[dict[str, Any]]:
        """Read server-sent events to their end."""
        async with self.stream(run_id, after, **headers) as response:
            return [message async for message in messages(response)]


async def heard(opened: ClientConnection) -> list[dict[str, Any]]:
    """Read what comes until the WebSocket is closed, however that is."""
    told = []
    try:
        while True:
            told.append(json.loads(await opened.recv()))
    except ConnectionClosed:
        return told


async def messages(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Read server-sent events; check that id and name are those of the event that each holds."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "data" in fields:
            event = json.loads(fields["data"])
            if fields["event"] != "problem":
                assert (fields["id"], fields["event"]) == (str(event["seq"]), event["kind"])
            yield event
        fields = {}
